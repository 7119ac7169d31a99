#include "base/log.hpp"

#include "tests/unit/base/standard_error.hpp"

#include <catch2/catch.hpp>

using namespace base;

TEST_CASE("an event is one line of text that can be taken apart again", "[base]") {
  const auto line = standard_error_of([] {
    Logger log(LogLevel::info, LogFormat::text);
    log.warn("gossip", "link down",
             {{"peer", "west"}, {"reason", "connection \"reset\"\n"}, {"tries", 3}});
  });
  const auto behind_the_time = line.substr(line.find(' ') + 1);
  REQUIRE(
      behind_the_time ==
      "warn gossip \"link down\" peer=west reason=\"connection \\\"reset\\\"\\u000a\" tries=3\n");
}

TEST_CASE("as JSON it is one object a line", "[base]") {
  const auto line = standard_error_of([] {
    Logger log(LogLevel::info, LogFormat::json);
    log.info("dns", "100% \\ {}", {{"zone", "mesh.internal"}});
  });
  REQUIRE(line.starts_with("{\"ts\":\""));
  REQUIRE(
      line.ends_with("\"level\":\"info\",\"component\":\"dns\",\"msg\":\"100% \\\\ "
                     "{}\",\"zone\":\"mesh.internal\"}\n"));
}

TEST_CASE("what is below the level is not written, and the level may change", "[base]") {
  const auto text = standard_error_of([] {
    Logger log(LogLevel::warn, LogFormat::text);
    log.info("a", "hidden");
    log.set_level(LogLevel::debug);
    log.debug("a", "shown");
    log.set_level(LogLevel::off);
    log.error("a", "hidden too");
  });
  REQUIRE(text.find("hidden") == std::string::npos);
  REQUIRE(text.find("shown") != std::string::npos);
}
