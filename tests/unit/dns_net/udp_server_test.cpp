#include "dns/net/udp_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "dns/message.hpp"
#include "tests/unit/dns_net/live.hpp"

using dns::net::open_sockets;
using dns::net::Tables;
using dns::net::UdpServer;

TEST_CASE("every query of a burst is answered, by whichever worker gets it") {
  Tables tables(mesh::bookinfo().table());
  auto sockets = open_sockets(live::loopback(), 2);
  REQUIRE(sockets.ok());
  REQUIRE(sockets->udp.size() == 2);
  UdpServer server(std::move(sockets->udp), tables, 1);

  // Several clients, so that the kernel spreads them over the sockets.
  std::vector<live::Fd> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(live::udp_client(sockets->address));
    for (std::uint16_t id = 0; id < 100; ++id)
      live::send(clients.back().get(), reading::make({.id = id}));
  }
  for (const auto& client : clients) {
    std::set<std::uint16_t> ids;
    for (int i = 0; i < 100; ++i) {
      const auto bytes = live::receive(client.get());
      const auto answer = reading::read(bytes.data(), bytes.size());
      REQUIRE(answer);
      REQUIRE(answer->answer.size() == 3);
      ids.insert(answer->id);
    }
    REQUIRE(ids.size() == 100);
  }
  server.stop();
  std::uint64_t queries = 0;
  for (std::size_t i = 0; i < server.workers(); ++i) queries += server.counters(i).queries[0].get();
  CHECK(queries == 1600);
}

TEST_CASE("answers to one client leave together, whatever their sizes, and to no other") {
  Tables tables(mesh::bookinfo().table());
  for (const auto* address : {"127.0.0.1:0", "[::1]:0"}) {
    auto sockets = open_sockets(base::SocketAddress::parse(address).value(), 1);
    REQUIRE(sockets.ok());
    // They wait in the socket, so that one batch has them all.
    constexpr std::size_t kClients = 3, kQueries = 20;
    const std::string kKnown = "ratings.mesh.internal", kUnknown = "nobody.mesh.internal";
    std::vector<live::Fd> clients;
    for (std::size_t i = 0; i < kClients; ++i)
      clients.push_back(live::udp_client(sockets->address));
    for (std::uint16_t id = 0; id < kQueries; ++id)
      for (const auto& client : clients)
        live::send(client.get(), reading::make({.name = id % 3 ? kKnown : kUnknown, .id = id}));
    UdpServer server(std::move(sockets->udp), tables, 1);
    for (const auto& client : clients) {
      std::set<std::uint16_t> ids;
      for (std::size_t i = 0; i < kQueries; ++i) {
        const auto bytes = live::receive(client.get());
        const auto answer = reading::read(bytes.data(), bytes.size());
        REQUIRE(answer);
        CHECK(answer->rcode == (answer->id % 3 ? 0 : 3));
        ids.insert(answer->id);
      }
      CHECK(ids.size() == kQueries);
    }
    server.stop();
    CHECK(server.counters(0).grouped.get() >= kClients * (kQueries - 2 * 2));
  }
}

TEST_CASE("who has waited too long is not answered") {
  Tables tables(mesh::bookinfo().table());
  auto sockets = open_sockets(live::loopback(), 1);
  REQUIRE(sockets.ok());
  UdpServer server(std::move(sockets->udp), tables, 1, base::Duration::zero());
  const auto client = live::udp_client(sockets->address);
  for (int i = 0; i < 10; ++i) live::send(client.get(), reading::make({}));
  const auto& counters = server.counters(0);
  while (counters.late.get() + counters.responses[0].get() < 10) std::this_thread::yield();
  server.stop();
  CHECK(counters.responses[0].get() == 0);
}

TEST_CASE("row 31: no path MTU is believed, for anybody can forge one") {
  for (const auto* address : {"127.0.0.1:0", "[::1]:0"}) {
    const auto sockets = open_sockets(base::SocketAddress::parse(address).value(), 2);
    REQUIRE(sockets.ok());
    for (const auto& socket : sockets->udp) {
      const bool v6 = address[0] == '[';
      int discovers = -1;
      socklen_t size = sizeof discovers;
      REQUIRE(::getsockopt(socket.get(), v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                           v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &discovers, &size) == 0);
      CHECK(discovers == IP_PMTUDISC_OMIT);
    }
  }
}

TEST_CASE("rubbish is dropped or refused, and the next query is answered") {
  Tables tables(mesh::bookinfo().table());
  auto sockets = open_sockets(live::loopback(), 1);
  REQUIRE(sockets.ok());
  UdpServer server(std::move(sockets->udp), tables, 1);
  const auto client = live::udp_client(sockets->address);
  live::send(client.get(), {});
  live::send(client.get(), reading::Bytes(11, 0xff));
  live::send(client.get(), reading::Bytes(5000, 0x00));
  auto bytes = live::receive(client.get());
  CHECK(reading::read(bytes.data(), bytes.size())->rcode == 1);
  live::send(client.get(), reading::make({}));
  bytes = live::receive(client.get());
  CHECK(reading::read(bytes.data(), bytes.size())->answer.size() == 3);
  server.stop();
  CHECK(server.counters(0).short_messages.get() >= 2);
}

