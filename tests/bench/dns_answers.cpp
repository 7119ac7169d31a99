// dns_answers HOSTS ENDPOINTS: what the responder needs for a query, from its bytes to the
// answer's, of a table of so many hosts with so many endpoints each, two tiers and one port. No
// sockets.
#include <cstdio>
#include <cstdlib>

#include "tests/bench/processor.hpp"
#include "tests/unit/dns/mesh.hpp"

namespace {

std::string host(std::size_t n) {
  return "service-" + std::to_string(n) + ".team-" + std::to_string(n % 16) + ".mesh.internal";
}
std::string address(std::size_t n) {
  return "10." + std::to_string(n >> 16 & 255) + "." + std::to_string(n >> 8 & 255) + "." +
         std::to_string(n & 255);
}

struct Case {
  const char* what;
  const char* prefix;
  std::uint16_t type;
  bool edns;
};
constexpr Case kCases[] = {
    {"A", "", 1, false},
    {"A, EDNS", "", 1, true},
    {"AAAA: no data", "", 28, false},
    {"SRV, EDNS", "_http._tcp.", 33, true},
    {"no such name", "nope.", 1, false},
    {"an endpoint's A", nullptr, 1, false},
};

}  // namespace

int main(int, char** arguments) {
  const auto hosts = static_cast<std::size_t>(std::atol(arguments[1]));
  const auto endpoints = static_cast<std::size_t>(std::atol(arguments[2]));
  mesh::Mesh mesh;
  for (std::size_t n = 0; n < hosts; ++n) {
    mesh::TestHost described{.host = host(n), .tiers = {{1, {}}, {0, {}}}};
    for (std::size_t i = 0; i < endpoints; ++i)
      described.tiers[i % 2].endpoints.push_back({address(n * endpoints + i)});
    mesh.add(described);
  }
  mesh::Asker asker(mesh.table());
  base::Random order(7);
  constexpr std::size_t kQueries = 4096, kRounds = 400;
  for (const auto& c : kCases) {
    std::vector<reading::Bytes> queries;
    for (std::size_t i = 0; i < kQueries; ++i) {
      const auto n = order.below(hosts);
      auto prefix = c.prefix ? std::string(c.prefix) : address(n * endpoints) + ".";
      if (!c.prefix) std::replace(prefix.begin(), prefix.end() - 1, '.', '-');
      queries.push_back(reading::make({.name = prefix + host(n), .type = c.type, .edns = c.edns}));
    }
    std::array<std::uint8_t, 2048> buffer;
    const dns::Client client{base::IpAddress::v4(0x7f000001), dns::Transport::udp};
    double best = 1e30;
    std::size_t bytes = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
      const auto began = bench::processor_time();
      for (const auto& query : queries) {
        std::copy(query.begin(), query.end(), buffer.begin());
        bytes += dns::answer(asker.table.get(), client, buffer, query.size(), asker.random,
                             asker.counters);
      }
      const std::chrono::duration<double, std::nano> passed = bench::processor_time() - began;
      best = std::min(best, passed.count() / kQueries);
    }
    std::printf("  %-18s %8.1f ns  %5zu bytes\n", c.what, best, bytes / kQueries / kRounds);
  }
}
