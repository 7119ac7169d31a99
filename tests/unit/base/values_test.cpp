// The small values: durations, labels, localities.

#include <catch2/catch.hpp>

#include "base/labels.hpp"
#include "base/locality.hpp"
#include "base/time.hpp"

using namespace base;
using namespace std::chrono_literals;

TEST_CASE("a duration reads as a person would say it", "[base]") {
  struct Row {
    Duration duration;
    const char* text;
  };
  for (const auto& row : {Row{0ms, "0ms"},
                          {850ms, "850ms"},
                          {999ms, "999ms"},
                          {1s, "1.0s"},
                          {4100ms, "4.1s"},
                          {59'900ms, "59.9s"},
                          {59'999ms, "59.9s"},
                          {60s, "1m0s"},
                          {192s, "3m12s"},
                          {3599s, "59m59s"},
                          {3600s, "1h0m"},
                          {26h, "26h0m"},
                          {26h + 5min, "26h5m"},
                          {-850ms, "-850ms"},
                          {-90s, "-1m30s"}})
    REQUIRE(to_string(row.duration) == row.text);
  REQUIRE(to_ms(1500us) == 1);
}

TEST_CASE("a locality is written as far as it is known", "[base]") {
  REQUIRE(Locality{}.to_string() == "");
  REQUIRE(Locality{}.empty());
  REQUIRE(Locality{"us-east", "", ""}.to_string() == "us-east");
  REQUIRE(Locality{"us-east", "a", ""}.to_string() == "us-east/a");
  REQUIRE(Locality{"us-east", "a", "1"}.to_string() == "us-east/a/1");
  REQUIRE(Locality{"us-east", "", "1"}.to_string() == "us-east//1");
  REQUIRE_FALSE(Locality{"", "a", ""}.empty());
}

TEST_CASE("a subset matches when each of its labels does", "[base]") {
  const Labels labels{{"app", "reviews"}, {"version", "v2"}};
  REQUIRE(contains_all(labels, {}));
  REQUIRE(contains_all(labels, {{"version", "v2"}}));
  REQUIRE(contains_all(labels, labels));
  REQUIRE_FALSE(contains_all(labels, {{"version", "v1"}}));
  REQUIRE_FALSE(contains_all(labels, {{"version", "v2"}, {"zone", "a"}}));
  REQUIRE_FALSE(contains_all({}, {{"app", ""}}));
}
