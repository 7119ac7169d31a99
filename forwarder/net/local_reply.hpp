// Answers that no upstream gave: by a route, or because there is no answer to be had.
//
// Each failure has one short reason, in the body and in x-nearmost-reason, so that a client can
// tell our 503 from an upstream's. Each has a Date (RFC 9110 §6.6.1). Thread: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "forwarder/http/render.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

struct Failure {
  std::uint16_t status = 0;
  std::string_view reason;
};

inline constexpr Failure kNoTable{503, "not ready"};
inline constexpr Failure kNoEndpoint{503, "no endpoint"};
inline constexpr Failure kOverflow{503, "too many requests under way"};
inline constexpr Failure kTooLarge{413, "request body too large"};
inline constexpr Failure kTraceEnds{501, "TRACE is not answered"};
inline constexpr Failure kLoop{508, "request goes in a circle"};
inline constexpr Failure kUnreachable{503, "no endpoint reachable"};
inline constexpr Failure kUpstreamFailed{502, "upstream failed"};
inline constexpr Failure kUpstreamTimeout{504, "upstream timeout"};
inline constexpr Failure kOutOfTime{504, "requestTimeout is over"};
inline constexpr Failure kClientTimeout{408, "request timeout"};

struct ReplyForm {
  http::ReplyBody body = http::ReplyBody::sent;
  http::Connection connection = http::Connection::close;
  std::string_view date;
};

void render_failure(const Failure& failure, const ReplyForm& form, std::string& out);
void render_routed(const Reply& reply, const ReplyForm& form, const http::Edits& edits,
                   std::string& out);

}  // namespace forwarder::net
