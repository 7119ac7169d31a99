#include "discovery/sources/kubernetes/api_group.hpp"

#include <catch2/catch.hpp>

using namespace discovery::sources::kubernetes;
using namespace std::chrono_literals;

TEST_CASE("a group that is refused later keeps the kinds that it had", "[api_group]") {
  ApiGroup group("apis/g/v2", base::Random(1));
  base::TimePoint now{1h};
  REQUIRE(group.next(now));
  group.listed(now, {{"RouteTable", "routetables"}});
  for (int i = 0; i < 3; ++i) {
    now = group.deadline();
    REQUIRE(group.next(now));
    group.ended(now, {403, "403: forbidden", Ending::Fault::none, {}});
    CHECK(group.kinds()->size() == 1);
    CHECK(group.status(now).trouble == "403: forbidden");
  }
}

TEST_CASE("a group that is refused from the start has no kinds for us", "[api_group]") {
  ApiGroup group("apis/g/v2", base::Random(1));
  const base::TimePoint now{1h};
  REQUIRE(group.next(now));
  group.ended(now, {403, "403: forbidden", Ending::Fault::none, {}});
  REQUIRE(group.kinds());
  CHECK(group.kinds()->empty());
}
