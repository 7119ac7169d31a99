#include "forwarder/net/endpoints.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/base/loop_story.hpp"

using namespace forwarder;
using namespace forwarder::net;
using namespace std::chrono_literals;

namespace {

// A loop whose clock is real, and the endpoints of a worker on it.
struct EndpointsStory : LoopStory {
  Member member(SlotId slot, std::uint32_t generation = 0) const {
    return {slot, generation, loopback(1), 1, false};
  }
  // A connection whose other end is `ends.server`.
  std::unique_ptr<Connection> connection() {
    auto accepting = std::move(*base::net::Listener::open(*loop, loopback()));
    auto fd = std::move(*base::net::start_connect(accepting->address()));
    auto made = std::make_unique<Connection>(*loop, std::move(fd), limits);
    struct Finish {
      static base::net::Task<void> run(base::net::Listener& listener, Connection& ours,
                                       std::unique_ptr<base::net::Stream>& theirs) {
        auto& loop = ours.stream.loop();
        co_await ours.stream.connected(loop.now() + 10s);
        auto accepted = co_await listener.accept(loop.now() + 10s);
        theirs = std::make_unique<base::net::Stream>(loop, std::move(accepted->fd),
                                                     base::net::Stream::State::connected);
      }
    };
    scope.spawn(Finish::run(*accepting, *made, other_end));
    finish();
    return made;
  }
  Limits limits;
  Timeouts timeouts;
  Endpoints endpoints{*loop, limits, timeouts};
  std::unique_ptr<base::net::Stream> other_end;
};

}  // namespace

TEST_CASE("for want of a socket of our own a connection says so", "[forwarder_net]") {
  EndpointsStory story;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const base::net::Fd next(::dup(0));
  const rlimit full{static_cast<rlim_t>(next.get()), before.rlim_max};
  struct Connect {
    static base::net::Task<void> run(Endpoints& endpoints, Member member, base::Code& code) {
      const auto connected = co_await endpoints.connect(member);
      if (!connected) code = connected.error().code;
    }
  };
  auto code = base::Code::internal;
  ::setrlimit(RLIMIT_NOFILE, &full);
  story.scope.spawn(Connect::run(story.endpoints, story.member(0), code));
  story.finish();
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(code == base::Code::exhausted);
  story.scope.spawn(Connect::run(story.endpoints, story.member(0), code));  // to nobody
  story.finish();
  CHECK(code == base::Code::unavailable);
}

TEST_CASE("leases count requests in flight, for the generation they were made for",
          "[forwarder_net]") {
  EndpointsStory story;
  auto& endpoints = story.endpoints;
  {
    const Endpoints::Lease one(endpoints, story.member(3));
    const Endpoints::Lease two(endpoints, story.member(3));
    REQUIRE(endpoints.active(story.member(3)) == 2);
    const Endpoints::Lease newer(endpoints, story.member(3, 1));
    REQUIRE(endpoints.active(story.member(3, 1)) == 1);
    const Endpoints::Lease old(endpoints, story.member(3, 0));
    REQUIRE(endpoints.active(story.member(3, 1)) == 1);
    REQUIRE(endpoints.active(story.member(3, 0)) == 0);
  }
  REQUIRE(endpoints.active(story.member(3)) == 0);
  REQUIRE(endpoints.active(story.member(99)) == 0);
}

TEST_CASE("an endpoint that failed is avoided until it succeeds", "[forwarder_net]") {
  EndpointsStory story;
  auto& endpoints = story.endpoints;
  REQUIRE_FALSE(endpoints.avoid(story.member(1)));
  Endpoints::Lease lease(endpoints, story.member(1));
  lease.failed();
  REQUIRE(endpoints.avoid(story.member(1)));
  lease.answered();
  REQUIRE_FALSE(endpoints.avoid(story.member(1)));
}

TEST_CASE("an address that took over a slot has none of what its predecessor did there",
          "[forwarder_net]") {
  EndpointsStory story;
  auto& endpoints = story.endpoints;
  const auto old = story.member(1), newer = story.member(1, 1);
  Endpoints::Lease lease(endpoints, old);
  lease.failed();
  REQUIRE(endpoints.avoid(old));
  REQUIRE(endpoints.active(old) == 1);
  REQUIRE_FALSE(endpoints.avoid(newer));
  REQUIRE(endpoints.active(newer) == 0);
  Endpoints::Lease next(endpoints, newer);
  next.failed();
  REQUIRE(endpoints.avoid(newer));
  REQUIRE_FALSE(endpoints.avoid(old));
}

