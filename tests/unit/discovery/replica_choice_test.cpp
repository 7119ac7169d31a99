#include "discovery/replica_choice.hpp"

#include <catch2/catch.hpp>

#include "discovery/slot.hpp"

using namespace discovery;
using namespace std::chrono_literals;
using State = Member::State;

namespace {

constexpr base::TimePoint kNow{1h};

Replica replica(std::uint32_t number, State state = State::fresh) {
  Replica made{number, state};
  made.serves = true;
  made.known_until = kNow;
  return made;
}
Replica stuck(std::uint32_t number, base::TimePoint since) {
  auto made = replica(number);
  made.stuck = true;
  made.known_until = since;
  return made;
}
Replica silent(std::uint32_t number, base::TimePoint since, State state = State::suspect) {
  auto made = replica(number, state);
  made.known_until = since;
  return made;
}

std::uint32_t taken(ReplicaChoice& choice, const std::vector<Replica>& replicas) {
  choice.choose("east", replicas);
  return choice.find("east")->number;
}

}  // namespace

TEST_CASE("the lowest of those that are current is taken, and kept") {
  ReplicaChoice choice;
  CHECK(choice.is_taken({"east", 3}));
  CHECK(taken(choice, {replica(1), replica(2)}) == 1);
  CHECK(choice.find("east")->why == "the lowest that is fresh");
  CHECK(taken(choice, {replica(0), replica(1), replica(2)}) == 1);
  CHECK_FALSE(choice.is_taken({"east", 0}));
  CHECK(choice.covers({"east", 0}));
  CHECK_FALSE(choice.covers({"east", 1}));
}

TEST_CASE("who was silent until a moment ago is not taken where another was heard all along") {
  ReplicaChoice choice;
  auto back = replica(1);
  back.returned = true;
  CHECK(taken(choice, {replica(0), back, replica(2)}) == 0);
  CHECK(taken(choice, {replica(0, State::returning), back, replica(2)}) == 2);
  CHECK(taken(choice, {replica(0), replica(1), replica(2)}) == 2);
  auto both = replica(2);
  both.returned = true;
  CHECK(taken(choice, {back, both}) == 2);
  back.local = true;
  CHECK(taken(choice, {back, replica(2)}) == 1);
}

TEST_CASE("who was alone stays taken when a lower one comes") {
  ReplicaChoice choice;
  choice.alone("east", 1);
  CHECK(choice.is_taken({"east", 0}));
  CHECK_FALSE(choice.choose("east", {replica(0), replica(1)}));
  CHECK(choice.find("east")->number == 1);
  CHECK(choice.find("east")->why == "it was there first");
  choice.alone("east", 0);
  CHECK_FALSE(choice.find("east"));
  CHECK(taken(choice, {replica(0), replica(1)}) == 0);
}

TEST_CASE("another is taken when the taken one falls silent, and stays when that comes back") {
  ReplicaChoice choice;
  CHECK(taken(choice, {replica(0), replica(1)}) == 0);
  CHECK(taken(choice, {silent(0, kNow), replica(1)}) == 1);
  CHECK(choice.find("east")->why == "replica 0 is silent");
  CHECK(taken(choice, {replica(0), replica(1)}) == 1);
  CHECK(taken(choice, {replica(0)}) == 0);
  CHECK(choice.find("east")->why == "replica 1 is gone");
}

TEST_CASE("who says that its source is stuck is left for one whose source is not") {
  ReplicaChoice choice;
  CHECK(taken(choice, {replica(0), replica(1)}) == 0);
  CHECK(taken(choice, {stuck(0, kNow), replica(1)}) == 1);
  CHECK(choice.find("east")->why == "the source of replica 0 is stuck");
  // Both: each keeps what it has.
  CHECK(taken(choice, {stuck(0, kNow), stuck(1, kNow + 2s)}) == 1);
  CHECK(taken(choice, {stuck(0, kNow), stuck(1, kNow + 2s)}) == 1);
  CHECK_FALSE(choice.find("east")->current);
}

