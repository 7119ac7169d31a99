// Heads, chunk headers and local replies as bytes, written anew from what was parsed.
//
// Nothing that delimits a message is copied: Host, Connection, Content-Length, Transfer-Encoding
// and chunk headers are rendered from values; fields of one hop and those that Connection names are
// left out (RFC 9110 §7.6.1). All other fields keep their order, case and bytes.
//
// Invariant: what parses and is rendered parses again to the same meaning; our own version is
// HTTP/1.1.
//
// Units: bytes, appended to a buffer that the caller reuses. Errors: none; edits must be valid
// fields (is_field_name, is_field_value), which whoever reads configuration checks. Thread: pure
// functions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "forwarder/http/message.hpp"

namespace forwarder::http {

// Taken away first, by name in any case; then added behind all others. A replacement is both.
// `then`: edits of what comes of these; null = none.
struct Edits {
  std::span<const std::string_view> remove{};
  std::span<const Header> add{};
  const Edits* then = nullptr;
};

// What replaces the parsed value; empty keeps it.
struct Rewrite {
  std::string_view target;  // path and query
  std::string_view host;
};

void render_request(const RequestHead& head, const Rewrite& rewrite, const Edits& edits,
                    std::string& out);

// How a response's body goes to a client: until_close becomes chunks for HTTP/1.1, so that a
// truncation shows; chunks become until_close for HTTP/1.0, which does not know them.
Framing framing_towards(std::uint8_t client_minor_version, const ResponseHead& head);

struct Delivery {
  Framing framing = Framing::none;  // from framing_towards
  std::uint8_t client_minor_version = 1;
  bool keep_alive = true;  // false as well where the framing is until_close
  bool trailers = false;   // will be passed on: what announces them is, too
};

void render_response(const ResponseHead& head, const Delivery& delivery, const Edits& edits,
                     std::string& out);

// A chunk is chunk_header(size) + payload + kChunkEnd, size > 0; the body ends with kLastChunk.
class ChunkHeader {
 public:
  explicit ChunkHeader(std::uint64_t size);
  std::string_view text() const { return {text_.data(), length_}; }

 private:
  std::array<char, 18> text_;  // 16 hex digits, CR, LF
  std::uint8_t length_;
};
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// A whole response of our own.
struct Reply {
  std::uint16_t status = 200;
  std::span<const Header> headers;
  std::string_view body;
  Edits edits{};
};
enum class ReplyBody : std::uint8_t { sent, omitted };  // omitted: the answer to HEAD
enum class Connection : std::uint8_t { keep_alive, close };
void render_reply(const Reply& reply, ReplyBody body, Connection connection, std::string& out);

std::string_view reason_phrase(std::uint16_t status);

bool is_field_name(std::string_view text);
bool is_field_value(std::string_view text);

}  // namespace forwarder::http