// As a datagram from port 0, which only a raw socket can send; false where that is not allowed.
bool send_from_port_0(const base::SocketAddress& server, const reading::Bytes& query) {
  constexpr std::size_t kHead = 8;  // source, destination, length, checksum 0: none
  const bool v4 = server.ip.is_v4();
  const live::Fd raw(::socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP));
  if (raw.get() < 0) return false;
  const int checksum_at = 6;  // IPv6 must have one
  if (!v4) ::setsockopt(raw.get(), IPPROTO_IPV6, IPV6_CHECKSUM, &checksum_at, sizeof checksum_at);
  reading::Bytes datagram(kHead + query.size());
  dns::put_u16(datagram, 2, server.port);
  dns::put_u16(datagram, 4, static_cast<std::uint16_t>(datagram.size()));
  std::copy(query.begin(), query.end(), datagram.begin() + kHead);
  sockaddr_storage to{};
  const auto length = base::net::to_sockaddr({server.ip, 0}, to);
  const auto sent = ::sendto(raw.get(), datagram.data(), datagram.size(), 0,
                             reinterpret_cast<const sockaddr*>(&to), length);
  return sent == static_cast<ssize_t>(datagram.size());
}

TEST_CASE("a query from port 0 is dropped and counted, and is no error") {
  Tables tables(mesh::bookinfo().table());
  for (const auto* address : {"127.0.0.1:0", "[::1]:0"}) {
    auto sockets = open_sockets(base::SocketAddress::parse(address).value(), 1);
    REQUIRE(sockets.ok());
    // In one batch: what cannot be answered stands between two that can.
    const auto client = live::udp_client(sockets->address);
    live::send(client.get(), reading::make({.id = 1}));
    if (!send_from_port_0(sockets->address, reading::make({.id = 2}))) {
      WARN("no raw sockets here: skipped");
      return;
    }
    live::send(client.get(), reading::make({.id = 3}));
    UdpServer server(std::move(sockets->udp), tables, 1);
    std::set<std::uint16_t> answered;
    for (int i = 0; i < 2; ++i) {
      const auto bytes = live::receive(client.get());
      const auto answer = reading::read(bytes.data(), bytes.size());
      REQUIRE(answer);
      answered.insert(answer->id);
    }
    server.stop();
    const auto& counters = server.counters(0);
    CHECK(answered == std::set<std::uint16_t>{1, 3});
    CHECK(counters.short_messages.get() == 1);
    CHECK(counters.responses[0].get() == 2);
    CHECK(counters.send_errors.get() == 0);
    CHECK(counters.receive_errors.get() == 0);
  }
}

TEST_CASE("what waits in a socket is answered by the server that takes it over") {
  Tables tables(mesh::bookinfo().table());
  auto sockets = open_sockets(live::loopback(), 1);
  REQUIRE(sockets.ok());
  live::Fd kept(::dup(sockets->udp.front().get()));  // as a supervisor does
  const auto client = live::udp_client(sockets->address);
  {
    UdpServer server(std::move(sockets->udp), tables, 1);
    live::send(client.get(), reading::make({}));
    CHECK(!live::receive(client.get()).empty());
    server.stop();
  }
  live::send(client.get(), reading::make({.id = 7}));
  std::vector<live::Fd> again;
  again.push_back(std::move(kept));
  const UdpServer server(std::move(again), tables, 2);
  const auto bytes = live::receive(client.get());
  const auto answer = reading::read(bytes.data(), bytes.size());
  REQUIRE(answer);
  CHECK(answer->id == 7);
}

TEST_CASE("a published table is what the next query is answered from, and the old one is freed") {
  Tables tables;
  auto sockets = open_sockets(live::loopback(), 1);
  REQUIRE(sockets.ok());
  // The first waits for a table for a second, which on a busy machine is longer.
  UdpServer server(std::move(sockets->udp), tables, 1, std::chrono::hours(1));
  const auto client = live::udp_client(sockets->address);
  const auto ask = [&] {
    live::send(client.get(), reading::make({}));
    const auto bytes = live::receive(client.get());
    const auto answer = reading::read(bytes.data(), bytes.size());
    return answer ? *answer : reading::Answer{};
  };
  CHECK(ask().rcode == 2);  // no table yet
  tables.publish(mesh::bookinfo().table());
  CHECK(ask().answer.size() == 3);
  tables.publish(mesh::Mesh().table());
  CHECK(ask().rcode == 3);
  server.stop();
  tables.collect();
  CHECK(tables.retired() == 0);
}

TEST_CASE(
    "a second agent on the same address is refused with a remedy, also where workers share a "
    "port") {
  auto first = open_sockets(live::loopback(), 2);
  REQUIRE(first.ok());
  const auto second = open_sockets(first->address, 2);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().message.find(first->address.to_string()) != std::string::npos);
  CHECK(second.error().message.find("another process serves there") != std::string::npos);
  first->tcp.reset();
  CHECK_FALSE(open_sockets(first->address, 1).ok());
}

TEST_CASE("an address that is not ours is refused with a remedy") {
  const auto sockets = open_sockets(base::SocketAddress::parse("192.0.2.1:0").value(), 1);
  REQUIRE_FALSE(sockets.ok());
  CHECK(sockets.error().message.find("no interface has this address") != std::string::npos);
  CHECK_FALSE(open_sockets(base::SocketAddress::parse("0.0.0.0:0").value(), 1).ok());
}

TEST_CASE("an idle server stops at once, and twice is once") {
  Tables tables;
  auto sockets = open_sockets(live::loopback(), 3);
  REQUIRE(sockets.ok());
  UdpServer server(std::move(sockets->udp), tables, 1);
  server.stop();
  server.stop();
}
