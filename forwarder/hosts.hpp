// Which virtual host does a Host header mean? Exact names first, then suffix wildcards, the longest
// first, then "*".
//
// A wildcard stands for at least one character and is not bound to labels: "*-bar.foo.com" takes
// "x-bar.foo.com",
// "*.foo.com" takes "a.b.foo.com" but not "foo.com" (Envoy's domain search order).
// Thread: immutable after seal().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forwarder/prefix_table.hpp"
#include "forwarder/small_text.hpp"
#include "forwarder/text_hash.hpp"

namespace forwarder {

// A Host header as names are compared: lower case, without a port, without one trailing dot.
class NormalHost {
 public:
  explicit NormalHost(std::string_view authority);
  std::string_view view() { return text_.view(); }

 private:
  SmallText text_;
};
std::string normal_host(std::string_view authority);

class HostIndex {
 public:
  void add(std::string_view pattern, std::uint32_t value);  // each pattern once, in normal form
  void seal() { suffixes_.seal(); }

  // In normal form.
  std::optional<std::uint32_t> find_exact(std::string_view host) const;
  std::optional<std::uint32_t> find_wildcard(std::string_view host) const;
  std::optional<std::uint32_t> find(std::string_view host) const {
    const auto exact = find_exact(host);
    return exact ? exact : find_wildcard(host);
  }

 private:
  ByText<std::uint32_t> exact_;
  PrefixTable suffixes_;  // reversed, without the star
};

}  // namespace forwarder
