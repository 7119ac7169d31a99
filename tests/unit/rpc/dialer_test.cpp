#include "discovery/rpc/dialer.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace discovery;
using namespace discovery::rpc;
using namespace std::chrono_literals;
using State = PeerStatus::State;

namespace {

// A dialler whose look-ups and links are the test's to answer for. It does dial, at addresses of
// the loopback net; what becomes of that is not listened to. Links are numbered from 1, so the test
// knows their names.
struct Story {
  base::Inbox<LinkEvent> unheard{1, [] {}};
  Links links{unheard};
  base::TimePoint now{1h};
  std::vector<std::pair<std::string, Dialer::Answer>> lookups;
  LinkId link = 0;  // the newest
  Dialer dialer{links, Security::insecure(), base::Random(3),
                [this](const std::string& host, Dialer::Answer answer) {
                  if (const auto literal = base::IpAddress::parse(host))
                    return answer(Dialer::Addresses{*literal});
                  lookups.emplace_back(host, std::move(answer));
                }};

  void peers(const std::vector<std::string>& names) {
    std::vector<base::HostPort> parsed;
    for (const auto& name : names) parsed.push_back(*base::HostPort::parse(name));
    dialer.set_peers(now, parsed);
    dialer.tick(now);
  }
  PeerStatus peer(std::size_t index = 0) const { return dialer.status(now).at(index); }
  base::Duration pause() const { return dialer.next_deadline() - now; }
  void wait_out() {
    now = dialer.next_deadline();
    dialer.tick(now);
  }
  void fail(LinkId dialled, DialFailed::Fault fault = DialFailed::Fault::connection) {
    dialer.heard(now, DialFailed{dialled, fault, "refused"});
  }
  void answer(Dialer::Addresses addresses) {
    lookups.back().second(std::move(addresses));
    dialer.tick(now);
  }
};

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }

}  // namespace

TEST_CASE("a literal address is dialled at once, a name is looked up first", "[rpc]") {
  Story story;
  story.peers({"127.0.0.9:1", "west.example:1"});
  CHECK(story.peer(0).state == State::dialling);
  CHECK(story.peer(0).address == "127.0.0.9:1");
  CHECK(story.peer(1).state == State::resolving);
  REQUIRE(story.lookups.size() == 1);
  CHECK(story.lookups[0].first == "west.example");
  story.answer({ip("127.0.0.8")});
  CHECK(story.peer(1).address == "127.0.0.8:1");
}

TEST_CASE("every attempt takes another address of a name, then the name is looked up anew",
          "[rpc]") {
  Story story;
  story.peers({"west.example:1"});
  std::set<std::string> tried;
  for (LinkId attempt = 1; attempt <= 2; ++attempt) {
    if (attempt == 1) story.answer({ip("127.0.0.8"), ip("127.0.0.9")});
    tried.insert(story.peer().address);
    story.fail(attempt);
    story.wait_out();
  }
  CHECK(tried == std::set<std::string>{"127.0.0.8:1", "127.0.0.9:1"});
  CHECK(story.peer().state == State::resolving);
  CHECK(story.lookups.size() == 2);
}

TEST_CASE("pauses are by chance, up to a bound that doubles to the longest", "[rpc]") {
  Story story;
  story.peers({"127.0.0.9:1"});
  base::Duration bound = Dialer::kFirstWait, longest_seen{};
  for (LinkId attempt = 1; attempt <= 30; ++attempt) {
    story.fail(attempt);
    REQUIRE(story.peer().state == State::waiting);
    CHECK(story.pause() <= bound);
    longest_seen = std::max(longest_seen, story.pause());
    bound = std::min(bound * 2, Dialer::kMostWait);
    story.wait_out();
  }
  CHECK(longest_seen > Dialer::kMostWait / 2);
  base::Duration longest_for_certificates{};
  for (LinkId attempt = 31; attempt <= 60; ++attempt) {
    story.fail(attempt, DialFailed::Fault::certificate);
    longest_for_certificates = std::max(longest_for_certificates, story.pause());
    story.wait_out();
  }
  CHECK(longest_for_certificates > Dialer::kMostWait);
  CHECK(longest_for_certificates <= Dialer::kMostCertificateWait);
}

