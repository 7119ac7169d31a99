// What an origin signs, what a third may pass on, and what is not believed.
#include "discovery/proof.hpp"

#include "discovery/catalog.hpp"
#include "discovery/transfer.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using sim::ToyNotary;

namespace {

const OriginId kEast{"east", 0};

Row row(const std::string& key, std::uint64_t version) { return {key, version, "v", false}; }

// A snapshot that leads where it says.
Delta snapshot(const OriginId& origin, Stamp stamp, std::vector<Row> rows) {
  const auto hash = state_hash(stamp, Rows().with(rows));
  return {origin, stamp.incarnation,         0,   stamp.version, 0, hash,
          {},     Delta::Kind::snapshot_end, rows};
}

Proof signed_by(const std::string& cluster, const OriginId& origin, const base::Hash128& hash) {
  return ToyNotary(cluster).sign(proof_text(origin, hash));
}

// east - west - north, with no link between the ends.
Story chain() {
  Story story;
  story.secure = true;
  for (const auto* name : {"east", "north", "west"}) story.start(name, {{"k", "1"}});
  story.connect("east", "west");
  story.connect("west", "north");
  story.run(3s);
  return story;
}

// The deltas of east's rows that `from` sends `to` from now on.
std::shared_ptr<std::vector<Delta>> deltas(Story& story, const std::string& from,
                                           const std::string& to) {
  auto found = std::make_shared<std::vector<Delta>>();
  story.hears_frame = [=](const auto& sender, const auto& reader, const Frame& frame) {
    const auto* delta = std::get_if<Delta>(&frame);
    if (delta && sender == from && reader == to && delta->origin == kEast) found->push_back(*delta);
  };
  return found;
}

}  // namespace

TEST_CASE("a proof is of one origin, of one state, and by its own cluster") {
  ToyNotary west("west");
  const base::Hash128 hash{1, 2};
  const auto proof = signed_by("east", kEast, hash);
  CHECK(proves(west, proof, kEast, hash));
  CHECK_FALSE(proves(west, proof, kEast, {1, 3}));
  CHECK_FALSE(proves(west, proof, {"east", 1}, hash));
  CHECK_FALSE(proves(west, signed_by("west", kEast, hash), kEast, hash));
  CHECK_FALSE(proves(west, {}, kEast, hash));
  CHECK(proof_text({"east", 1}, hash) ==
        std::string("nearmost gossip state\n"
                    "\0\0\0\0\0\0\0\4east\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2",
                    58));
}

TEST_CASE("of a relay only what its origin signed is applied") {
  ToyNotary notary("west");
  Catalog catalog(8, &notary);
  const auto bring = [&](Delta delta, Catalog::From from = Catalog::From::relay) {
    return catalog.apply(1, from, std::move(delta));
  };
  auto delta = snapshot(kEast, {5, 3}, {row("a", 3)});
  SECTION("a snapshot") {
    CHECK(bring(delta) == Applied::unproven);
    delta.proof = signed_by("north", kEast, delta.state_hash);
    CHECK(bring(delta) == Applied::unproven);
    CHECK_FALSE(catalog.find(kEast));
    delta.proof = signed_by("east", kEast, delta.state_hash);
    CHECK(bring(delta) == Applied::applied);
    CHECK(catalog.find(kEast)->proven().stamp == Stamp{5, 3});
  }
  SECTION("changes") {
    REQUIRE(bring(delta, Catalog::From::origin) == Applied::applied);
    const auto hash = state_hash({5, 4}, Rows().with(std::vector{row("a", 3), row("b", 4)}));
    Delta changes{kEast, 5, 3, 4, 0, hash, {}, Delta::Kind::changes, {row("b", 4)}};
    changes.proof = signed_by("east", kEast, delta.state_hash);  // of the state before
    CHECK(bring(changes) == Applied::unproven);
    CHECK(catalog.stamp(kEast) == Stamp{5, 3});
    changes.proof = signed_by("east", kEast, hash);
    CHECK(bring(changes) == Applied::applied);
    CHECK(catalog.find(kEast)->proven().stamp == Stamp{5, 4});
  }
  SECTION("a proof beyond its limits is malformed") {
    delta.proof = {base::Bytes(kMaxSignatureBytes + 1, 's'), "c"};
    CHECK(bring(delta) == Applied::malformed);
    delta.proof = {"s", base::Bytes(kMaxCertificateBytes + 1, 'c')};
    CHECK(bring(delta) == Applied::malformed);
  }
}

