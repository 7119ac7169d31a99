#include "base/net/threads.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

TEST_CASE("each is done once, on however many threads", "[base]") {
  for (const std::size_t threads : {0u, 1u, 2u, 7u})
    for (const std::size_t count : {0u, 1u, 2u, 100u}) {
      CAPTURE(threads, count);
      std::vector<std::atomic<int>> done(count);
      base::net::on_threads(threads)(count, [&](std::size_t i) { ++done[i]; });
      for (const auto& times : done) REQUIRE(times == 1);
    }
}
