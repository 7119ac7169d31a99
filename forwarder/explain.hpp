// Which route would a request take, and why none of the earlier ones? For `nearmost route` and
// /api/v1/route.
//
// Tries the matchers one by one in order with the same mismatch() that routing uses, so the two
// agree wherever the index is right; a test holds them equal. Thread: pure; the result does not
// point into the table.
#pragma once

#include <string>
#include <vector>

#include "forwarder/routes.hpp"

namespace forwarder {

struct Verdict {
  std::string route;    // "bookinfo/reviews[2] canary"
  std::string matcher;  // "prefix /reviews, header x-user \"jason\""
  std::string why_not;  // "header x-user is absent, wanted \"jason\""; "" = it takes the request
};

struct ExplainedDestination {
  std::string name;
  std::shared_ptr<const Upstream> upstream;  // null: not known here
  std::string host;                          // the Host header that goes there
  std::vector<std::string> policies;         // that it has: "LoadBalancerPolicy shop/sticky"
  std::uint32_t share = 0;                   // of 100, as written
  std::uint32_t drawn_by = 0;                // as endpoints are now
};

struct Explanation {
  std::string virtual_host;       // the pattern: "*.mesh.internal"; "" = the host is not known here
  std::vector<Verdict> verdicts;  // in the order they are tried; the last one takes it, if any does
  std::string route;              // that takes it; "" = none
  std::vector<std::string> policies;  // that the route has: "RetryTimeoutPolicy shop/patient"
  std::vector<ExplainedDestination> destinations;  // it is drawn from
  std::string target;                              // path and query as they go upstream
  std::optional<Reply> reply;                      // instead, when it is answered here
};

Explanation explain(const Table& table, const Request& request);

}  // namespace forwarder