TEST_CASE("a direct link needs no proof, and one that comes late makes a state fit to pass on") {
  ToyNotary notary("west");
  Catalog catalog(8, &notary);
  auto delta = snapshot(kEast, {5, 3}, {row("a", 3)});
  const auto proof = signed_by("east", kEast, delta.state_hash);
  CHECK(catalog.apply(1, Catalog::From::origin, delta) == Applied::applied);
  CHECK(catalog.to_relay(*catalog.find(kEast)).stamp == Stamp{});
  Delta late{kEast, 5, 3, 3, 0, delta.state_hash, {}, Delta::Kind::changes, {}};
  CHECK(catalog.apply(1, Catalog::From::origin, late) == Applied::duplicate);
  late.proof = proof;
  CHECK(catalog.apply(1, Catalog::From::origin, late) == Applied::proven);
  CHECK(catalog.to_relay(*catalog.find(kEast)).stamp == Stamp{5, 3});
  CHECK(*catalog.to_relay(*catalog.find(kEast)).proof == proof);
  SECTION("a later state does not take it along") {
    auto next = snapshot(kEast, {5, 4}, {row("a", 3), row("b", 4)});
    CHECK(catalog.apply(1, Catalog::From::origin, next) == Applied::applied);
    CHECK(catalog.to_relay(*catalog.find(kEast)).stamp == Stamp{5, 3});
  }
  SECTION("where nothing is proven nothing is kept") {
    Catalog insecure(8);
    delta.proof = proof;
    CHECK(insecure.apply(1, Catalog::From::origin, delta) == Applied::applied);
    CHECK(insecure.find(kEast)->proven().stamp == Stamp{});
    CHECK(insecure.to_relay(*insecure.find(kEast)).stamp == Stamp{5, 3});
  }
}

TEST_CASE("a third may bring the proof of what is held, as its origin signed it") {
  ToyNotary notary("west");
  Catalog catalog(8, &notary);
  const auto rows = Rows().with(std::vector{row("a", 3)});
  REQUIRE(catalog.restore(kEast, {5, 3}, rows));  // a disk keeps no proofs
  const auto hash = state_hash({5, 3}, rows);
  const auto bring = [&](const Proof& proof) {
    Delta late{kEast, 5, 3, 3, 3, hash, {}, Delta::Kind::changes, {}};
    late.proof = proof;
    return catalog.apply(1, Catalog::From::relay, std::move(late));
  };
  CHECK(bring({}) == Applied::duplicate);
  CHECK(bring(signed_by("north", kEast, hash)) == Applied::unproven);
  CHECK(catalog.to_relay(*catalog.find(kEast)).stamp == Stamp{});
  CHECK(bring(signed_by("east", kEast, hash)) == Applied::proven);
  CHECK(catalog.to_relay(*catalog.find(kEast)).stamp == Stamp{5, 3});
  CHECK(bring(signed_by("east", kEast, hash)) == Applied::duplicate);
}

TEST_CASE("what is signed can be passed on when the state has moved") {
  OriginState state(8);
  state.restart(5);
  const auto write = [&](const std::string& key, bool removed = false) {
    const auto version = state.stamp().version + 1;
    const Row change{key, version, removed ? "" : "v" + std::to_string(version), removed};
    state.write(std::span(&change, 1));
  };
  for (const auto* key : {"a", "b", "c"}) write(key);
  write("b", true);
  write("a");
  state.prove({"s", "c"});
  const auto at = state.now();
  write("a");  // over what was signed
  write("b");
  write("c", true);
  write("b", true);  // once more

  Catalog catalog(8);
  const auto bring = [&](Stamp have) {
    Transfer transfer(kEast, state, state.proven(), have);
    return transfer.next(kMaxFrameBytes);
  };
  const auto whole = bring({});
  CHECK(whole.kind == Delta::Kind::snapshot_end);
  CHECK(whole.proof == Proof{"s", "c"});
  const auto changes = bring({5, 3});
  CHECK(changes.kind == Delta::Kind::changes);
  CHECK(changes.rows.size() == 2);
  CHECK(changes.to == 5);

  auto early = snapshot(kEast, {5, 3}, {});
  early.rows = {{"a", 1, "v1", false}, {"b", 2, "v2", false}, {"c", 3, "v3", false}};
  early.state_hash = state_hash({5, 3}, Rows().with(early.rows));
  REQUIRE(catalog.apply(1, Catalog::From::relay, early) == Applied::applied);
  CHECK(catalog.apply(1, Catalog::From::relay, changes) == Applied::applied);
  CHECK(catalog.find(kEast)->hash() == at.hash());

  SECTION("also when its changes are forgotten, or its life is over") {
    for (int n = 0; n < 20; ++n) write("x");
    const auto rest = bring({5, 4});
    CHECK(rest.kind == Delta::Kind::snapshot_end);
    CHECK(rest.to == 5);
    OriginState reborn({6, 1}, Rows(), 8);
    reborn.keep_proven(at);
    Transfer transfer(kEast, reborn, reborn.proven(), {5, 4});
    CHECK(transfer.next(kMaxFrameBytes).kind == Delta::Kind::snapshot_end);
  }
}

