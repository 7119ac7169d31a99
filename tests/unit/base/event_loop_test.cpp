#include "base/net/event_loop.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "tests/unit/base/loop_story.hpp"

using namespace base;
using namespace base::net;
using namespace std::chrono_literals;

namespace {

struct Ringing : Timer {
  Ringing() : Timer([](Timer& timer) { static_cast<Ringing&>(timer).ring(); }) {}
  void ring() { order->push_back(at()); }
  std::vector<TimePoint>* order = nullptr;
};

}  // namespace

TEST_CASE("timers fire in the order of their deadlines, whatever was armed, moved or disarmed",
          "[base_net]") {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<TimePoint> fired, expected;
    Timers timers;
    std::vector<Ringing> ringing(64);
    for (auto& timer : ringing) {
      timer.order = &fired;
      for (auto moves = 1 + random.below(3); moves > 0; --moves)
        timers.arm(timer, TimePoint(Duration(static_cast<std::int64_t>(random.below(1000)))));
      if (random.chance(0.2)) timer.disarm();
      if (timer.armed()) expected.push_back(timer.at());
    }
    std::sort(expected.begin(), expected.end());
    timers.fire_until(TimePoint(499ns));
    REQUIRE(
        std::all_of(fired.begin(), fired.end(), [](auto at) { return at <= TimePoint(499ns); }));
    timers.fire_until(TimePoint(1000ns));
    REQUIRE(fired == expected);
    REQUIRE(timers.next() == kNoDeadline);
  }
}

TEST_CASE("a timer that dies is forgotten", "[base_net]") {
  Timers timers;
  std::vector<TimePoint> fired;
  {
    Ringing brief;
    brief.order = &fired;
    timers.arm(brief, TimePoint(1ns));
  }
  timers.fire_until(TimePoint(2ns));
  REQUIRE(fired.empty());
}

TEST_CASE("a sleeper is never woken early, and the clock stands still within a turn",
          "[base_net]") {
  LoopStory story;
  TimePoint woken, again;
  const auto until = story.in(3ms);
  struct Story {
    static Task<void> run(EventLoop& loop, TimePoint at, TimePoint& first, TimePoint& second) {
      co_await sleep_until(loop, at);
      first = loop.now();
      second = loop.now();
    }
  };
  story.scope.spawn(Story::run(*story.loop, until, woken, again));
  story.finish();
  REQUIRE(woken >= until);
  REQUIRE(woken == again);
}

TEST_CASE("work posted from other threads runs on the loop's thread, in order", "[base_net]") {
  LoopStory story;
  constexpr int kThreads = 4, kPosts = 500;
  std::vector<std::vector<int>> seen(kThreads);
  bool foreign = false;
  const auto home = std::this_thread::get_id();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i)
        story.loop->post(
            [&, t, i] {
              foreign |= std::this_thread::get_id() != home;
              seen[static_cast<std::size_t>(t)].push_back(i);
            },
            Delivery::must_deliver);
    });
  const auto all_seen = [&] {
    return std::all_of(seen.begin(), seen.end(), [](auto& list) { return list.size() == kPosts; });
  };
  story.turn_until(all_seen);
  for (auto& thread : threads) thread.join();
  REQUIRE_FALSE(foreign);
  for (const auto& list : seen) REQUIRE(std::is_sorted(list.begin(), list.end()));
}

TEST_CASE("posts beyond the capacity are refused and counted", "[base_net]") {
  LoopStory story;
  std::size_t ran = 0;
  for (std::size_t i = 0; i < EventLoop::kPostCapacity; ++i)
    REQUIRE(story.loop->post([&] { ++ran; }));
  REQUIRE_FALSE(story.loop->post([&] { ++ran; }));
  REQUIRE(story.loop->posts_dropped() == 1);
  story.loop->turn(0ms);
  REQUIRE(ran == EventLoop::kPostCapacity);
}

TEST_CASE("stop() from another thread ends a loop that waits for nothing", "[base_net]") {
  LoopStory story;
  std::thread other([&] { story.loop->stop(); });
  story.loop->run();
  other.join();
  SUCCEED("run() returned");
}

TEST_CASE("coroutines that wake each other for ever do not starve posted work", "[base_net]") {
  LoopStory story;
  bool posted = false;
  struct Story {
    static Task<void> chatter(Event& mine, Event& other, EventLoop& loop) {
      for (;;) {
        other.notify_all();
        co_await mine.wait(loop.now() + 1h);
      }
    }
  };
  Event ping(*story.loop), pong(*story.loop);
  story.scope.spawn(Story::chatter(ping, pong, *story.loop));
  story.scope.spawn(Story::chatter(pong, ping, *story.loop));
  story.loop->turn(0ms);
  story.loop->post([&] { posted = true; });
  story.turn_until([&] { return posted; });
  SUCCEED("the loop looked at its posts between the chatter");
  story.scope.cancel();
}