TEST_CASE("of a stuck and a silent one the younger truth is taken") {
  ReplicaChoice choice;
  CHECK(taken(choice, {replica(0), stuck(1, kNow)}) == 0);
  CHECK(taken(choice, {silent(0, kNow + 1min), stuck(1, kNow)}) == 0);
  CHECK(taken(choice, {silent(0, kNow + 1min, State::stale), stuck(1, kNow)}) == 0);
  CHECK(taken(choice, {silent(0, kNow + 1min, State::demoted), stuck(1, kNow)}) == 1);

  ReplicaChoice later;
  CHECK(taken(later, {silent(0, kNow), replica(1)}) == 1);
  CHECK(taken(later, {silent(0, kNow), stuck(1, kNow + 1h)}) == 1);
  // Since when a stuck one is so nobody knows: it may be for ever.
  CHECK(taken(later, {silent(0, kNow), stuck(1, base::TimePoint::min())}) == 0);
}

TEST_CASE("one of which the newest does not come is left for one that is whole") {
  ReplicaChoice choice;
  auto behind = replica(0);
  CHECK(taken(choice, {behind, replica(1)}) == 0);
  behind.behind = true;
  CHECK(taken(choice, {behind}) == 0);
  CHECK(taken(choice, {behind, replica(1)}) == 1);
  CHECK(choice.find("east")->why == "the newest of replica 0 does not come");
}

TEST_CASE("who serves nothing is not taken for one whose endpoints may live") {
  ReplicaChoice choice;
  auto empty = replica(1);
  empty.serves = false;
  CHECK(taken(choice, {silent(0, kNow, State::stale), empty}) == 0);
  CHECK(taken(choice, {silent(0, kNow, State::demoted), empty}) == 1);
  auto never = empty;
  never.stuck = true;  // it serves nothing because it has read nothing
  CHECK(taken(choice, {silent(0, kNow, State::demoted), never}) == 0);
  CHECK(taken(choice, {silent(0, kNow, State::dead), never}) == 0);
}

TEST_CASE("an agent takes its own rows while its source is read") {
  ReplicaChoice choice;
  auto own = replica(1);
  own.local = true;
  own.read = false;
  CHECK(taken(choice, {silent(0, base::TimePoint::min()), own}) == 0);
  own.read = true;
  CHECK(taken(choice, {replica(0), own}) == 1);
  CHECK(choice.find("east")->why == "this agent's own source is read");
  own.stuck = true;
  CHECK(taken(choice, {replica(0), own}) == 0);
  own.stuck = false;
  CHECK(taken(choice, {replica(0), own}) == 1);
}

TEST_CASE("a number is kept by who has had it longer, of two beginners by the lesser instance") {
  const Slot::Instance low{1}, high{2};
  Slot slot(0, 2, high, kNow);
  CHECK(slot.gives_way(kNow + 1s, 10s, low));
  CHECK(slot.gives_way(kNow + 1s, 2s, low));
  CHECK(slot.gives_way(kNow + 1min, kHeldForGood, low));
  CHECK_FALSE(slot.gives_way(kNow + 1s, 2s, high));
  CHECK_FALSE(slot.gives_way(kNow + 1min, 2s, low));
  Slot fixed(0, 0, high, kNow);
  CHECK_FALSE(fixed.gives_way(kNow, kHeldForGood, low));
  CHECK(fixed.held(kNow) == kHeldForGood);
}

TEST_CASE("the next number is one that nobody is heard to have; what was refused is tried again") {
  Slot slot(0, 4, {}, kNow);
  CHECK(slot.next(kNow, {1}) == 2u);
  CHECK(slot.held(kNow + 1s) == 1s);
  CHECK(slot.next(kNow + 1s, {1}) == 3u);
  CHECK_FALSE(slot.next(kNow + 2s, {1}));
  CHECK(slot.next(kNow + 10s, {1}) == 0u);
}
