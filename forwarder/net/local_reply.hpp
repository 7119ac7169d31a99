// Answers that no upstream gave: by a route, or because there is no answer to be had.
//
// Each failure has one short reason, in the body and in x-nearmost-reason, so that a client can
// tell our 503 from an upstream's. Each has a Date (RFC 9110 §6.6.1). Thread: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "forwarder/http/render.hpp"
#include "forwarder/net/counters.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

struct Failure {
  std::uint16_t status = 0;  // 0: there is nobody to tell
  std::string_view reason;
  std::string_view flag{};               // Envoy's, in the access log; "" = it has none for it
  Counter Counters::*counter = nullptr;  // that counts it
};

inline constexpr Failure kNoTable{503, "not ready", "", &Counters::no_endpoint};
inline constexpr Failure kNoEndpoint{503, "no endpoint", "UH", &Counters::no_endpoint};
inline constexpr Failure kOverflow{503, "too many requests under way", "UO", &Counters::overflows};
inline constexpr Failure kTooLarge{413, "request body too large", "", &Counters::bad_requests};
inline constexpr Failure kTraceEnds{501, "TRACE is not answered", "", &Counters::bad_requests};
inline constexpr Failure kLoop{508, "request goes in a circle", "", &Counters::loops};
inline constexpr Failure kUnreachable{503, "no endpoint reachable", "UF", &Counters::unreachable};
inline constexpr Failure kExhausted{503, "out of sockets", "UF", &Counters::unreachable};
inline constexpr Failure kUpstreamFailed{502, "upstream failed", "UC", &Counters::upstream_failed};
inline constexpr Failure kUpstreamTimeout{504, "upstream timeout", "UT",
                                          &Counters::upstream_timeouts};
inline constexpr Failure kOutOfTime{504, "requestTimeout is over", "UT",
                                    &Counters::upstream_timeouts};
inline constexpr Failure kClientTimeout{408, "request timeout", "", &Counters::client_timeouts};
// `reason` lasts for ever.
constexpr Failure malformed(std::string_view reason) {
  return {400, reason, "DPE", &Counters::bad_requests};
}

struct ReplyForm {
  http::ReplyBody body = http::ReplyBody::sent;
  http::Connection connection = http::Connection::close;
  std::string_view date;
};

void render_failure(const Failure& failure, const ReplyForm& form, std::string& out);
void render_routed(const Reply& reply, const ReplyForm& form, const http::Edits& edits,
                   std::string& out);

}  // namespace forwarder::net
