#include "discovery/ageing.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using discovery::Ageing;
using discovery::Judgement;
using State = Ageing::State;
using Kind = discovery::Event::Kind;
using Probes = Ageing::Probes;
using Path = discovery::Member::Path;

namespace {

struct Origin {
  discovery::NodeConfig config;
  base::TimePoint now{1h};
  Ageing ageing{config, now, 0s};
  std::uint64_t sequence = 0;

  void speaks(base::Duration age = 0s, std::uint64_t incarnation = 1) {
    ageing.heard(now, incarnation, ++sequence, age, Ageing::From::relay);
  }
  void speaks_itself() { ageing.heard(now, 1, ++sequence, 0s, Ageing::From::origin); }
  State after(base::Duration time, Judgement judgement = Judgement::open) {
    now += time;
    ageing.advance(now, judgement);
    return ageing.state();
  }
  State probed(Probes outcome, Judgement judgement = Judgement::open) {
    ageing.probed(now, outcome, judgement);
    return ageing.state();
  }
};

}  // namespace

TEST_CASE("three seconds of silence make an origin suspect, a word makes it fresh", "[discovery]") {
  Origin origin;
  origin.speaks();
  CHECK(origin.after(2999ms) == State::fresh);
  CHECK(origin.ageing.deadline(Judgement::open) == origin.now + 1ms);
  CHECK(origin.after(1ms) == State::suspect);
  CHECK_FALSE(origin.ageing.returned_since(base::TimePoint::min()));
  origin.speaks();
  CHECK(origin.ageing.state() == State::fresh);
  CHECK(origin.ageing.returned_since(origin.now));
  CHECK_FALSE(origin.ageing.returned_since(origin.now + 1ms));
}

TEST_CASE("age adds up: an old word does not make fresh", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(5s);
  origin.speaks(4s);
  CHECK(origin.ageing.state() == State::suspect);
  CHECK(origin.ageing.age(origin.now) == 4s);
  origin.speaks(1s);
  CHECK(origin.ageing.state() == State::fresh);
  CHECK(origin.after(2s) == State::suspect);
}

TEST_CASE("a word heard before is no news", "[discovery]") {
  Origin origin;
  CHECK(origin.ageing.heard(origin.now, 2, 5, 0s, Ageing::From::relay).news);
  CHECK(!origin.ageing.heard(origin.now, 2, 5, 0s, Ageing::From::relay).news);
  CHECK(!origin.ageing.heard(origin.now, 2, 4, 0s, Ageing::From::relay).news);
  CHECK(!origin.ageing.heard(origin.now, 1, 99, 0s, Ageing::From::relay).news);
  CHECK(origin.ageing.heard(origin.now, 3, 1, 0s, Ageing::From::relay).news);
}

TEST_CASE("a life without a word of it is known, and makes nothing younger", "[discovery]") {
  Origin origin;
  origin.speaks();
  CHECK(origin.after(3s) == State::suspect);
  const auto spoke = origin.ageing.spoke_at();
  CHECK_FALSE(origin.ageing.heard(origin.now, 3, 0, 100ms, Ageing::From::relay).news);
  CHECK(origin.ageing.incarnation() == 3);
  CHECK(origin.ageing.spoke_at() == spoke);
  CHECK(origin.ageing.state() == State::suspect);
  CHECK_FALSE(origin.ageing.heard(origin.now, 2, 0, 100ms, Ageing::From::relay).news);
  CHECK(origin.ageing.incarnation() == 3);
  CHECK(origin.ageing.heard(origin.now, 3, 1, 100ms, Ageing::From::relay).news);
  CHECK(origin.ageing.state() == State::fresh);
}

TEST_CASE("whatever others claimed, the origin knows where it is", "[discovery]") {
  Origin origin;
  origin.ageing.heard(origin.now, 9, ~std::uint64_t{0}, 0s, Ageing::From::relay);
  origin.after(5s);
  CHECK(origin.ageing.heard(origin.now, 1, 1, 0s, Ageing::From::origin).news);
  CHECK(origin.ageing.state() == State::fresh);
}

TEST_CASE("answered probes keep a silent origin, unanswered ones demote it at once",
          "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(3s);
  CHECK(origin.probed(Probes::answered) == State::stale);
  CHECK(origin.after(1h) == State::stale);
  CHECK(origin.probed(Probes::unanswered) == State::demoted);
  CHECK(origin.probed(Probes::answered) == State::stale);
}

TEST_CASE("dead is 15 s without a word and without an answer", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(3s);
  origin.probed(Probes::answered);
  origin.now += 10s;
  origin.probed(Probes::unanswered);
  CHECK(origin.after(4s) == State::demoted);
  CHECK(origin.after(1s) == State::dead);
  CHECK(origin.probed(Probes::answered) == State::stale);
}

