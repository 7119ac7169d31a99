// agent.yaml of a leaf.
#include "tests/unit/agent_config/parsing.hpp"

#include <catch2/catch.hpp>

using parsing::parse;
using parsing::told;

TEST_CASE("a leaf is its cluster, its role and its homes", "[agent_config]") {
  const auto loaded = parse(
      "cluster: east\nrole: leaf\ngossip: {peers: [east.example.net:7700], insecure: true}\n");
  CHECK(told(loaded.problems) == "");
  CHECK(loaded.config.is_leaf());
  CHECK(loaded.config.dns.listen.front().to_string() == "127.0.0.1:7753");
  CHECK(loaded.config.forwarder.listen.front().to_string() == "127.0.0.1");
  CHECK_FALSE(parse("cluster: east\n").config.is_leaf());
}

TEST_CASE("what is printed of a leaf reads back as that leaf", "[agent_config]") {
  const auto config =
      parse("cluster: east\nrole: leaf\ngossip: {peers: ['10.0.0.1:7700'], insecure: true}\n")
          .config;
  const auto again = parse(agent::print(config));
  CHECK(told(again.problems) == "");
  CHECK(again.config == config);
}

TEST_CASE("an agent becomes a leaf by a restart, and a leaf moves without one", "[agent_config]") {
  const auto agent = parse("cluster: east\ngossip: {peers: ['127.0.0.1:7701']}\n").config;
  auto leaf = agent;
  leaf.role = agent::Role::leaf;
  const auto fixed = agent::changes_that_need_a_restart(agent, leaf);
  CHECK(std::find(fixed.begin(), fixed.end(), "role") != fixed.end());
  auto moved = leaf;
  moved.gossip.peers = {{"127.0.0.2", 7700}};
  CHECK(agent::changes_that_need_a_restart(leaf, moved).empty());
  CHECK(agent::with_live_changes(leaf, moved) == moved);
}

TEST_CASE("what a leaf cannot be is named with its line, its field and a remedy",
          "[agent_config]") {
  struct Case {
    std::string_view text, problem;  // the only problem there is
  };
  const Case cases[] = {
      {"cluster: east\nrole: leef\n", "agent.yaml:2:7: error: role: \"leef\" is not a known value"},
      {"cluster: east\nrole: leaf\n",
       "agent.yaml:2:7: error: role: a leaf without a home knows nothing; name agents of cluster "
       "east: gossip: {peers: [HOST:7700]}"},
      {"cluster: east\nrole: leaf\nreplica: 1\ngossip: {peers: ['127.0.0.1:7700']}\n",
       "agent.yaml:3:10: error: replica: a leaf is no replica: it publishes nothing; remove it"},
      {"cluster: east\nrole: leaf\nreplicas: 2\ngossip: {peers: ['127.0.0.1:7700']}\n",
       "agent.yaml:3:11: error: replicas: a leaf is no replica: it publishes nothing; remove it"},
      {"cluster: east\nrole: leaf\ngossip:\n  listen: 127.0.0.1:7700\n"
       "  peers: ['127.0.0.1:7701']\n",
       "agent.yaml:4:11: error: gossip.listen: a leaf takes no links; remove it: a leaf dials its "
       "homes, gossip.peers"},
      {"cluster: east\nrole: leaf\ngossip: {advertise: 'e:1', peers: ['127.0.0.1:7701']}\n",
       "gossip.advertise: a leaf takes no links"},
      {"cluster: east\nrole: leaf\ngossip: {peers: [east.example.net:7700]}\n",
       "agent.yaml:3:9: error: gossip: a leaf believes its home, which is not on loopback and has "
       "no certificate to show; issue certificates (`nearmost tls issue --cluster NAME --leaf`)"},
  };
  for (const auto& [text, problem] : cases) {
    const auto problems = parse(text).problems;
    INFO(text << told(problems));
    CHECK(problems.size() == 1);
    CHECK_THAT(told(problems), Catch::Contains(std::string(problem)));
  }
}
