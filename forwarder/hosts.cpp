#include "forwarder/hosts.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "forwarder/matcher.hpp"

namespace forwarder {

namespace {

std::string_view without_port(std::string_view authority) {
  // The colons of "[::1]" are no port's.
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon))
    authority = authority.substr(0, colon);
  if (authority.ends_with('.')) authority.remove_suffix(1);
  return authority;
}

}  // namespace

NormalHost::NormalHost(std::string_view authority) : text_(without_port(authority).size()) {
  const auto host = without_port(authority);
  std::transform(host.begin(), host.end(), text_.begin(), [](char c) { return base::lower(c); });
}

std::string normal_host(std::string_view authority) {
  return std::string(NormalHost(authority).view());
}

void HostIndex::add(std::string_view pattern, std::uint32_t value) {
  if (!pattern.starts_with('*')) {
    exact_.emplace(pattern, value);
    return;
  }
  pattern.remove_prefix(1);
  suffixes_.add(std::string(pattern.rbegin(), pattern.rend()), value);
}

std::optional<std::uint32_t> HostIndex::find_exact(std::string_view host) const {
  const auto found = exact_.find(host);
  return found == exact_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> HostIndex::find_wildcard(std::string_view host) const {
  if (suffixes_.empty()) return std::nullopt;
  SmallText reversed(host.size());
  std::copy(host.rbegin(), host.rend(), reversed.begin());
  const auto* node = suffixes_.longest(reversed.view());
  // A wildcard is never the empty string; "*" alone serves requests without a host, too.
  while (node && node->key.size() == host.size() && !node->key.empty())
    node = suffixes_.shorter(*node);
  if (!node) return std::nullopt;
  return node->values.front();
}

}  // namespace forwarder
