#include "base/inbox.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <numeric>
#include <semaphore>
#include <thread>
#include <vector>

using namespace base;

TEST_CASE("an inbox keeps the order, wakes once a batch and counts what it drops", "[base]") {
  int woken = 0;
  Inbox<int> inbox(3, [&] { ++woken; });
  for (int i = 0; i < 5; ++i) REQUIRE(inbox.post(i) == (i < 3));
  REQUIRE(inbox.post(99, Delivery::must_deliver));  // full for others, not for this
  REQUIRE(woken == 1);
  REQUIRE(inbox.dropped() == 2);
  std::vector<int> batch{7};
  inbox.drain(batch);
  REQUIRE(batch == std::vector<int>{0, 1, 2, 99});
  inbox.drain(batch);
  REQUIRE(batch.empty());
  REQUIRE(inbox.post(5));
  REQUIRE(woken == 2);
}

TEST_CASE("many threads post, one drains: nothing is lost, doubled or left without a wake-up",
          "[base]") {
  constexpr std::size_t kThreads = 4, kItems = 20'000, kCapacity = 64;
  std::counting_semaphore<> wakeups(0);
  Inbox<std::pair<std::size_t, std::size_t>> inbox(kCapacity, [&] { wakeups.release(); });
  std::atomic<std::size_t> refused{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kItems; ++i) {
        const bool important = i % 10 == 0;
        const auto delivery = important ? Delivery::must_deliver : Delivery::may_drop;
        if (!inbox.post({t, i}, delivery)) ++refused;
      }
      inbox.post({t, kItems}, Delivery::must_deliver);
    });
  std::vector<std::size_t> last(kThreads, 0), important(kThreads, 0);
  std::size_t received = 0, finished = 0;
  bool ordered = true;
  std::vector<std::pair<std::size_t, std::size_t>> batch;
  while (finished < kThreads) {
    wakeups.acquire();
    inbox.drain(batch);
    for (const auto& [thread, item] : batch) {
      if (item == kItems) {
        ++finished;
        continue;
      }
      ordered &= item >= last[thread];
      last[thread] = item;
      important[thread] += item % 10 == 0 ? 1 : 0;
      ++received;
    }
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(ordered);
  REQUIRE(received + refused == kThreads * kItems);
  REQUIRE(inbox.dropped() == refused);
  for (const auto count : important) REQUIRE(count == kItems / 10);
}