TEST_CASE("what has no direct link comes with its origin's signature") {
  auto story = chain();
  CHECK(story.knows("north", "east") == Story::Contents{{"k", "1"}});
  const auto brought = deltas(story, "west", "north");
  story.says("east", {{"k", "2"}});
  story.run(0ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "2"}});
  story.run(2500ms);
  CHECK(story.knows("north", "east") == Story::Contents{{"k", "2"}});
  REQUIRE(brought->size() == 1);
  ToyNotary north("north");
  CHECK(proves(north, brought->front().proof, kEast, brought->front().state_hash));
  CHECK(story.node("north").counters().unproven == 0);
  CHECK(story.node("north").counters().proven == 2);
  CHECK(story.node("west").counters().proven == 0);
}

TEST_CASE("a change goes at once and unsigned, its proof alone within a second") {
  auto story = chain();
  const auto told = deltas(story, "east", "west");
  for (const auto* value : {"2", "3", "4"}) {
    story.says("east", {{"k", value}});
    story.run(100ms);
  }
  story.run(3s);
  REQUIRE(told->size() >= 4);
  CHECK(told->front().proof.empty());
  const auto& last = told->back();
  CHECK(last.rows.empty());
  CHECK(last.from == last.to);
  CHECK_FALSE(last.proof.signature.empty());
  CHECK(last.proof.certificate.empty());  // was told before
  std::size_t proofs = 0;
  for (const auto& delta : *told) proofs += delta.proof.empty() ? 0 : 1;
  CHECK(proofs <= 2);
}

TEST_CASE("who does not change does not sign, but for a new certificate") {
  Story story;
  auto config = story.config("east");
  const auto notary = std::make_shared<ToyNotary>("east");
  config.notary = notary;
  story.secure = true;
  story.start(config, "east", {{"k", "1"}});
  story.act("east", story.node("east").local_ready(story.now));
  story.start("west");
  story.connect("east", "west");
  story.run(3s);
  const auto before = notary->signatures;
  const auto told = deltas(story, "east", "west");
  story.run(60s);
  CHECK(notary->signatures == before);
  CHECK(told->empty());
  ++notary->renewed;
  story.run(3s);
  CHECK(notary->signatures == before + 1);
  REQUIRE(told->size() == 1);
  CHECK(told->front().proof.certificate == "east#1");
}

TEST_CASE("what a third makes up is refused, told of, and asked for elsewhere") {
  auto story = chain();
  const auto liar = story.meet("north", "liar");
  const auto at = story.node("east").stamp();
  auto forged = snapshot(kEast, {at.incarnation, at.version + 9}, {row("k", 1)});
  story.sends("north", liar,
              Beacons{{{kEast, {forged.incarnation, forged.to}, 0, forged.state_hash, 0s}}});
  SECTION("without a proof") {}
  SECTION("signed by itself") { forged.proof = signed_by("liar", kEast, forged.state_hash); }
  SECTION("with the proof of another state") {
    forged.proof = signed_by("east", kEast, state_hash(at, Rows()));
  }
  for (int again = 0; again < 3; ++again) story.sends("north", liar, forged);
  CHECK(story.node("north").counters().unproven == 1);  // the rest of an answer is not looked at
  CHECK(story.actor("north").events.back() == "east: what liar passes on is not signed by it");
  CHECK(story.knows("north", "east") == Story::Contents{{"k", "1"}});
  story.says("east", {{"k", "2"}});
  story.run(6s);
  CHECK(story.knows("north", "east") == Story::Contents{{"k", "2"}});
}

TEST_CASE("who asks for the whole of what it has is not held back to what is signed") {
  auto story = chain();
  const auto link = story.meet("east", "eu");
  story.says("east", {{"k", "2"}});  // not signed yet
  const auto at = story.node("east").stamp();
  const auto asks = [&](Stamp have) {
    story.act("east", story.node("east").receive(story.now, link, Pull{kEast, have}));
    while (auto frame = story.node("east").next_frame(story.now, link))
      if (const auto* delta = std::get_if<Delta>(&*frame)) return *delta;
    return Delta{};
  };
  CHECK(asks({}).to == at.version - 1);
  CHECK(asks({at.incarnation, 0}).to == at.version);
}
