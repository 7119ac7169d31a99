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

}  // namespace

TEST_CASE("who is only heard of is dialled, and stays so once linked") {
  PeerList peers;
  peers.configure({{"seed.example", 7700}});
  CHECK(peers.learn({member("east", "east.example:7700")}));
  CHECK(dialled(peers) == Names{"east.example:7700", "seed.example:7700"});
  CHECK_FALSE(peers.learn({member("east", "east.example:7700", true)}));
  CHECK(dialled(peers).size() == 2);
  CHECK(peers.learn({member("east", "elsewhere.example:7700")}));
  CHECK(dialled(peers) == Names{"elsewhere.example:7700", "seed.example:7700"});
  CHECK(peers.learn({}));
  CHECK(dialled(peers) == Names{"seed.example:7700"});
}

TEST_CASE("who has a link to us already, takes none or is ourselves is not dialled") {
  PeerList peers;
  auto self = member("us", "us.example:7700");
  self.local = true;
  CHECK_FALSE(peers.learn({member("east", "east.example:7700", true), member("leaf", ""), self,
                           member("odd", "no port")}));
  CHECK(dialled(peers).empty());
}

TEST_CASE("a peer that is configured and learnt is dialled once") {
  PeerList peers;
  peers.configure({{"east.example", 7700}});
  peers.learn({member("east", "east.example:7700")});
  CHECK(dialled(peers) == Names{"east.example:7700"});
}

TEST_CASE("nobody is dialled at an address that a peer must not send us to") {
  PeerList peers;
  CHECK_FALSE(peers.learn({member("a", "127.0.0.1:22"), member("b", "169.254.169.254:80"),
                           member("c", "0.0.0.0:7700"), member("d", "[::1]:7700")}));
  CHECK(peers.learn({member("e", "10.0.0.1:7700")}));
}
