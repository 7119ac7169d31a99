#include "agent/settings.hpp"

#include <catch2/catch.hpp>

#include "discovery/node.hpp"

namespace {

agent::Config listening(std::vector<std::string> addresses) {
  agent::Config config;
  config.forwarder.listen.clear();
  config.dns.listen.clear();
  for (const auto& text : addresses) {
    const auto ip = base::IpAddress::parse(text).value();
    config.forwarder.listen.push_back(ip);
    config.dns.listen.push_back({ip, 53});
  }
  return config;
}

std::vector<std::string> text(const std::vector<base::IpAddress>& addresses) {
  std::vector<std::string> out;
  for (const auto& ip : addresses) out.push_back(ip.to_string());
  return out;
}

}  // namespace

TEST_CASE("callers are told addresses off loopback, where there is one", "[agent]") {
  const std::vector<std::string> both{"127.0.0.1", "10.99.0.1", "::1", "fd00::1"};
  const std::vector<std::string> off{"10.99.0.1", "fd00::1"};
  CHECK(text(agent::assembly_rules(listening(both)).forwarders) == off);
  CHECK(text(agent::zone_config(listening(both)).ns_addresses) == off);

  const std::vector<std::string> loopback{"127.0.0.1", "::1"};
  CHECK(text(agent::assembly_rules(listening(loopback)).forwarders) == loopback);
  CHECK(text(agent::zone_config(listening(loopback)).ns_addresses) == loopback);
}

TEST_CASE("who can hear nobody waits for nobody, everybody else waits for what others know",
          "[agent]") {
  agent::Config config;
  CHECK(agent::sync_patience(config, true) == base::Duration::zero());
  const auto waits = [](const agent::Config& changed, bool disk_is_whole = true) {
    return agent::sync_patience(changed, disk_is_whole) == discovery::NodeConfig{}.sync_patience;
  };
  CHECK(waits(config, false));
  auto peers = config, advertised = config, listens = config, leaf = config;
  peers.gossip.peers = {{"127.0.0.2", 7700}};
  advertised.gossip.advertise = {"east.example.net", 7700};
  listens.gossip.listen = base::SocketAddress::parse("10.0.0.1:7700").value();
  leaf.role = agent::Role::leaf;
  for (const auto& changed : {peers, advertised, listens, leaf}) CHECK(waits(changed));
}

TEST_CASE("clients of the forwarder leave descriptors to all others", "[agent]") {
  agent::Config config;
  const forwarder::net::Limits shipped;
  CHECK(agent::forwarder_limits(config, 1 << 20, 2).connections == shipped.connections);
  CHECK(agent::forwarder_limits(config, 1 << 20, 2).idle_upstream == shipped.idle_upstream);
  CHECK(agent::forwarder_limits(config, 1024, 2).connections == 128);
  CHECK(agent::forwarder_limits(config, 1024, 2).idle_upstream == 128);
  CHECK(agent::forwarder_limits(config, 0, 64).connections == 1);
  config.forwarder.limits.connections = 100;
  config.forwarder.limits.body = 5;
  CHECK(agent::forwarder_limits(config, 1 << 20, 2).connections == 100);
  CHECK(agent::forwarder_limits(config, 1 << 20, 2).body == 5);
}