TEST_CASE("the connection used last is taken first, and only by its own slot and generation",
          "[forwarder_net]") {
  EndpointsStory story;
  auto& endpoints = story.endpoints;
  auto first = story.connection();
  const auto first_end = std::move(story.other_end);
  auto second = story.connection();
  auto* const last = second.get();
  endpoints.put(story.member(0), std::move(first));
  endpoints.put(story.member(0), std::move(second));
  REQUIRE(endpoints.idle() == 2);
  REQUIRE_FALSE(endpoints.take(story.member(1)));
  const auto taken = endpoints.take(story.member(0));
  REQUIRE(taken.get() == last);
  REQUIRE(taken->reused);
  REQUIRE_FALSE(endpoints.take(story.member(0, 1)));
  REQUIRE(endpoints.idle() == 0);
}

TEST_CASE("a connection that is asked for fresh has not waited longer", "[forwarder_net]") {
  EndpointsStory story;
  auto& endpoints = story.endpoints;
  endpoints.put(story.member(0), story.connection());
  REQUIRE_FALSE(endpoints.take(story.member(0), base::Duration::zero()));
  REQUIRE(endpoints.idle() == 1);
  REQUIRE(endpoints.take(story.member(0), 1h));
}

TEST_CASE("an idle connection that ends, or says something, leaves the pool by itself",
          "[forwarder_net]") {
  EndpointsStory story;
  auto& endpoints = story.endpoints;
  endpoints.put(story.member(0), story.connection());
  REQUIRE(endpoints.idle() == 1);
  SECTION("ends") { story.other_end.reset(); }
  SECTION("says something") {
    iovec unasked{const_cast<char*>("!"), 1};
    std::span<iovec> pieces(&unasked, 1);
    story.other_end->try_write(pieces);
  }
  story.turn_until([&] { return endpoints.idle() == 0; });
  REQUIRE_FALSE(endpoints.take(story.member(0)));
}

TEST_CASE("a connection whose last read filled its buffer is kept, if nothing is behind",
          "[forwarder_net]") {
  EndpointsStory story;
  auto connection = story.connection();
  const bool behind = GENERATE(false, true);
  iovec words{const_cast<char*>("answer!"), behind ? 7u : 6u};
  std::span<iovec> pieces(&words, 1);
  story.other_end->try_write(pieces);
  struct Take {
    static base::net::Task<void> run(base::net::Stream& stream, std::string& seen) {
      std::array<char, 6> buffer;
      const auto got = co_await stream.read(buffer, stream.loop().now() + 10s);
      seen.assign(buffer.data(), got.bytes);
    }
  };
  std::string seen;
  story.scope.spawn(Take::run(connection->stream, seen));
  story.finish();
  REQUIRE(seen == "answer");
  story.endpoints.put(story.member(0), std::move(connection));
  REQUIRE(story.endpoints.idle() == (behind ? 0 : 1));
}

TEST_CASE("an idle connection leaves after its time", "[forwarder_net]") {
  EndpointsStory story;
  story.timeouts.upstream_idle = 5ms;
  story.endpoints.put(story.member(0), story.connection());
  story.turn_until([&] { return story.endpoints.idle() == 0; });
  SUCCEED("it left");
}

TEST_CASE("a connection that answered just now takes the place of one that waited longer",
          "[forwarder_net]") {
  EndpointsStory story;
  story.limits.idle_per_endpoint = 1;
  auto& endpoints = story.endpoints;
  endpoints.put(story.member(0), story.connection());
  const auto first_end = std::move(story.other_end);
  auto second = story.connection();
  auto* const last = second.get();
  endpoints.put(story.member(0), std::move(second));
  REQUIRE(endpoints.idle() == 1);
  REQUIRE(endpoints.take(story.member(0)).get() == last);
}

TEST_CASE("the pool holds no more than its limits", "[forwarder_net]") {
  EndpointsStory story;
  story.limits.idle_per_endpoint = 1;
  story.limits.idle_upstream = 2;
  auto& endpoints = story.endpoints;
  std::vector<std::unique_ptr<base::net::Stream>> ends;
  for (const SlotId slot : {0u, 0u, 1u, 2u}) {
    endpoints.put(story.member(slot), story.connection());
    ends.push_back(std::move(story.other_end));
  }
  REQUIRE(endpoints.idle() == 2);
  REQUIRE(endpoints.take(story.member(0)));
  REQUIRE_FALSE(endpoints.take(story.member(0)));
  REQUIRE(endpoints.take(story.member(1)));
  REQUIRE_FALSE(endpoints.take(story.member(2)));
}
