#include <cstdlib>

#include "agent/config.hpp"
#include "tests/unit/agent_config/parsing.hpp"

#include <catch2/catch.hpp>

using parsing::parse;
using parsing::told;

namespace {

// A variable of the environment, for the time of a test.
class Variable {
 public:
  Variable(const char* name, const char* text) : name_(name) { setenv(name, text, 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("what the environment holds stands where a value names it", "[agent_config]") {
  const Variable ip("POD_IP", "10.1.2.3"), zone("ZONE_1", "us-east-1a");
  const auto loaded = parse(
      "cluster: east\n"
      "locality: {region: us-east, zone: \"${ZONE_1}\"}\n"
      "gossip: {insecure: true, listen: \"${POD_IP}:7700\", peers: "
      "[\"x-${ZONE_1}-${POD_IP}:7700\"]}\n"
      "dns:\n  listen: ${POD_IP}:7753\n");
  CHECK(told(loaded.problems).find("error") == std::string::npos);
  CHECK(loaded.config.locality.zone == "us-east-1a");
  CHECK(loaded.config.gossip.listen.to_string() == "10.1.2.3:7700");
  CHECK(loaded.config.gossip.peers.at(0).host == "x-us-east-1a-10.1.2.3");
  CHECK(loaded.config.dns.listen.at(0).to_string() == "10.1.2.3:7753");
}

TEST_CASE("what a variable holds is text: no list, no field, no variable", "[agent_config]") {
  const Variable name("NAME_OF_IT", "[a, b]"), other("OTHER", "${NAME_OF_IT}");
  CHECK_THAT(told(parse("cluster: ${NAME_OF_IT}\n").problems), Catch::Contains("not a DNS label"));
  CHECK(parse("cluster: east\nlocality: {region: \"${OTHER}\"}\n").config.locality.region ==
        "${NAME_OF_IT}");
  CHECK(parse("cluster: east\nlocality: {region: \"$OTHER $ {x}\"}\n").config.locality.region ==
        "$OTHER $ {x}");
}

TEST_CASE("a variable that is not there is one mistake, with its line", "[agent_config]") {
  const auto said = told(parse("cluster: east\ndns:\n  listen: ${NO_SUCH}:7753\n").problems);
  CHECK(said ==
        "agent.yaml:3:11: error: dns.listen: the environment has no NO_SUCH; set it for this "
        "process, or write the value itself\n");
  for (const auto* bad : {"${", "${}", "${POD-IP}", "${pod}", "${1}"})
    CHECK_THAT(told(parse("cluster: \"" + std::string(bad) + "\"\n").problems),
               Catch::Contains("\"${\" without the name of a variable"));
}
