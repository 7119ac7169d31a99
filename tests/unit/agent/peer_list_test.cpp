#include "agent/peer_list.hpp"

#include <catch2/catch.hpp>

using agent::PeerList;
using discovery::Member;

namespace {

Member member(const std::string& cluster, const std::string& advertise, bool linked = false) {
  Member member;
  member.id = {cluster, 0};
  member.advertise = advertise;
  member.linked = linked;
  return member;
}

std::vector<std::string> dialled(const PeerList& peers) {
  std::vector<std::string> names;
  for (const auto& peer : peers.to_dial()) names.push_back(peer.to_string());
  return names;
}

using Names = std::vector<std::string>;
using namespace std::chrono_literals;

constexpr base::TimePoint kNow{1h};

PeerList list() { return PeerList({"a", 0}, {}); }

}  // namespace

TEST_CASE("who is only heard of is dialled, and stays so once linked") {
  auto peers = list();
  peers.configure({{"seed.example", 7700}});
  CHECK(peers.learn(kNow, {member("east", "east.example:7700")}));
  CHECK(dialled(peers) == Names{"east.example:7700", "seed.example:7700"});
  CHECK_FALSE(peers.learn(kNow, {member("east", "east.example:7700", true)}));
  CHECK(dialled(peers).size() == 2);
  CHECK(peers.learn(kNow, {member("east", "elsewhere.example:7700")}));
  CHECK(dialled(peers) == Names{"elsewhere.example:7700", "seed.example:7700"});
  CHECK(peers.learn(kNow, {}));
  CHECK(dialled(peers) == Names{"seed.example:7700"});
}

TEST_CASE("who has a link to us already, takes none or is ourselves is not dialled") {
  auto peers = list();
  auto self = member("us", "us.example:7700");
  self.local = true;
  CHECK_FALSE(peers.learn(kNow, {member("east", "east.example:7700", true), member("leaf", ""),
                                 self, member("odd", "no port")}));
  CHECK(dialled(peers).empty());
}

TEST_CASE("a leaf learns the other agents of its cluster, and dials them at once") {
  PeerList peers({"east", 0}, {}, PeerList::Learns::cluster);
  peers.configure({{"east-0.example", 7700}});
  auto sibling = member("east", "east-1.example:7700");
  sibling.id.replica = 1;
  CHECK(peers.learn(kNow, {member("east", "east-0.example:7700", true), sibling,
                           member("west", "west.example:7700")}));
  CHECK(dialled(peers) == Names{"east-0.example:7700", "east-1.example:7700"});
}

TEST_CASE("a peer that is configured and learnt is dialled once") {
  auto peers = list();
  peers.configure({{"east.example", 7700}});
  peers.learn(kNow, {member("east", "east.example:7700")});
  CHECK(dialled(peers) == Names{"east.example:7700"});
}

TEST_CASE("of two the lesser dials at once, the greater when the other has not come") {
  PeerList peers({"m", 0}, {});
  const auto lesser = member("east", "east.example:7700");
  CHECK(peers.learn(kNow, {lesser, member("west", "west.example:7700")}));
  CHECK(dialled(peers) == Names{"west.example:7700"});
  CHECK_FALSE(
      peers.learn(kNow + PeerList::kYields - 1s, {lesser, member("west", "west.example:7700")}));
  SECTION("it has not come") {
    CHECK(peers.learn(kNow + PeerList::kYields, {lesser, member("west", "west.example:7700")}));
    CHECK(dialled(peers) == Names{"east.example:7700", "west.example:7700"});
  }
  SECTION("it came, and is lost again") {
    auto joined = lesser;
    joined.linked = true;
    CHECK(peers.learn(kNow + 4s, {joined}));
    CHECK_FALSE(peers.learn(kNow + 10s, {lesser}));
    CHECK(peers.learn(kNow + 15s, {lesser}));
  }
}

TEST_CASE("nobody is dialled at an address that a peer must not send us to") {
  auto peers = list();
  CHECK_FALSE(peers.learn(kNow, {member("x", "127.0.0.1:22"), member("x1", "169.254.169.254:80"),
                                 member("x2", "0.0.0.0:7700"), member("x3", "[::1]:7700")}));
  CHECK(peers.learn(kNow, {member("e", "10.0.0.1:7700")}));
}

TEST_CASE("a name that several agents tell is dialled once for each, while one of them is apart") {
  auto peers = list();
  peers.configure({{"east.example", 7700}});
  auto first = member("east", "east.example:7700", true);
  auto second = member("east", "east.example:7700");
  second.id.replica = 1;
  CHECK_FALSE(peers.learn(kNow, {first}));
  CHECK(dialled(peers) == Names{"east.example:7700"});
  CHECK(peers.learn(kNow, {first, second}));
  CHECK(dialled(peers) == Names{"east.example:7700", "east.example:7700"});
  second.linked = true;
  CHECK_FALSE(peers.learn(kNow, {first, second}));
  CHECK(dialled(peers).size() == 2);
}

TEST_CASE("a replica that was dropped is dialled on, until its cluster is forgotten") {
  auto peers = list();
  const auto first = member("east", "east.example:7700", true);
  auto second = member("east", "other.example:7700");
  second.id.replica = 1;
  peers.learn(kNow, {first, second});
  CHECK(dialled(peers) == Names{"other.example:7700"});
  CHECK_FALSE(peers.learn(kNow + 1min, {first}));
  CHECK_FALSE(peers.learn(kNow + 23h, {first}));
  CHECK(dialled(peers) == Names{"other.example:7700"});
  CHECK(peers.learn(kNow + 25h, {first}));
  CHECK(dialled(peers).empty());
  peers.learn(kNow + 26h, {first, second});
  CHECK(peers.learn(kNow + 27h, {}));
  CHECK(dialled(peers).empty());
}
