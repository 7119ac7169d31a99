// Whom requests keep away from, and who goes to see.
#include "forwarder/suspicion.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using forwarder::Suspicion;

namespace {

struct Suspect {
  base::TimePoint now{1h};
  Suspicion suspicion;
  void fails() { suspicion.failed(now); }
  bool avoided(base::Duration later = {}) { return suspicion.avoids(now += later); }
};

}  // namespace

TEST_CASE("who fails again and again is avoided for twice as long each time, a minute at most",
          "[forwarder]") {
  Suspect suspect;
  CHECK_FALSE(suspect.avoided());
  for (const auto time : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    suspect.fails();
    suspect.fails();  // requests that fail together are one failure
    CHECK(suspect.avoided(time - 1ms));
    CHECK_FALSE(suspect.avoided(1ms));
  }
  suspect.suspicion.answered();
  suspect.fails();
  CHECK_FALSE(suspect.avoided(1s));
}

TEST_CASE("one request goes on trial, and the others come when an answer begins", "[forwarder]") {
  Suspect suspect;
  CHECK_FALSE(suspect.suspicion.begin_trial());  // nothing is doubted
  suspect.fails();
  suspect.now += 1s;
  CHECK(suspect.suspicion.begin_trial());
  CHECK_FALSE(suspect.suspicion.begin_trial());
  CHECK(suspect.avoided(30s));
  SECTION("an answer") {
    suspect.suspicion.answers();
    CHECK_FALSE(suspect.avoided());
    SECTION("that breaks off counts on") {
      suspect.fails();
      CHECK(suspect.avoided(1999ms));
      CHECK_FALSE(suspect.avoided(1ms));
    }
    SECTION("that is whole restores the trust") {
      suspect.suspicion.answered();
      CHECK(suspect.suspicion.trusts());
    }
  }
  SECTION("its client is gone before there is one: another tries") {
    suspect.suspicion.trial_over();
    CHECK_FALSE(suspect.avoided());
    CHECK(suspect.suspicion.begin_trial());
  }
}

TEST_CASE("nobody is sent to where a knock opens nothing, and one when it does", "[forwarder]") {
  Suspect suspect;
  suspect.fails();
  suspect.suspicion.knocks();
  CHECK(suspect.avoided(1h));
  SECTION("it opens") {
    suspect.suspicion.knocked(suspect.now, Suspicion::Knock::opened);
    CHECK_FALSE(suspect.avoided());
    CHECK(suspect.suspicion.begin_trial());
    CHECK(suspect.avoided());
  }
  SECTION("it opens long before the time of avoidance is over") {
    for (int n = 0; n < 5; ++n) suspect.fails(), suspect.now += 1h;
    suspect.fails();
    suspect.suspicion.knocked(suspect.now, Suspicion::Knock::opened);
    CHECK_FALSE(suspect.avoided());
  }
  SECTION("in vain: from now on time decides") {
    suspect.suspicion.knocked(suspect.now, Suspicion::Knock::in_vain);
    CHECK_FALSE(suspect.avoided());
  }
}

TEST_CASE("a time that a policy made short is a failure when several pass without an answer") {
  forwarder::Suspicion suspicion;
  const base::TimePoint now{};
  for (unsigned i = 1; i < forwarder::kTooSlowInARow; ++i) suspicion.too_slow(now);
  CHECK(suspicion.trusts());
  suspicion.answers();
  for (unsigned i = 1; i < forwarder::kTooSlowInARow; ++i) suspicion.too_slow(now);
  CHECK(suspicion.trusts());
  suspicion.too_slow(now);
  CHECK(suspicion.avoids(now));
}
