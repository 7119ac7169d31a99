#include "base/published.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace base;

namespace {

// Tells when it dies, and what it held: all numbers are equal while it lives.
struct Snapshot {
  Snapshot(int number, std::atomic<int>& living) : numbers(64, number), alive(living) { ++alive; }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    for (auto& n : numbers) n = -1;
    --alive;
  }
  std::vector<int> numbers;
  std::atomic<int>& alive;
};

}  // namespace

TEST_CASE("a snapshot lives as long as a reader may hold it, and no longer", "[base]") {
  std::atomic<int> alive{0};
  {
    Published<Snapshot> published;
    Published<Snapshot>::Reader one(published), other(published);
    REQUIRE(one.acquire() == nullptr);
    one.park();
    published.publish(std::make_unique<Snapshot>(1, alive));
    const auto* held = one.acquire();
    REQUIRE(held->numbers[0] == 1);
    published.publish(std::make_unique<Snapshot>(2, alive));
    REQUIRE(alive == 2);
    REQUIRE(held->numbers[0] == 1);
    REQUIRE(other.acquire()->numbers[0] == 2);
    other.park();
    published.collect();
    REQUIRE(alive == 2);
    one.park();
    published.collect();
    REQUIRE(alive == 1);
    REQUIRE(published.retired() == 0);
    REQUIRE(published.latest()->numbers[0] == 2);
  }
  REQUIRE(alive == 0);
}

TEST_CASE("acquiring again lets go of what was held before", "[base]") {
  std::atomic<int> alive{0};
  Published<Snapshot> published(std::make_unique<Snapshot>(1, alive));
  Published<Snapshot>::Reader reader(published);
  reader.acquire();
  published.publish(std::make_unique<Snapshot>(2, alive));
  REQUIRE(alive == 2);
  REQUIRE(reader.acquire()->numbers[0] == 2);
  published.collect();
  REQUIRE(alive == 1);
}

TEST_CASE("a reader that dies holds nothing, and its place is used again", "[base]") {
  std::atomic<int> alive{0};
  Published<Snapshot> published(std::make_unique<Snapshot>(1, alive));
  for (std::size_t i = 0; i < 3 * Published<Snapshot>::kMaxReaders; ++i) {
    Published<Snapshot>::Reader reader(published);
    reader.acquire();
  }
  published.publish(std::make_unique<Snapshot>(2, alive));
  REQUIRE(alive == 1);
}

TEST_CASE("readers that come and go never see a snapshot that is dead or torn", "[base]") {
  constexpr int kReaders = 4, kPublications = 20'000;
  std::atomic<int> alive{0};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, backwards{0};
  Published<Snapshot> published(std::make_unique<Snapshot>(0, alive));
  std::vector<std::thread> threads;
  for (int t = 0; t < kReaders; ++t)
    threads.emplace_back([&, t] {
      int newest = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        Published<Snapshot>::Reader reader(published);
        for (int i = 0; i < 100; ++i) {
          const auto* snapshot = reader.acquire();
          const int number = snapshot->numbers.front();
          for (const int n : snapshot->numbers) wrong += n != number ? 1 : 0;
          backwards += number < newest ? 1 : 0;
          newest = number;
          if (i % (t + 2) == 0) reader.park();
        }
      }
    });
  int most = 0;
  for (int i = 1; i <= kPublications; ++i) {
    published.publish(std::make_unique<Snapshot>(i, alive));
    most = std::max(most, alive.load());
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  published.collect();
  REQUIRE(wrong == 0);
  REQUIRE(backwards == 0);
  REQUIRE(alive == 1);
  INFO("at most " << most << " snapshots at once");
  REQUIRE(published.version() > kPublications);
}
