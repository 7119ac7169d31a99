// A strict HTTP/1.1 head parser: bytes in a growing buffer become a head of spans, or a refusal
// with its status.
//
// Invariant: a message's verdict depends on its bytes alone, never on how they were cut into reads,
// and each byte is looked at a bounded number of times: at the first read, at the first line's end,
// and when the head is whole or breaks a rule of line ends. Refusing a head that trickles in may
// wait for that; the caller's deadline bounds the wait.
//
// Strict where RFC 9112 allows leniency, because what two parsers read differently is what
// smugglers use: bare LF, folded lines (in responses too, §5.2), lists of lengths, any
// Transfer-Encoding but `chunked` are refused. A refused message ends its connection: nothing
// behind it can be trusted to be a message.
//
// Errors: Reject; its reason is a static text, for counters and replies. Thread: values, no
// sharing. Ownership: the caller owns buffer and head and reuses both; spans in the head live as
// long as the buffer's bytes stay in place.
#pragma once

#include <cstdint>
#include <string_view>

#include "forwarder/http/head_progress.hpp"
#include "forwarder/http/message.hpp"

namespace forwarder::http {

struct Limits {
  std::size_t head = 60 * 1024;   // request or status line and all fields, in bytes: 431
  std::size_t target = 8 * 1024;  // 414
  std::size_t headers = 128;      // 431
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Reject {
  std::uint16_t status = 0;  // to answer the client with; 502 for anything an upstream got wrong
  std::string_view reason;
};

struct Parsed {
  enum class Verdict : std::uint8_t { need_more, complete, reject };
  Verdict verdict = Verdict::need_more;
  std::size_t consumed = 0;  // complete: the head's length, with its final empty line
  Reject reject;

  bool complete() const { return verdict == Verdict::complete; }
  bool rejected() const { return verdict == Verdict::reject; }
};

// One per connection, which is a plain one: a target of scheme https is misdirected (RFC 9110
// §7.4). `buffer` starts with the message and only grows from call to call until a
// verdict falls; then the parser is ready for the next message. One empty line before a request is
// skipped (RFC 9112 §2.2).
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits = {}) : limits_(limits) {}
  Parsed parse(std::string_view buffer, RequestHead& head);

 private:
  Limits limits_;
  HeadProgress progress_;
};

// What the response answers: decides whether it has a body and whether its 101 was asked for.
struct Asked {
  std::string_view method = "GET";
  std::string_view protocol;  // that an upgrade was asked to; "" = to none
};

class ResponseParser {
 public:
  explicit ResponseParser(const Limits& limits = {}) : limits_(limits) {}
  Parsed parse(std::string_view buffer, const Asked& asked, ResponseHead& head);

 private:
  Limits limits_;
  HeadProgress progress_;
};

}  // namespace forwarder::http
