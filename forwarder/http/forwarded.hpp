// What a gateway adds to a request that it passes on: who asked, how, for which host, and that it
// was here.
//
// - X-Forwarded-For: the client's address behind what came, in one field, for most readers look at
//   one line only. What a client names in Connection it has taken back: the list begins anew.
// - X-Forwarded-Proto: what came stays (a proxy before us knows better), else the scheme.
// - X-Forwarded-Host: the same, and only where Host is about to change.
// - Via: one more entry, `1.1 nearmost`, with the version that came (RFC 9110 §7.6.3).
// - Max-Forwards of TRACE and OPTIONS: one less (§7.6.2).
// None of it is a secret or a proof: a client may say what it likes; only the last address in
// X-Forwarded-For is ours.
//
// Invariant: edits() point into this object, the head, and `scratch`; all must stay until they are
// rendered. Thread: values.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "forwarder/http/message.hpp"
#include "forwarder/http/render.hpp"

namespace forwarder::http {

struct Passing {
  std::string_view client;           // its address
  std::string_view scheme = "http";  // that it came by
  std::string_view host;             // that Host becomes; "" = it stays
};

class ForwardedFields {
 public:
  // `scratch` is overwritten; reused, it costs no allocation.
  ForwardedFields(const RequestHead& head, const Passing& passing, std::string& scratch);
  ForwardedFields(const ForwardedFields&) = delete;
  ForwardedFields& operator=(const ForwardedFields&) = delete;

  Edits edits() const { return {{remove_.data(), removed_}, {add_.data(), added_}}; }

 private:
  void add(std::string_view name, std::string_view value) { add_[added_++] = {name, value}; }
  void remove(std::string_view name) { remove_[removed_++] = name; }

  std::array<Header, 5> add_;
  std::array<std::string_view, 2> remove_;
  std::size_t added_ = 0, removed_ = 0;
  std::array<char, 20> digits_;
};

// How many addresses stand in X-Forwarded-For.
std::size_t times_forwarded(const RequestHead& head);

}  // namespace forwarder::http
