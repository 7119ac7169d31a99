#include "dns/responder.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/unit/dns/mesh.hpp"

namespace {

constexpr std::size_t kAnswers = 1'000'000;
constexpr std::size_t kRecordHeader = 12;  // in front of an address

// How often each of a tier's members, 10.0.0.0 and so on, is the first record of an answer.
std::vector<std::size_t> count_first(std::size_t members) {
  mesh::TestHost host{.host = "ratings.mesh.internal", .tiers = {{1, {}}, {0, {{"10.1.0.1"}}}}};
  for (std::size_t i = 0; i < members; ++i)
    host.tiers[0].endpoints.push_back({"10.0.0." + std::to_string(i)});
  mesh::Mesh mesh;
  mesh::Asker asker(mesh.add(host).table());
  const auto query = reading::make({});
  const dns::Client client{base::IpAddress::v4(0x7f000001), dns::Transport::udp};
  std::array<std::uint8_t, 512> buffer;
  std::copy(query.begin(), query.end(), buffer.begin());
  std::vector<std::size_t> first(members);
  for (std::size_t i = 0; i < kAnswers; ++i) {
    std::copy_n(query.begin(), dns::kHeaderSize, buffer.begin());  // the question stays
    dns::answer(asker.table.get(), client, buffer, query.size(), asker.random, asker.counters);
    ++first.at(buffer[query.size() + kRecordHeader + 3]);
  }
  return first;
}

double chi_square(const std::vector<std::size_t>& counts) {
  const double expected = static_cast<double>(kAnswers) / static_cast<double>(counts.size());
  double sum = 0;
  for (const auto count : counts) {
    const double off = static_cast<double>(count) - expected;
    sum += off * off / expected;
  }
  return sum;
}

}  // namespace

TEST_CASE("each member of a tier is the first record equally often") {
  struct Size {
    std::size_t members;
    double limit;  // what chi-square with members - 1 degrees of freedom exceeds with p = 0.001
  };
  for (const auto& size : {Size{3, 13.816}, Size{10, 27.877}, Size{100, 148.230}}) {
    INFO("of " << size.members);
    CHECK(chi_square(count_first(size.members)) < size.limit);
  }
}
