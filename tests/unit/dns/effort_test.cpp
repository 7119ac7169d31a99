// What responder.hpp and udp_server.hpp promise: nothing is allocated or locked for an answer of
// ours.
#include "dns/responder.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "tests/unit/dns/effort.hpp"
#include "tests/unit/dns_net/live.hpp"

using effort::Effort;

namespace {

struct Kind {
  const char* what;
  reading::Ask ask;
  std::uint16_t rcode;
};

const std::string kHost = "ratings.mesh.internal";

// All that an authoritative answer can be made of, but an explanation.
std::vector<Kind> kinds() {
  return {
      {"A", {.name = kHost}, 0},
      {"A with EDNS", {.name = kHost, .edns = true}, 0},
      {"A in mixed case", {.name = "RaTiNgS.mesh.INTERNAL"}, 0},
      {"A by weight", {.name = "uneven.mesh.internal"}, 0},
      {"A of hundreds", {.name = "large.mesh.internal"}, 0},
      {"an endpoint's A", {.name = "10-0-0-1." + kHost}, 0},
      {"no data", {.name = kHost, .type = 28}, 0},
      {"SRV", {.name = "_http._tcp." + kHost, .type = 33, .edns = true}, 0},
      {"what a wildcard stands for", {.name = "a.b.wild.mesh.internal"}, 0},
      {"SRV below it", {.name = "_http._tcp.a.b.wild.mesh.internal", .type = 33, .edns = true}, 0},
      {"SOA", {.name = "mesh.internal", .type = 6}, 0},
      {"NS", {.name = "mesh.internal", .type = 2}, 0},
      {"no such name", {.name = "nope." + kHost}, 3},
      {"no such name with EDNS", {.name = "nope.mesh.internal", .edns = true}, 3},
      {"a name of others", {.name = "example.com"}, 5},
      {"ANY", {.name = kHost, .type = 255}, 0},
  };
}

mesh::Mesh make_mesh() {
  auto mesh = mesh::bookinfo();
  mesh.add(
      {.host = "uneven.mesh.internal",
       .tiers = {{0.5, {{.ip = "10.0.1.1", .weight = 3}, {"10.0.1.2"}}}, {0.5, {{"10.1.1.1"}}}}});
  mesh.add({.host = "*.wild.mesh.internal", .tiers = {{1, {{.ip = "10.3.0.1"}}}}});
  mesh::TestHost large{.host = "large.mesh.internal", .tiers = {{1, {}}}};
  for (int i = 0; i < 300; ++i)
    large.tiers[0].endpoints.push_back(
        {"10.2." + std::to_string(i / 100) + "." + std::to_string(i % 100)});
  return mesh.add(large);
}

}  // namespace

TEST_CASE("an allocation and a lock are seen") {
  const auto before = effort::so_far();
  auto* const text = new std::string(100, 'x');
  auto* volatile block = std::malloc(10);
  std::mutex mutex;
  mutex.lock();
  mutex.unlock();
  const auto used = effort::so_far() - before;
  std::free(block);
  delete text;
  CHECK(used.allocations == 3);
  CHECK(used.locks == 1);
}

TEST_CASE("an authoritative answer takes no allocation and no lock") {
  mesh::Asker asker(make_mesh().table());
  const dns::Client client{base::IpAddress::v4(0x7f000001), dns::Transport::udp};
  for (const auto& kind : kinds()) {
    INFO(kind.what);
    const auto query = reading::make(kind.ask);
    std::array<std::uint8_t, 2048> buffer;
    std::size_t length = 0;
    const auto before = effort::so_far();
    for (int i = 0; i < 100; ++i) {
      std::copy(query.begin(), query.end(), buffer.begin());
      length = dns::answer(asker.table.get(), client, buffer, query.size(), asker.random,
                           asker.counters, &asker.foreign);
    }
    const auto used = effort::so_far() - before;  // Catch's macros allocate
    CHECK(used.allocations == 0);
    CHECK(used.locks == 0);
    const auto answer = reading::read(buffer.data(), length);
    REQUIRE(answer);
    CHECK(answer->rcode == kind.rcode);
  }
}

TEST_CASE("an explanation is made of words, which allocate, and takes no lock") {
  mesh::Asker asker(make_mesh().table());
  const auto query = reading::make({.name = "_explain." + kHost, .type = 16});
  const auto before = effort::so_far();
  asker.send(query);
  const auto used = effort::so_far() - before;
  CHECK(used.allocations > 0);
  CHECK(used.locks == 0);
}

TEST_CASE("from the socket and back into it takes no allocation and no lock") {
  dns::net::Tables tables;
  tables.publish(make_mesh().table());
  auto sockets = dns::net::open_sockets(live::loopback(), 1);
  REQUIRE(sockets);
  dns::net::UdpServer server(std::move(sockets->udp), tables, 1);
  const auto client = live::udp_client(sockets->address);
  std::array<std::uint8_t, 2048> buffer;
  const auto all = kinds();
  std::vector<reading::Bytes> queries;
  for (const auto& kind : all) queries.push_back(reading::make(kind.ask));
  // Everything that is made once, by us and by libc, is made with the first.
  Effort before;
  for (int round = 0; round < 20; ++round) {
    if (round == 1) before = effort::so_far();
    for (const auto& query : queries) {
      live::send(client.get(), query);
      if (!live::wait_readable(client.get())) FAIL("no answer");
      if (::recv(client.get(), buffer.data(), buffer.size(), 0) < 12) FAIL("a short answer");
    }
  }
  const auto used = effort::so_far() - before;
  CHECK(used.allocations == 0);
  CHECK(used.locks == 0);
  server.stop();
}
