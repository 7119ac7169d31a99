// What became of one request, for the access log: what a worker notes and the log's thread writes.
//
// The flag is Envoy's (response flags of its access log), where it has one for this; the reason is
// ours, in words: the same as in the body and in x-nearmost-reason of what is answered here.
// Thread: a value; its texts lie elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/address.hpp"
#include "base/time.hpp"

namespace forwarder::net {

// Of it what is no text.
struct AccessFacts {
  base::TimePoint began{}, ended{};
  base::SocketAddress client;
  base::SocketAddress upstream;  // the last that was tried; port 0: none was
  std::uint64_t received = 0;    // bytes of the request's body, as they came
  std::uint64_t sent = 0;        // bytes to the client, heads included
  std::uint16_t status = 0;      // 0: the client has none
  std::uint16_t attempts = 0;    // endpoints tried, or one again
  std::uint8_t minor_version = 1;
};

struct AccessRecord : AccessFacts {
  std::string_view method, authority, target;  // as they came; empty where no head was whole
  std::string_view user_agent, request_id;     // of the request's headers
  std::string_view route;                      // "bookinfo/reviews[2] canary"; empty: none matched
  std::string_view destination;                // "ratings.mesh.internal:9080"
  std::string_view flag, reason;               // empty: nothing is to be said

  // Its texts, in one order.
  static constexpr std::size_t kTexts = 9;
  std::array<std::string_view*, kTexts> texts() {
    return {&method, &authority,   &target, &user_agent, &request_id,
            &route,  &destination, &flag,   &reason};
  }
  std::array<const std::string_view*, kTexts> texts() const {
    return {&method, &authority,   &target, &user_agent, &request_id,
            &route,  &destination, &flag,   &reason};
  }
};

}  // namespace forwarder::net
