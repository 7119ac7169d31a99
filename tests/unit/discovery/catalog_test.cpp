#include "discovery/catalog.hpp"

#include "discovery/transfer.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

const OriginId kEast{"east", 0};
constexpr LinkId kLink = 1, kOther = 2;

// An origin and a catalog that follows it.
struct Pair {
  OriginState origin{8};
  Catalog catalog{8};

  Pair() { origin.restart(5); }
  void write(const std::string& key, const std::string& value = "v") {
    make({key, origin.stamp().version + 1, value, false});
  }
  void remove(const std::string& key) { make({key, origin.stamp().version + 1, "", true}); }
  void make(const Row& change) { origin.write(std::span(&change, 1)); }
  std::optional<RowView> shown(const std::string& key) const {
    return catalog.find(kEast)->rows().find(key);
  }
  std::vector<Delta> deltas(Stamp have, std::size_t max_bytes = kMaxFrameBytes) {
    std::vector<Delta> all;
    for (Transfer transfer(kEast, origin, origin.now(), have); all.empty() || !transfer.done();)
      all.push_back(transfer.next(max_bytes));
    return all;
  }
  Delta delta(Stamp have) { return deltas(have).front(); }
  Applied bring(LinkId link = kLink) { return apply(delta(catalog.stamp(kEast)), link); }
  Applied apply(Delta delta, LinkId link = kLink, Catalog::From from = Catalog::From::relay) {
    return catalog.apply(link, from, std::move(delta));
  }
  bool equal() {
    const auto* state = catalog.find(kEast);
    return state && state->stamp() == origin.stamp() && state->hash() == origin.hash();
  }
};

}  // namespace

TEST_CASE("a catalog follows an origin by snapshot and changes", "[discovery]") {
  Pair pair;
  pair.write("a");
  CHECK(pair.bring() == Applied::applied);
  pair.write("b");
  pair.remove("a");
  CHECK(pair.delta(pair.catalog.stamp(kEast)).kind == Delta::Kind::changes);
  CHECK(pair.bring() == Applied::applied);
  CHECK(pair.equal());
  CHECK(pair.catalog.find(kEast)->changes_since(1, pair.origin.now()).back().removed == "a");
}

TEST_CASE("what came before changes nothing", "[discovery]") {
  Pair pair;
  pair.write("a");
  const auto snapshot = pair.delta({});
  pair.bring();
  pair.write("b");
  const auto changes = pair.delta(pair.catalog.stamp(kEast));
  pair.bring();
  CHECK(pair.apply(snapshot) == Applied::duplicate);
  CHECK(pair.apply(changes) == Applied::duplicate);
  CHECK(pair.equal());
}

TEST_CASE("a delta that starts after us is a gap and changes nothing", "[discovery]") {
  Pair pair;
  pair.write("a");
  pair.bring();
  const auto before = pair.catalog.stamp(kEast);
  pair.write("b");
  const auto missed = pair.origin.stamp();
  pair.write("c");
  CHECK(pair.apply(pair.delta(missed)) == Applied::gap);
  CHECK(pair.catalog.stamp(kEast) == before);
  CHECK(pair.bring() == Applied::applied);
}

TEST_CASE("changes that overlap what we have are joined", "[discovery]") {
  Pair pair;
  pair.write("a");
  pair.bring();
  const auto old = pair.catalog.stamp(kEast);
  pair.write("b");
  pair.bring();
  pair.write("c");
  CHECK(pair.apply(pair.delta(old)) == Applied::applied);
  CHECK(pair.equal());
}

TEST_CASE("a delta that does not lead where it says is not applied", "[discovery]") {
  Pair pair;
  pair.write("a");
  auto snapshot = pair.delta({});
  snapshot.rows.front().value = "forged";
  CHECK(pair.apply(snapshot) == Applied::diverged);
  pair.bring();
  pair.write("b");
  auto changes = pair.delta(pair.catalog.stamp(kEast));
  changes.rows.clear();
  CHECK(pair.apply(changes) == Applied::diverged);
  CHECK(pair.catalog.find(kEast)->size() == 1);
}

TEST_CASE("true rows under a stamp that they did not have are not applied", "[discovery]") {
  Pair pair;
  pair.write("a");
  auto snapshot = pair.delta({});
  SECTION("a later version") { ++snapshot.to; }
  SECTION("another life") { ++snapshot.incarnation; }
  CHECK(pair.apply(snapshot) == Applied::diverged);
  CHECK(!pair.catalog.find(kEast));
}

