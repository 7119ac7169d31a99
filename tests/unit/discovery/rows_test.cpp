#include "discovery/rows.hpp"

#include <algorithm>
#include <map>

#include "base/digest.hpp"
#include "base/random.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

std::string key(std::uint64_t n) { return "k" + std::to_string(n); }
Row row(std::uint64_t n, std::uint64_t version, std::string value = "v") {
  return {key(n), version, std::move(value), false};
}
Row gone(std::uint64_t n, std::uint64_t version) { return {key(n), version, "", true}; }

std::vector<Row> many(std::uint64_t count) {
  std::vector<Row> rows;
  for (std::uint64_t n = 1; n <= count; ++n) rows.push_back(row(n, n));
  return rows;
}

using Model = std::map<std::string, std::pair<std::uint64_t, std::string>>;
Model contents(const Rows& rows) {
  Model model;
  rows.for_each([&](const RowView& row) {
    model.emplace(row.key, std::pair(row.version, std::string(row.value)));
  });
  return model;
}

}  // namespace

TEST_CASE("the digest depends on the rows, not on the way to them", "[discovery]") {
  base::Random random(3);
  for (const std::uint64_t count : {1u, 63u, 64u, 65u, 128u, 1000u}) {
    INFO(count);
    const auto at_once = Rows().with(many(count));
    auto shuffled = many(count);
    random.shuffle(shuffled);
    Rows one_by_one;
    for (const auto& change : shuffled) one_by_one = one_by_one.with(std::span(&change, 1));
    CHECK(one_by_one.hash() == at_once.hash());
    std::vector<RowView> views;
    for (const auto& change : shuffled) views.push_back({change.key, change.value, change.version});
    const auto older = row(1, 0, "older");
    views.push_back({older.key, older.value, older.version});
    CHECK(Rows::of(views).hash() == at_once.hash());
    CHECK(contents(Rows::of(views)) == contents(at_once));
    auto more = at_once;
    for (std::uint64_t n = 0; n < 300; ++n)
      more = more.with(std::vector<Row>{row(5000 + n, 9000 + n)});
    for (std::uint64_t n = 0; n < 300; ++n)
      more = more.with(std::vector<Row>{gone(5000 + n, 9900 + n)});
    CHECK(more.hash() == at_once.hash());
    CHECK(more.size() == at_once.size());
    CHECK(more.bytes() == at_once.bytes());
  }
}

TEST_CASE("the digest tells any difference", "[discovery]") {
  const auto rows = Rows().with(many(100));
  CHECK(rows.with(std::vector<Row>{row(7, 7, "w")}).hash() != rows.hash());
  CHECK(rows.with(std::vector<Row>{row(7, 101)}).hash() != rows.hash());
  CHECK(rows.with(std::vector<Row>{gone(7, 101)}).hash() != rows.hash());
  CHECK(Rows().with(std::vector<Row>{{"ab", 1, "c", false}}).hash() !=
        Rows().with(std::vector<Row>{{"a", 1, "bc", false}}).hash());
  CHECK(Rows().hash() == base::Hash128{});
}

// The words of docs/PROTOCOL.md, computed step by step for a set with one split.
TEST_CASE("the digest is the tree's of the protocol", "[discovery]") {
  const auto rows = many(kRowsPerLeaf + 1);
  struct Leaf {
    std::vector<std::pair<std::uint64_t, std::string>> digests;
  } leaves[2];
  const auto bytes = [](const base::Hash128& hash) {
    std::string text;
    base::append(text, hash);
    return text;
  };
  for (const auto& row : rows) {
    const auto place = base::digest({row.key}).high;
    std::string text = "r";
    base::append(text, row.version);
    base::append(text, row.key.size());
    text += row.key + row.value;
    leaves[place >> 63].digests.emplace_back(place, bytes(base::digest({text})));
  }
  std::string root = "b";
  for (auto& leaf : leaves) {
    REQUIRE(leaf.digests.size() <= kRowsPerLeaf);
    std::sort(leaf.digests.begin(), leaf.digests.end());
    std::string text = "l";
    for (const auto& [place, digest] : leaf.digests) text += digest;
    root += bytes(base::digest({text}));
  }
  CHECK(Rows().with(rows).hash() == base::digest({root}));
}