TEST_CASE("a link that stood starts the pauses anew, one that fell at once does not", "[rpc]") {
  Story story;
  story.peers({"127.0.0.9:1"});
  base::Duration longest{};
  LinkId link = 1;
  for (; link <= 20; ++link) {
    story.dialer.heard(story.now, LinkUp{link, {}});
    CHECK(story.peer().state == State::linked);
    CHECK(story.peer().last_error.empty());
    story.dialer.heard(story.now, LinkDown{link, Node::LinkEnd::closed, "two identities"});
    longest = std::max(longest, story.pause());
    story.wait_out();
  }
  CHECK(longest > Dialer::kFirstWait);
  story.dialer.heard(story.now, LinkUp{link, {}});
  CHECK(story.dialer.next_deadline() == base::TimePoint::max());
  story.now += Dialer::kStableAfter;
  story.dialer.heard(story.now, LinkDown{link, Node::LinkEnd::reset, "connection reset"});
  CHECK(story.pause() <= Dialer::kFirstWait);
  CHECK(story.peer().last_error == "connection reset");
}

TEST_CASE("a dial or a look-up without an answer is given up", "[rpc]") {
  Story story;
  SECTION("dial") {
    story.peers({"127.0.0.9:1"});
    story.wait_out();
    CHECK(story.peer().last_error == "no answer within 5.0s");
    story.wait_out();
    story.fail(1);  // the end of the dial given up is not the end of the next one
    CHECK(story.peer().state == State::dialling);
  }
  SECTION("look-up") {
    story.peers({"west.example:1"});
    while (story.peer().state == State::resolving) story.wait_out();
    CHECK(story.peer().last_error == "the resolver does not answer");
    const auto late = story.lookups[0].second;
    story.wait_out();
    late(Dialer::Addresses{ip("127.0.0.8")});
    story.dialer.tick(story.now);
    CHECK(story.peer().state == State::resolving);
  }
  SECTION("a name that does not resolve, or to nothing") {
    story.peers({"west.example:1"});
    story.lookups.back().second(base::unavailable("no such name"));
    story.dialer.tick(story.now);
    CHECK(story.peer().last_error == "no such name");
    story.wait_out();
    story.answer({});
    CHECK(story.peer().last_error == "west.example has no addresses");
  }
}

TEST_CASE("peers that stay keep their link, those that are gone are forgotten", "[rpc]") {
  Story story;
  story.peers({"127.0.0.8:1", "127.0.0.9:1"});
  story.dialer.heard(story.now, LinkUp{1, {}});
  story.dialer.heard(story.now, LinkUp{2, {}});
  story.peers({"127.0.0.9:1", "127.0.0.10:1"});
  REQUIRE(story.dialer.status(story.now).size() == 2);
  CHECK(story.peer(1).peer.host == "127.0.0.9");
  CHECK(story.peer(1).state == State::linked);
  story.dialer.heard(story.now, LinkDown{1, Node::LinkEnd::closed, "no longer a peer"});
  story.dialer.heard(story.now, LinkDown{99, Node::LinkEnd::closed, "not ours"});
  CHECK(story.peer(1).state == State::linked);
}

TEST_CASE("a peer that is wanted twice is dialled twice, and once again when it is not", "[rpc]") {
  Story story;
  story.peers({"127.0.0.9:1", "127.0.0.9:1"});
  REQUIRE(story.dialer.status(story.now).size() == 2);
  CHECK(story.peer(0).state == State::dialling);
  CHECK(story.peer(1).state == State::dialling);
  story.dialer.heard(story.now, LinkUp{1, {}});
  REQUIRE(story.dialer.linked().size() == 1);
  CHECK(story.dialer.linked()[0].second == 1);
  story.dialer.heard(story.now, LinkUp{2, {}});
  CHECK(story.dialer.linked().size() == 2);
  story.peers({"127.0.0.9:1"});
  CHECK(story.dialer.status(story.now).size() == 1);
}
