// HTTP/1.1 heads as values: spans into the buffer they were parsed from, with the framing already
// decided.
//
// Framing bytes (Content-Length, Transfer-Encoding, chunk headers) are never copied from one side
// to the other: they are rendered anew from these fields (RFC 9112 §6). Valid only as long as
// the buffer is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace forwarder::http {

struct Header {
  std::string_view name, value;  // as on the wire; the value without outer white space
};

// How a body ends (RFC 9112 §6.3).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct RequestHead {
  std::string_view method;
  std::string_view target;     // as on the wire
  std::string_view path;       // of the target, without the query; "*" for OPTIONS *
  std::string_view query;      // behind the '?', without it; has_query tells "" from absent
  std::string_view authority;  // the Host header, or that of an absolute target, with its port
  bool has_query = false;
  std::uint8_t minor_version = 1;
  std::vector<Header> headers;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
  std::optional<std::uint64_t> max_forwards;  // of TRACE and OPTIONS: times it may be passed on
  bool takes_trailers = false;                // says so with TE (RFC 9110 §10.1.4)
  bool upgrade = false;  // asks for one other protocol, not h2c, and has no body
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::string_view reason;
  std::uint8_t minor_version = 1;
  std::vector<Header> headers;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  // with declares_length also where no body follows (HEAD, 304)
  bool declares_length = false;
  bool keep_alive = true;
};

}  // namespace forwarder::http
