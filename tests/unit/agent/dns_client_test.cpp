#include "agent/client/dns_client.hpp"

#include <catch2/catch.hpp>

#include "dns/net/tcp_server.hpp"
#include "tests/unit/dns_net/live.hpp"

TEST_CASE("`nearmost resolve` shows every address of a long answer, which comes over TCP") {
  mesh::TestHost many{.host = "many.mesh.internal", .tiers = {{1, {}}}, .headless = true};
  for (int i = 0; i < 300; ++i)
    many.tiers[0].endpoints.push_back(
        {"10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)});
  dns::net::Tables tables(mesh::Mesh().add(many).table());
  auto sockets = dns::net::open_sockets(live::loopback(), 1).value();
  const auto address = sockets.address;
  dns::net::UdpServer udp(std::move(sockets.udp), tables, 1);
  const auto tcp = dns::net::TcpServer::start(std::move(sockets.tcp), tables, 1).value();
  const auto answer = agent::client::look_up(address, "many.mesh.internal", "A");
  CHECK(answer.failure.empty());
  CHECK(answer.records.size() == 300);
}
