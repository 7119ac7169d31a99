#include "forwarder/net/held_upstreams.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;
using namespace forwarder::net;

TEST_CASE("a worker shares an upstream once, and for as long as a request uses it",
          "[forwarder_net]") {
  auto first = std::make_shared<const Upstream>();
  const auto second = std::make_shared<const Upstream>();
  HeldUpstreams upstreams;
  auto one = upstreams.hold(UpstreamRef(first), 1);
  {
    const auto two = upstreams.hold(UpstreamRef(first), 1);
    REQUIRE(first.use_count() == 2);
  }
  const std::weak_ptr<const Upstream> seen = first;
  first.reset();  // its table is gone
  auto other = upstreams.hold(UpstreamRef(second), 2);
  REQUIRE(&*one == seen.lock().get());
  REQUIRE(upstreams.size() == 2);

  one = std::move(other);  // and `other` lets go of the first
  other = {};
  REQUIRE(upstreams.size() == 2);
  auto third = upstreams.hold(UpstreamRef(second), 3);
  REQUIRE(upstreams.size() == 1);
  REQUIRE(seen.expired());
  REQUIRE(&*third == second.get());
}
