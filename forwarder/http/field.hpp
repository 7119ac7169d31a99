// The header fields that mean something to an intermediary, told apart by length and spelling. None
// of them is passed on as it came: each is rendered from what was understood, or ends at this hop
// (RFC 9110 §7.6.1).
//
// Everything else is `other` and passes through untouched (RFC 9110 §5.1).
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "forwarder/http/message.hpp"

namespace forwarder::http {

enum class Field : std::uint8_t {
  other,
  // Rendered anew from values.
  host,
  expect,
  content_length,
  transfer_encoding,
  connection,
  upgrade,
  te,
  // With the trailers that it announces.
  trailer,
  // End here.
  keep_alive,
  proxy_connection,
  http2_settings,
};

Field classify(std::string_view name);

// The first header of that name (any case), or nullptr.
const Header* find_header(std::span<const Header> headers, std::string_view name);

// Whether a Connection field of the message names this field as meant for one hop.
bool nominated(std::string_view name, std::span<const Header> headers);

}  // namespace forwarder::http
