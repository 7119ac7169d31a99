#include "base/result.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>

using namespace base;

TEST_CASE("a result holds a value or an error", "[base]") {
  const Result<int> good(7);
  REQUIRE(good);
  REQUIRE(*good == 7);
  const Result<int> bad(invalid("not a number"));
  REQUIRE_FALSE(bad);
  REQUIRE(bad.error() == Error{Code::invalid, "not a number"});
  REQUIRE(Result<int>(bad).value_or(3) == 3);
  REQUIRE(Result<int>(good).value_or(3) == 7);
  const Result<void> done;
  REQUIRE(done);
  const Result<void> refused(unavailable("later"));
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().message == "later");
}

TEST_CASE("a value that can only be moved can be taken out", "[base]") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const auto taken = std::move(*result);
  REQUIRE(*taken == 5);
}

TEST_CASE("an error says whether trying again helps", "[base]") {
  struct Row {
    Code code;
    bool again;
    const char* text;
  };
  for (const auto& row : {Row{Code::invalid, false, "invalid"},
                          {Code::not_found, false, "not found"},
                          {Code::unavailable, true, "unavailable"},
                          {Code::timeout, true, "timeout"},
                          {Code::exhausted, false, "exhausted"},
                          {Code::internal, false, "internal"}}) {
    REQUIRE(Error{row.code, ""}.worth_retrying() == row.again);
    REQUIRE(to_string(row.code) == row.text);
  }
}

TEST_CASE("an errno becomes a sentence", "[base]") {
  const auto error = from_errno("open agent.yaml", ENOENT);
  REQUIRE(error.message == "open agent.yaml: No such file or directory");
  REQUIRE(error.code == Code::unavailable);
}