TEST_CASE("a new life takes the place of the old one in one step", "[discovery]") {
  Pair pair;
  for (int n = 0; n < 20; ++n) pair.write("old" + std::to_string(n));
  pair.bring();
  for (int n = 0; n < 20; ++n) pair.remove("old" + std::to_string(n));
  for (int n = 0; n < 20; ++n) pair.write("new" + std::to_string(n));
  pair.origin.restart(6);
  auto parts = pair.deltas(pair.catalog.stamp(kEast), 100);
  REQUIRE(parts.size() > 3);
  for (std::size_t n = 0; n + 1 < parts.size(); ++n) {
    CHECK(pair.apply(parts[n]) == Applied::part);
    CHECK(pair.shown("old7"));
    CHECK(pair.catalog.find(kEast)->size() == 20);
  }
  CHECK(pair.apply(parts.back()) == Applied::applied);
  CHECK(!pair.shown("old7"));
  CHECK(pair.equal());
}

TEST_CASE("changes of a life we do not know are a gap", "[discovery]") {
  Pair pair;
  pair.write("a");
  pair.bring();
  pair.origin.restart(6);
  const auto reborn = pair.origin.stamp();
  pair.write("b");
  CHECK(pair.apply(pair.delta(reborn)) == Applied::gap);
}

TEST_CASE("parts count only together, on one link, and for one state", "[discovery]") {
  Pair pair;
  for (int n = 0; n < 9; ++n) pair.write("k" + std::to_string(n));
  const auto parts = pair.deltas({}, 100);
  REQUIRE(parts.size() >= 3);
  SECTION("a lost part is noticed at the next, and what had begun is dropped") {
    CHECK(pair.apply(parts[0]) == Applied::part);
    CHECK(pair.apply(parts[2]) == Applied::stray);
    CHECK(pair.apply(parts[1]) == Applied::stray);
  }
  SECTION("the end alone is not the whole") { CHECK(pair.apply(parts.back()) == Applied::stray); }
  SECTION("the end of another link's transfer does not complete it") {
    for (std::size_t n = 0; n + 1 < parts.size(); ++n) pair.apply(parts[n]);
    CHECK(pair.apply(parts.back(), kOther) == Applied::stray);
  }
  SECTION("a link that ends takes its parts along") {
    for (std::size_t n = 0; n + 1 < parts.size(); ++n) pair.apply(parts[n]);
    pair.catalog.link_lost(kLink);
    CHECK(pair.apply(parts.back()) == Applied::stray);
  }
  CHECK(!pair.catalog.find(kEast));
  CHECK(pair.bring(kOther + 1) == Applied::applied);
}

TEST_CASE("what comes between parts drops them, and the whole can come anew", "[discovery]") {
  Pair pair;
  for (int n = 0; n < 9; ++n) pair.write("k" + std::to_string(n));
  const auto parts = pair.deltas({}, 100);
  REQUIRE(parts.size() >= 3);
  CHECK(pair.apply(parts[0]) == Applied::part);
  CHECK(pair.apply(pair.delta({})) == Applied::applied);
  CHECK(pair.apply(parts[1]) == Applied::stray);
  CHECK(pair.apply(parts[0]) == Applied::part);
  CHECK(pair.apply(parts[0]) == Applied::part);
  for (std::size_t n = 1; n + 1 < parts.size(); ++n) CHECK(pair.apply(parts[n]) == Applied::part);
  CHECK(pair.apply(parts.back()) == Applied::duplicate);
}

TEST_CASE("the parts of two origins take turns on a link, and a third ends the stiller one",
          "[discovery]") {
  Pair pair;
  for (int n = 0; n < 9; ++n) pair.write("k" + std::to_string(n));
  const auto parts = pair.deltas({}, 100);
  REQUIRE(parts.size() >= 3);
  const auto of = [&](const char* name, std::size_t part) {
    auto delta = parts[part];
    delta.origin.cluster = name;
    return pair.apply(std::move(delta));
  };
  CHECK(of("a", 0) == Applied::part);
  CHECK(of("b", 0) == Applied::part);
  CHECK(of("a", 1) == Applied::part);
  CHECK(of("c", 0) == Applied::part);
  CHECK(of("b", 1) == Applied::stray);
  for (std::size_t n = 1; n + 1 < parts.size(); ++n) {
    if (n > 1) CHECK(of("a", n) == Applied::part);
    CHECK(of("c", n) == Applied::part);
  }
  CHECK(of("c", parts.size() - 1) == Applied::applied);
  CHECK(of("b", 0) == Applied::part);
  CHECK(of("c", 0) == Applied::part);
  CHECK(of("a", 2) == Applied::stray);
  pair.catalog.drop(kLink, {"c", 0});
  CHECK(of("c", 1) == Applied::stray);
}