TEST_CASE("nobody is dead whose endpoints were not asked", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(3s);
  CHECK(origin.after(60s) == State::suspect);
  origin.probed(Probes::nothing_to_probe);
  CHECK(origin.after(0s) == State::dead);
}

TEST_CASE("who left one life has not left the next, though no word of that has come",
          "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.ageing.leaving(1);
  CHECK(origin.ageing.left(1));
  CHECK_FALSE(origin.ageing.left(2));
  origin.speaks(0s, 2);
  CHECK_FALSE(origin.ageing.left(1));
}

TEST_CASE("a frozen judgement demotes nobody", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(3s);
  CHECK(origin.probed(Probes::unanswered, Judgement::frozen) == State::suspect);
  CHECK(origin.after(60s, Judgement::frozen) == State::suspect);
  CHECK(origin.probed(Probes::unanswered) == State::demoted);
}

TEST_CASE("who returns is held for a minute, who leaves is dead", "[discovery]") {
  Origin origin;
  origin.speaks();
  SECTION("returning") {
    origin.ageing.returning(origin.now, 1);
    CHECK(origin.after(59s) == State::returning);
    CHECK(origin.ageing.freshness() == discovery::view::Freshness::stale);
    CHECK(!origin.ageing.wants_probes(origin.now));
    CHECK(origin.after(1s) == State::suspect);
  }
  SECTION("leaving") {
    origin.ageing.leaving(1);
    CHECK(origin.ageing.state() == State::dead);
    CHECK(!origin.ageing.wants_probes(origin.now));
  }
  origin.speaks();  // a relay was slower than the goodbye
  CHECK(origin.ageing.state() != State::fresh);
  origin.speaks(0s, 2);
  CHECK(origin.ageing.state() == State::fresh);
}

TEST_CASE("what we slept through is not the origin's silence", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.now += 10s;
  origin.ageing.forgive(9s);
  CHECK(origin.after(0s) == State::fresh);
  CHECK(origin.ageing.age(origin.now) == 10s);
  CHECK(origin.after(2s) == State::suspect);
}

TEST_CASE("after a day of silence an origin is forgotten", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(3s);
  origin.probed(Probes::unanswered);
  origin.after(12s);
  origin.now += 24h;
  CHECK(origin.ageing.advance(origin.now, Judgement::open) == Kind::forgotten);
}

TEST_CASE("a life that only we remember does not silence a lower one for ever", "[discovery]") {
  Origin origin;
  origin.speaks(0s, 7);
  origin.after(1s);
  CHECK_FALSE(origin.ageing.heard(origin.now, 5, 9, 0s, Ageing::From::relay).news);
  CHECK(origin.after(2s) == State::suspect);
  CHECK_FALSE(origin.ageing.heard(origin.now, 5, 10, 2s, Ageing::From::relay).news);
  CHECK(origin.ageing.heard(origin.now, 5, 11, 0s, Ageing::From::relay).news);
  CHECK(origin.ageing.state() == State::fresh);
}

TEST_CASE("who speaks itself is not probed, who is heard through others alone is", "[discovery]") {
  Origin origin;
  origin.speaks();
  CHECK(origin.ageing.wants_probes(origin.now));
  origin.speaks_itself();
  CHECK(origin.ageing.path(origin.now) == Path::direct);
  origin.now += 2s;
  origin.speaks();
  CHECK_FALSE(origin.ageing.wants_probes(origin.now));
  origin.now += 1s;
  CHECK(origin.ageing.wants_probes(origin.now));
  CHECK(origin.ageing.path(origin.now) == Path::unknown);
  CHECK(origin.ageing.state() == State::fresh);
}

TEST_CASE("the word of others keeps an agent alive and lifts no endpoints", "[discovery]") {
  Origin origin;
  origin.speaks_itself();
  origin.ageing.link_reset();
  origin.speaks();
  CHECK(origin.ageing.state() == State::fresh);
  CHECK(origin.probed(Probes::unanswered) == State::demoted);
  for (int n = 0; n < 60; ++n) {
    origin.after(1s);
    origin.speaks();
    CHECK(origin.ageing.state() == State::demoted);
    CHECK(origin.ageing.wants_probes(origin.now));
  }
  CHECK(origin.ageing.path(origin.now) == Path::fails);
  SECTION("an answer does") {
    CHECK(origin.probed(Probes::answered) == State::fresh);
    CHECK(origin.ageing.path(origin.now) == Path::answers);
  }
  SECTION("its own word does") {
    origin.speaks_itself();
    CHECK(origin.ageing.state() == State::fresh);
    CHECK_FALSE(origin.ageing.wants_probes(origin.now));
  }
  SECTION("its own word does, if others have brought it before") {
    origin.ageing.heard(origin.now, 1, origin.sequence, 0s, Ageing::From::origin);
    CHECK(origin.ageing.state() == State::fresh);
  }
  SECTION("and where there is nothing left to ask the word decides") {
    CHECK(origin.probed(Probes::nothing_to_probe) == State::fresh);
  }
  SECTION("when nobody brings a word any more it dies") { CHECK(origin.after(15s) == State::dead); }
}

