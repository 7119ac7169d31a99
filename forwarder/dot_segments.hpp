// Paths without "." and "..", so that what routes see is where the upstream would arrive: a route
// for `/admin` takes `/x/../admin` as well, as in Gloo's meshes (Istio's path normalization BASE).
//
// "%2e" is a dot (RFC 3986 §6.2.2.2); slashes stay as they are, encoded ones and doubled ones too:
// what they mean is the upstream's affair. Thread: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "forwarder/table.hpp"

namespace forwarder {

// RFC 3986 §5.2.4; what climbs above the root stays there. No value: `path` has no such segment.
std::optional<std::string> without_dot_segments(std::string_view path);

// A request as routes see it; what was asked outlives it.
class SeenRequest {
 public:
  explicit SeenRequest(const Request& asked);
  SeenRequest(const SeenRequest&) = delete;
  SeenRequest& operator=(const SeenRequest&) = delete;

  const Request& operator*() const { return request_; }

 private:
  Request request_;
  std::optional<std::string> path_;
  http::RequestHead head_;  // of request_, where it differs from what was asked
};

}  // namespace forwarder
