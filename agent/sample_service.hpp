// The demo's sample service: says who answered and what arrived, so that one curl shows where a
// request went.
//
//   /slow?ms=N   the same, N milliseconds later (at most kMaxDelay)
//   /status/NNN  the same, with that status (200 to 599)
//   /echo        the request's body, as it came
//   else         {service, version, cluster, requests, method, path, query, headers: {host, x-*}}
//
// Thread: one; give respond() to an HttpServer of that thread's loop.
#pragma once

#include <cstdint>
#include <string>

#include "agent/http_message.hpp"

namespace agent {

class SampleService {
 public:
  static constexpr base::Duration kMaxDelay = std::chrono::seconds(60);

  struct Identity {
    std::string service, version, cluster;
  };
  explicit SampleService(Identity identity) : identity_(std::move(identity)) {}

  HttpReply respond(const HttpRequest& request);
  std::uint64_t requests() const { return requests_; }

 private:
  HttpReply describe(const HttpRequest& request) const;

  const Identity identity_;
  std::uint64_t requests_ = 0;
};

}  // namespace agent