TEST_CASE("who comes back from the dead through others alone is asked first", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.after(3s);
  origin.probed(Probes::unanswered);
  REQUIRE(origin.after(12s) == State::dead);
  origin.speaks();
  CHECK(origin.ageing.state() == State::demoted);
  CHECK(origin.probed(Probes::answered) == State::fresh);
}

TEST_CASE("a path that answers is lost by three rounds in a row", "[discovery]") {
  Origin origin;
  origin.speaks();
  const auto round = [&](Probes outcome) {
    origin.after(1s);
    origin.speaks();
    return origin.probed(outcome);
  };
  CHECK(round(Probes::unanswered) == State::fresh);
  CHECK(round(Probes::unanswered) == State::fresh);
  CHECK(round(Probes::answered) == State::fresh);
  CHECK(round(Probes::unanswered) == State::fresh);
  CHECK(round(Probes::unanswered) == State::fresh);
  CHECK(round(Probes::unanswered) == State::demoted);
  CHECK(round(Probes::answered) == State::fresh);
}

TEST_CASE("a path that answers is asked every five seconds, one in doubt every second",
          "[discovery]") {
  Origin origin;
  origin.speaks();
  CHECK(origin.ageing.probe_rhythm() == 1s);
  origin.probed(Probes::answered);
  CHECK(origin.ageing.probe_rhythm() == 5s);
  origin.probed(Probes::unanswered);
  CHECK(origin.ageing.probe_rhythm() == 1s);
  origin.probed(Probes::nothing_to_probe);
  CHECK(origin.ageing.probe_rhythm() == 5s);
  origin.after(3s);
  origin.probed(Probes::answered);
  CHECK(origin.ageing.state() == State::stale);
  CHECK(origin.ageing.probe_rhythm() == 1s);
}

TEST_CASE("who was demoted while others heard it returns from its silence as anybody does",
          "[discovery]") {
  Origin origin;
  origin.speaks_itself();
  origin.ageing.link_reset();
  origin.speaks();
  REQUIRE(origin.probed(Probes::unanswered) == State::demoted);
  origin.now += 20s;
  const auto back = origin.now;
  CHECK_FALSE(origin.ageing.returned_since(back));
  origin.speaks();
  CHECK(origin.ageing.returned_since(back));
  origin.now += 1s;
  origin.speaks();
  CHECK_FALSE(origin.ageing.returned_since(origin.now));
}

TEST_CASE("a frozen judgement gives no path up", "[discovery]") {
  Origin origin;
  origin.speaks_itself();
  origin.ageing.link_reset();
  origin.speaks();
  CHECK(origin.probed(Probes::unanswered, Judgement::frozen) == State::fresh);
  CHECK(origin.probed(Probes::unanswered) == State::demoted);
}

TEST_CASE("who left and came back unheard is asked like any other", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.ageing.leaving(1);
  origin.now += 10s;
  origin.speaks(4s, 2);
  CHECK(origin.ageing.state() == State::dead);
  CHECK(origin.ageing.wants_probes(origin.now));
  CHECK(origin.probed(Probes::answered) == State::stale);
}

TEST_CASE("who left a life that another came before is asked like any other", "[discovery]") {
  Origin origin;
  origin.speaks();
  origin.ageing.leaving(1);
  origin.now += 4s;
  origin.ageing.heard(origin.now, 3, 0, 4s, Ageing::From::relay);  // what others remember
  CHECK(origin.ageing.state() == State::dead);
  CHECK(origin.ageing.wants_probes(origin.now));
  CHECK(origin.probed(Probes::answered) == State::stale);
}

TEST_CASE("a word from another about the life that the disk tells of is a first word",
          "[discovery]") {
  Origin origin;
  origin.ageing = Ageing::remembered(origin.config, origin.now, 4, false);
  CHECK_FALSE(origin.ageing.age(origin.now));
  // Sequence 0: its newest word belonged to another life than the state that is passed on.
  CHECK(origin.ageing.heard(origin.now, 4, 0, 20s, Ageing::From::relay).news);
  CHECK(origin.ageing.age(origin.now) == 20s);
  CHECK_FALSE(origin.ageing.heard(origin.now, 4, 0, 20s, Ageing::From::relay).news);
}
