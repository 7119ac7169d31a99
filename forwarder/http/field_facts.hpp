// What a message's fields say together: its framing, its persistence, its host. Noted one by one
// while parsing, so that a contradiction is found where it stands.
//
// Source: RFC 9112 §6 (framing), §9.3 (persistence), §3.2 (Host); RFC 9110 §7.8 (Upgrade), §10.1.1
// (Expect), §10.1.4 (TE). Errors: a static text, empty when all is well. Thread: values.
#pragma once

#include <cstdint>
#include <string_view>

#include "forwarder/http/message.hpp"

namespace forwarder::http {

// Of all Connection fields together: each is compared with every field when a head is rendered.
constexpr std::size_t kMaxConnectionOptions = 32;

class FieldFacts {
 public:
  // `raw` is the value with its outer white space. Returns why the message must be refused, or "".
  std::string_view note(const Header& header, std::string_view raw);

  bool has_length() const { return has_length_; }
  std::uint64_t length() const { return length_; }
  bool chunked() const { return chunked_; }
  bool persistent(std::uint8_t minor_version) const {
    return !close_ && (minor_version > 0 || keep_alive_);
  }
  // One protocol other than h2c, and the Connection field names it. h2c is left out because a
  // tunnel of it would carry requests past the routes.
  bool upgrades() const { return upgrade_named_ && upgrade_usable_; }
  std::string_view protocol() const { return protocol_; }  // of Upgrade, where upgrades()
  bool has_host() const { return has_host_; }
  std::string_view host() const { return host_; }
  bool expects_continue() const { return expects_continue_; }
  bool unknown_expectation() const { return unknown_expectation_; }
  bool takes_trailers() const { return takes_trailers_; }

 private:
  std::string_view note_host(std::string_view value);
  std::string_view note_length(std::string_view raw);
  std::string_view note_encoding(std::string_view raw);
  std::string_view note_connection(std::string_view value);
  void note_upgrade(std::string_view value);
  void note_expect(std::string_view value);
  void note_te(std::string_view value);

  std::string_view host_, protocol_;
  std::uint64_t length_ = 0;
  bool has_host_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  std::size_t options_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
  bool upgrade_named_ = false;
  bool upgrade_seen_ = false;
  bool upgrade_usable_ = false;
  bool expects_continue_ = false;
  bool unknown_expectation_ = false;
  bool takes_trailers_ = false;
};

// host [":" port], the host a DNS name, an IPv4 address or a bracketed IPv6 address.
bool is_authority(std::string_view text);

}  // namespace forwarder::http