TEST_CASE("rows that were handed out never change", "[discovery]") {
  const auto before = Rows().with(many(1000));
  const auto then = contents(before);
  auto after = before;
  for (std::uint64_t n = 1; n <= 500; ++n)
    after = after.with(std::vector<Row>{n % 2 == 0 ? gone(n, 1000 + n) : row(n, 1000 + n, "new")});
  CHECK(contents(before) == then);
  CHECK(!after.same(before));
}

TEST_CASE("a change that changes nothing shares everything", "[discovery]") {
  const auto rows = Rows().with(many(10));
  CHECK(rows.with({}).same(rows));
  CHECK(rows.with(std::vector<Row>{gone(77, 11)}).hash() == rows.hash());
  CHECK(Rows().with(std::vector<Row>{gone(1, 1)}).size() == 0);
}

TEST_CASE("of several changes of a key the latest counts, in whatever order", "[discovery]") {
  const auto rows = Rows().with(std::vector<Row>{row(1, 2, "b"), row(1, 3, "c"), row(1, 1, "a")});
  CHECK(rows.size() == 1);
  CHECK(rows.find(key(1))->value == "c");
  CHECK(rows.with(std::vector<Row>{row(1, 5), gone(1, 6)}).size() == 0);
}

TEST_CASE("a row is found by its key, and by its place and version", "[discovery]") {
  const auto rows = Rows().with(many(300));
  for (std::uint64_t n = 1; n <= 300; ++n) {
    REQUIRE(rows.find(key(n)));
    CHECK(rows.find(key(n))->version == n);
    CHECK(rows.find(key_hash(key(n)), n)->key == key(n));
    CHECK(!rows.find(key_hash(key(n)), n + 1));
  }
  CHECK(!rows.find(key(301)));
  CHECK(!Rows().find(key(1)));
}

TEST_CASE("the rows are right whatever is done to them", "[discovery]") {
  base::Random random(7);
  Rows rows;
  Model model;
  for (std::uint64_t version = 1; version <= 20'000;) {
    std::vector<Row> changes;
    for (auto count = 1 + random.below(40); count > 0; --count, ++version) {
      const auto n = random.below(700);
      if (random.chance(0.45)) {
        changes.push_back(gone(n, version));
        model.erase(key(n));
      } else {
        changes.push_back(row(n, version, std::to_string(random.next())));
        model[key(n)] = {version, changes.back().value};
      }
    }
    rows = rows.with(changes);
    REQUIRE(rows.size() == model.size());
  }
  CHECK(contents(rows) == model);
  std::uint64_t last = 0;
  bool sorted = true;
  rows.for_each([&](const RowView& row) {
    sorted &= last <= key_hash(row.key);
    last = key_hash(row.key);
  });
  CHECK(sorted);
}

TEST_CASE("the difference of two states leads from one to the other", "[discovery]") {
  base::Random random(11);
  for (const std::uint64_t size : {0u, 1u, 16u, 17u, 40u, 1000u}) {
    INFO(size);
    const auto before = Rows().with(many(size));
    std::vector<Row> changes;
    for (std::uint64_t n = 0; n < 1 + size / 10; ++n) {
      const auto which = 1 + random.below(size + 10);
      changes.push_back(random.chance(0.5) ? gone(which, 9000 + n) : row(which, 9000 + n, "new"));
    }
    for (const auto& after : {before.with(changes), Rows(), before}) {
      const auto difference = Rows::between(before, after);
      auto model = contents(before);
      for (const auto& row : difference.gone) CHECK(model.erase(std::string(row.key)) == 1);
      for (const auto& row : difference.written)
        CHECK(model.emplace(row.key, std::pair(row.version, std::string(row.value))).second);
      CHECK(model == contents(after));
    }
  }
}

TEST_CASE("the difference of one change is that change", "[discovery]") {
  const auto before = Rows().with(many(1000));
  const auto after = before.with(std::vector<Row>{row(500, 2000, "new")});
  const auto difference = Rows::between(before, after);
  REQUIRE(difference.gone.size() == 1);
  REQUIRE(difference.written.size() == 1);
  CHECK(difference.gone.front().version == 500);
  CHECK(difference.written.front().value == "new");
}
