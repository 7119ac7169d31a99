#include "discovery/sources/settling.hpp"

#include <sys/inotify.h>

#include <catch2/catch.hpp>
#include <vector>

using discovery::sources::Settling;
using namespace std::chrono_literals;

namespace {

constexpr base::TimePoint kStart{1h};
constexpr int kFolder = 1;

struct Happened {
  base::Duration at;
  std::uint32_t mask;
  std::string_view name;
};

// After the first event, when all these may be read.
base::Duration read_after(const std::vector<Happened>& events) {
  Settling settling([](std::string_view name) { return name.ends_with(".yaml"); });
  for (const auto& [at, mask, name] : events) settling.event(kStart + at, kFolder, mask, name);
  return settling.read_at() - kStart;
}

}  // namespace

TEST_CASE("a document that is renamed into its place is whole at once") {
  CHECK(read_after({{0ms, IN_CREATE, ".part"},
                    {1ms, IN_CLOSE_WRITE, ".part"},
                    {1ms, IN_MOVED_FROM, ".part"},
                    {1ms, IN_MOVED_TO, "web.yaml"}}) == 1ms + Settling::kQuiet);
  CHECK(read_after({{0ms, IN_MOVED_FROM, "web.new"}, {0ms, IN_MOVED_TO, "web.yaml"}}) ==
        Settling::kQuiet);
}

TEST_CASE("a document is whole when it is closed, and is waited for until then") {
  CHECK(read_after({{0ms, IN_CREATE, "web.yaml"}}) == Settling::kSettle);
  CHECK(read_after({{0ms, IN_CREATE, "web.yaml"}, {7ms, IN_CLOSE_WRITE, "web.yaml"}}) ==
        7ms + Settling::kQuiet);
  CHECK(read_after({{0ms, IN_CREATE, "web.yaml"},
                    {1ms, IN_CREATE, "api.yaml"},
                    {2ms, IN_CLOSE_WRITE, "web.yaml"}}) == Settling::kSettle);
}

TEST_CASE("the swapped link of a ConfigMap is whole at once") {
  CHECK(read_after({{0ms, IN_CREATE | IN_ISDIR, "..v2"},
                    {1ms, IN_CREATE, "..data_tmp"},
                    {1ms, IN_MOVED_FROM, "..data_tmp"},
                    {1ms, IN_MOVED_TO, "..data"},
                    {2ms, IN_DELETE | IN_ISDIR, "..v1"}}) == 2ms + Settling::kQuiet);
}

TEST_CASE("a document that an editor moves away is given time to come back") {
  const std::vector<Happened> moved{{0ms, IN_MOVED_FROM, "web.yaml"},
                                    {0ms, IN_MOVED_TO, "web.yaml~"}};
  CHECK(read_after(moved) == Settling::kSettle);
  auto back = moved;
  back.push_back({9ms, IN_CREATE, "web.yaml"});
  CHECK(read_after(back) == Settling::kSettle);
  back.push_back({10ms, IN_CLOSE_WRITE, "web.yaml"});
  CHECK(read_after(back) == 10ms + Settling::kQuiet);
}

TEST_CASE("documents that come together are one reading, which many do not hold up") {
  std::vector<Happened> many;
  for (auto at = 0ms; at <= 40ms; at += 4ms) many.push_back({at, IN_MOVED_TO, "web.yaml"});
  CHECK(read_after(many) == 40ms + Settling::kQuiet);
  for (auto at = 44ms; at <= 80ms; at += 4ms) many.push_back({at, IN_MOVED_TO, "web.yaml"});
  CHECK(read_after(many) == Settling::kSettle);
}

TEST_CASE("what is read is forgotten: the next event begins anew") {
  Settling settling([](std::string_view) { return true; });
  settling.event(kStart, kFolder, IN_CREATE, "web.yaml");
  settling.settled();
  settling.event(kStart + 1s, kFolder, IN_MOVED_TO, "api.yaml");
  CHECK(settling.read_at() == kStart + 1s + Settling::kQuiet);
}