TEST_CASE("a transfer keeps to one state while changes go on", "[discovery]") {
  Pair pair;
  for (int n = 0; n < 9; ++n) pair.write("k" + std::to_string(n));
  Transfer transfer(kEast, pair.origin, pair.origin.now(), {});
  CHECK(pair.apply(transfer.next(100)) == Applied::part);
  const auto target = pair.origin.stamp();
  pair.write("k1", "later");
  pair.remove("k2");
  auto applied = Applied::part;
  while (!transfer.done()) applied = pair.apply(transfer.next(100));
  CHECK(applied == Applied::applied);
  CHECK(pair.catalog.stamp(kEast) == target);
  CHECK(pair.bring() == Applied::applied);
  CHECK(pair.equal());
}

TEST_CASE("who is below the floor, or of another life, gets a snapshot", "[discovery]") {
  Pair pair;
  for (int n = 0; n < 30; ++n) pair.write("k" + std::to_string(n));
  const auto far_behind = pair.origin.stamp();
  for (int n = 0; n < 20; ++n) pair.remove("k" + std::to_string(n));
  const auto now = pair.origin.stamp();
  CHECK(pair.delta(far_behind).kind == Delta::Kind::snapshot_end);
  CHECK(pair.delta({4, 100}).kind == Delta::Kind::snapshot_end);
  CHECK(pair.delta({now.incarnation, 0}).kind == Delta::Kind::snapshot_end);
  CHECK(pair.delta({now.incarnation, now.version - 1}).kind == Delta::Kind::changes);
}

TEST_CASE("at an equal stamp only the origin itself mends a copy", "[discovery]") {
  Pair pair, twin;
  pair.write("a", "one");
  twin.write("a", "two");
  pair.bring();
  const auto other = twin.delta({});
  CHECK(pair.apply(other, kLink, Catalog::From::relay) == Applied::duplicate);
  CHECK(pair.apply(other, kLink, Catalog::From::origin) == Applied::applied);
  CHECK(pair.shown("a")->value == "two");
}

TEST_CASE("a snapshot that gives a key twice leads nowhere", "[discovery]") {
  Pair pair;
  pair.write("a");
  pair.write("b");
  auto bad = pair.delta({});
  bad.rows[1].key = bad.rows[0].key;
  CHECK(pair.apply(bad) == Applied::diverged);
  CHECK(!pair.catalog.find(kEast));
}

TEST_CASE("a delta that breaks a rule changes nothing", "[discovery]") {
  Pair pair;
  pair.write("a");
  pair.write("b");
  const auto good = pair.delta({});
  auto bad = good;
  SECTION("no incarnation") { bad.incarnation = 0; }
  SECTION("a version beyond its end") { bad.rows.back().version = 99; }
  SECTION("version 0") { bad.rows.front().version = 0; }
  SECTION("an empty key") { bad.rows.front().key.clear(); }
  SECTION("a key too long") { bad.rows.back().key.assign(kMaxKeyBytes + 1, 'x'); }
  SECTION("a row too large") { bad.rows.back().value.assign(kMaxRowBytes, 'x'); }
  SECTION("a tombstone in a snapshot") {
    bad.rows.front().removed = true;
    bad.rows.front().value.clear();
  }
  SECTION("a snapshot that starts somewhere") { bad.from = 1; }
  SECTION("changes below their sender's floor") {
    bad.kind = Delta::Kind::changes;
    bad.gc_floor = 1;
  }
  SECTION("a range that ends before it starts") {
    bad.kind = Delta::Kind::changes;
    bad.from = 3;
  }
  SECTION("changes out of order") {
    bad.kind = Delta::Kind::changes;
    bad.gc_floor = 0;
    bad.rows = {{"a", 2, "v", false}, {"b", 1, "v", false}};
  }
  CHECK(pair.apply(bad) == Applied::malformed);
  CHECK(!pair.catalog.find(kEast));
}
