#include "base/net/task.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/unit/base/loop_story.hpp"

using namespace base;
using namespace base::net;
using namespace std::chrono_literals;

namespace {

Task<int> at_once(int value) { co_return value; }

Task<std::string> later(EventLoop& loop, std::string text) {
  co_await next_turn(loop);
  co_return text + "!";
}

Task<int> sum_at_once(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    const int one = co_await at_once(1);
    sum += one;
  }
  co_return sum;
}

// Tells when it is destroyed.
struct Tombstone {
  Tombstone(std::vector<std::string>& list, std::string text)
      : graves(list), name(std::move(text)) {}
  Tombstone(const Tombstone&) = delete;
  Tombstone& operator=(const Tombstone&) = delete;
  ~Tombstone() { graves.push_back(name); }
  std::vector<std::string>& graves;
  std::string name;
};

Task<void> inner(EventLoop& loop, std::vector<std::string>& graves) {
  const Tombstone stone(graves, "inner");
  co_await sleep_until(loop, loop.now() + 1h);
}

Task<void> outer(EventLoop& loop, std::vector<std::string>& graves) {
  const Tombstone stone(graves, "outer");
  co_await inner(loop, graves);
  graves.push_back("never");
}

}  // namespace

TEST_CASE("a task hands its value to the one who awaits it, suspended or not", "[base_net]") {
  LoopStory story;
  struct Story {
    static Task<void> run(EventLoop& loop, int& number, std::string& text) {
      number = co_await at_once(41);
      text = co_await later(loop, "hop");
      ++number;
    }
  };
  int number = 0;
  std::string text;
  story.scope.spawn(Story::run(*story.loop, number, text));
  story.finish();
  REQUIRE(number == 42);
  REQUIRE(text == "hop!");
}

TEST_CASE("a million awaits that never suspend do not grow the stack", "[base_net]") {
  LoopStory story;
  struct Story {
    static Task<void> run(int& sum) { sum = co_await sum_at_once(1'000'000); }
  };
  int sum = 0;
  story.scope.spawn(Story::run(sum));
  story.finish();
  REQUIRE(sum == 1'000'000);
}

TEST_CASE("cancelling a scope destroys what its tasks hold, innermost first", "[base_net]") {
  LoopStory story;
  std::vector<std::string> graves;
  story.scope.spawn(outer(*story.loop, graves));
  story.loop->turn(0ms);
  REQUIRE(story.scope.size() == 1);
  story.scope.cancel();
  REQUIRE(story.scope.size() == 0);
  REQUIRE(graves == std::vector<std::string>{"inner", "outer"});
  REQUIRE(story.loop->timers().next() == kNoDeadline);
}

TEST_CASE("a task cancelled before its first turn never runs", "[base_net]") {
  LoopStory story;
  std::vector<std::string> graves;
  story.scope.spawn(outer(*story.loop, graves));
  story.scope.cancel();
  story.loop->turn(0ms);
  REQUIRE(graves.empty());
}

TEST_CASE("a task that is ready to run when its scope is cancelled never runs", "[base_net]") {
  LoopStory story;
  struct Story {
    static Task<void> wait(EventLoop& loop, Event& event, int& resumed) {
      co_await event.wait(loop.now() + 1h);
      ++resumed;
    }
  };
  Event event(*story.loop);
  int resumed = 0;
  story.scope.spawn(Story::wait(*story.loop, event, resumed));
  story.loop->turn(0ms);
  event.notify_all();
  story.scope.cancel();
  story.loop->turn(0ms);
  REQUIRE(resumed == 0);
}

TEST_CASE("a scope within a task ends with it", "[base_net]") {
  LoopStory story;
  struct Story {
    static Task<void> run(EventLoop& loop, std::vector<std::string>& graves) {
      Scope children(loop);
      children.spawn(outer(loop, graves));
      co_await next_turn(loop);
      co_await next_turn(loop);
    }
  };
  std::vector<std::string> graves;
  story.scope.spawn(Story::run(*story.loop, graves));
  story.finish();
  REQUIRE(graves == std::vector<std::string>{"inner", "outer"});
}

TEST_CASE("emptied() is told when the last task ends, or the deadline comes first", "[base_net]") {
  LoopStory story;
  struct Story {
    static Task<void> nap(EventLoop& loop, Duration length) {
      co_await sleep_until(loop, loop.now() + length);
    }
    static Task<void> watch(Scope& naps, TimePoint deadline, std::optional<bool>& answer) {
      const bool emptied = co_await naps.emptied(deadline);
      answer = emptied;
    }
  };
  Scope naps(*story.loop);
  std::optional<bool> brief, patient;
  naps.spawn(Story::nap(*story.loop, 1h));
  story.scope.spawn(Story::watch(naps, story.in(1ms), brief));
  story.finish();
  REQUIRE(brief == false);
  naps.cancel();
  naps.spawn(Story::nap(*story.loop, 1ms));
  story.scope.spawn(Story::watch(naps, story.in(1h), patient));
  story.finish();
  REQUIRE(patient == true);
}

TEST_CASE("an event resumes all that wait, and those whose deadline passed are told so",
          "[base_net]") {
  LoopStory story;
  struct Story {
    static Task<void> wait(Event& event, TimePoint deadline, std::vector<bool>& told) {
      const bool in_time = co_await event.wait(deadline);
      told.push_back(in_time);
    }
  };
  Event event(*story.loop);
  std::vector<bool> told;
  story.scope.spawn(Story::wait(event, story.in(1ms), told));
  story.turn_until([&] { return told.size() == 1; });
  REQUIRE_FALSE(told[0]);
  story.scope.spawn(Story::wait(event, story.in(1h), told));
  story.scope.spawn(Story::wait(event, story.in(1h), told));
  story.loop->turn(0ms);
  event.notify_all();
  story.finish();
  REQUIRE(told == std::vector<bool>{false, true, true});
}
