#include "discovery/origin_state.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

std::string key(std::uint64_t n) { return "k" + std::to_string(n); }

void change(OriginState& state, const std::string& key, const std::string& value) {
  const std::vector<Row> rows{{key, state.stamp().version + 1, value, false}};
  state.write(rows);
}

void remove(OriginState& state, const std::string& key) {
  const std::vector<Row> rows{{key, state.stamp().version + 1, "", true}};
  state.write(rows);
}

OriginState with_rows(std::size_t count, std::size_t max_changes = kMaxChanges) {
  OriginState state(max_changes);
  for (std::uint64_t n = 1; n <= count; ++n) change(state, key(n), "v");
  return state;
}

std::vector<std::uint64_t> versions_since(const OriginState& state, std::uint64_t version) {
  std::vector<std::uint64_t> versions;
  for (const auto& change : state.changes_since(version, state.now()))
    versions.push_back(change.version);
  return versions;
}

using Versions = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("changes since a version are exactly the later ones, rising", "[discovery]") {
  auto state = with_rows(100);
  change(state, key(3), "new");
  remove(state, key(4));
  const auto changes = state.changes_since(99, state.now());
  REQUIRE(changes.size() == 3);
  CHECK(state.rows().find(changes[0].key_hash, 100)->key == key(100));
  CHECK(state.rows().find(changes[1].key_hash, 101)->value == "new");
  CHECK(changes[2].removed == key(4));
  CHECK(state.size() == 99);
}

TEST_CASE("of several changes of a key only the last counts", "[discovery]") {
  auto state = with_rows(3);
  change(state, key(1), "a");     // 4
  remove(state, key(1));          // 5
  change(state, key(1), "b");     // 6
  change(state, key(2), "c");     // 7
  change(state, key(2), "d");     // 8
  remove(state, key(3));          // 9
  change(state, key(3), "back");  // 10
  remove(state, key(3));          // 11
  CHECK(versions_since(state, 3) == Versions{6, 8, 11});
  CHECK(versions_since(state, 8) == Versions{11});
  CHECK(versions_since(state, 11).empty());
}

TEST_CASE("what is remembered is bounded and the floor tells who is too far behind",
          "[discovery]") {
  auto state = with_rows(100, 10);
  CHECK(state.gc_floor() == 90);
  for (std::uint64_t n = 1; n <= 50; ++n) remove(state, key(n));
  CHECK(state.gc_floor() == 140);
  CHECK(state.changes_since(140, state.now()).size() == 10);
}

TEST_CASE("a snapshot knows nothing of what came before it, and goes on", "[discovery]") {
  const auto first = with_rows(5);
  OriginState state({7, 5}, first.rows(), 10);
  CHECK(state.gc_floor() == 5);
  CHECK(state.rows().hash() == first.rows().hash());
  remove(state, key(2));
  CHECK(versions_since(state, 5) == Versions{6});
}

TEST_CASE("a new life has the same rows and nothing to go on from", "[discovery]") {
  auto state = with_rows(5);
  const auto before = state;
  state.restart(9);
  CHECK(state.stamp() == Stamp{9, 5});
  CHECK(state.rows().same(before.rows()));
  CHECK(state.hash() != before.hash());
  CHECK(state.gc_floor() == 5);
}
