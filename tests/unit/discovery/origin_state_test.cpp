#include "discovery/origin_state.hpp"

#include <map>

#include "base/random.hpp"

#include <catch2/catch.hpp>  // last: its CHECK takes the place of base's

using namespace discovery;

namespace {

std::string key(std::uint64_t n) { return "k" + std::to_string(n); }

OriginState with_rows(std::size_t count, std::size_t max_tombstones = kMaxTombstones) {
  OriginState state(max_tombstones);
  for (std::uint64_t n = 1; n <= count; ++n) state.write({key(n), n, "v", false});
  return state;
}

std::map<std::string, std::string> contents(OriginState& state) {
  std::map<std::string, std::string> contents;
  state.rows().for_each([&](const Row& row) { contents[row.key] = row.value; });
  return contents;
}

}  // namespace

TEST_CASE("changes since a version are exactly the later ones, rising", "[discovery]") {
  auto state = with_rows(100);
  state.write({key(3), 101, "new", false});
  state.write({key(4), 102, "", true});
  const auto changes = state.changes_since(99);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0]->key == key(100));
  CHECK(changes[1]->value == "new");
  CHECK(changes[2]->removed);
  CHECK(state.size() == 99);
}

TEST_CASE("the hash depends on the rows, not on the way to them", "[discovery]") {
  auto one = with_rows(10);
  OriginState other;
  for (std::uint64_t n : {2, 4, 6, 8, 10}) other.write({key(n), n, "v", false});
  std::vector<Row> rows;
  one.rows().for_each([&](const Row& row) { rows.push_back(row); });
  OriginState copy({0, 10}, rows, kMaxTombstones);
  CHECK(copy.hash() == one.hash());
  CHECK(other.hash() != one.hash());
  one.write({key(1), 11, "", true});
  CHECK(copy.hash_with({{key(1), 11, "", true}}) == one.hash());
}

TEST_CASE("tombstones are bounded and the floor tells who is too far behind", "[discovery]") {
  auto state = with_rows(100, 10);
  for (std::uint64_t n = 1; n <= 50; ++n) state.write({key(n), 100 + n, "", true});
  CHECK(state.tombstones() <= 10);
  CHECK(state.gc_floor() >= 140);
  for (const auto& change : state.changes_since(state.gc_floor())) CHECK(change->removed);
  CHECK(state.changes_since(state.gc_floor()).size() == state.tombstones());
}

TEST_CASE("a key that comes back leaves no tombstone", "[discovery]") {
  auto state = with_rows(3);
  state.write({key(2), 4, "", true});
  state.write({key(2), 5, "again", false});
  CHECK(state.tombstones() == 0);
  CHECK(state.changes_since(3).size() == 1);
}

TEST_CASE("rows that were handed out never change", "[discovery]") {
  auto state = with_rows(1000);
  const auto before = state.rows();
  std::vector<std::pair<std::string, std::uint64_t>> then;
  before.for_each([&](const Row& row) { then.emplace_back(row.key, row.version); });
  for (std::uint64_t n = 1; n <= 500; ++n) state.write({key(n), 1000 + n, "", n % 2 == 0});
  std::vector<std::pair<std::string, std::uint64_t>> now;
  before.for_each([&](const Row& row) { now.emplace_back(row.key, row.version); });
  CHECK(now == then);
}

TEST_CASE("a change makes one new chunk and shares the others", "[discovery]") {
  auto state = with_rows(1000);
  const auto before = state.rows();
  state.write({key(500), 1001, "new", false});
  const auto after = state.rows();
  REQUIRE(before.chunks().size() == after.chunks().size());
  std::size_t different = 0;
  for (std::size_t n = 0; n < before.chunks().size(); ++n)
    different += before.chunks()[n] != after.chunks()[n] ? 1 : 0;
  CHECK(different == 1);
}

TEST_CASE("rows stay sorted in chunks of bounded size whatever is done to them", "[discovery]") {
  base::Random random(7);
  OriginState state;
  std::map<std::string, std::string> model;
  for (std::uint64_t version = 1; version <= 20'000; ++version) {
    const auto at = key(random.below(700));
    if (random.chance(0.45)) {
      state.write({at, version, "", true});
      model.erase(at);
    } else {
      const auto value = std::to_string(random.next());
      state.write({at, version, value, false});
      model[at] = value;
    }
    if (version % 97 == 0) static_cast<void>(state.rows());
  }
  CHECK(contents(state) == model);
  CHECK(state.size() == model.size());
  std::string last;
  const auto rows = state.rows();
  for (const auto& chunk : rows.chunks()) {
    CHECK(!chunk->rows.empty());
    CHECK(chunk->rows.size() <= 2 * kRowsPerChunk);
  }
  bool sorted = true;
  rows.for_each([&](const Row& row) { sorted &= last < row.key, last = row.key; });
  CHECK(sorted);
}
