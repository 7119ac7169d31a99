#include "discovery/rpc/security.hpp"

#include "discovery/rpc/grpc_log.hpp"
#include "tests/unit/rpc/agent_under_test.hpp"
#include "tests/unit/rpc/certified.hpp"

using namespace discovery;
using namespace discovery::rpc;
using namespace std::chrono_literals;

TEST_CASE("each end of a mutual TLS link knows the other's cluster from its certificate", "[rpc]") {
  const Mesh mesh;
  AgentUnderTest east(with(mesh.issue("east"))), west(with(mesh.issue("west")));
  east.dial(west.listen());
  CHECK(east.wait_for<LinkUp>().peer.proven_cluster == "west");
  CHECK(west.wait_for<LinkUp>().peer.proven_cluster == "east");
}

TEST_CASE("a leaf is known as such from its certificate, whichever side it is", "[rpc]") {
  const Mesh mesh;
  AgentUnderTest east(with(mesh.issue("east"))),
      leaf(with(mesh.issue("east", kNow, tls::Bearer::leaf)));
  leaf.dial(east.listen());
  CHECK_FALSE(leaf.wait_for<LinkUp>().peer.proven_leaf);
  const auto seen = east.wait_for<LinkUp>().peer;
  CHECK(seen.proven_cluster == "east");
  CHECK(seen.proven_leaf);
  east.dial(leaf.listen());
  CHECK(east.wait_for<LinkUp>().peer.proven_leaf);
}

TEST_CASE("a server of another trust domain or another CA is refused with the reason", "[rpc]") {
  const Mesh mesh, stranger("other.mesh");
  auto foreign = stranger.issue("west");
  const auto own = mesh.issue("east");
  AgentUnderTest east(with(own));
  SECTION("of another CA") {
    AgentUnderTest west(with(foreign));
    east.dial(west.listen());
    const auto failed = east.wait_for<DialFailed>();
    INFO(failed.reason);
    CHECK(failed.fault == DialFailed::Fault::certificate);
    CHECK_THAT(failed.reason, Catch::Contains("certificate verify failed"));
  }
  SECTION("of another trust domain, whose CA we know too") {
    auto both = own;
    both.ca += foreign.ca;
    foreign.ca += own.ca;
    AgentUnderTest knowing(with(both)), west(Security::mutual_tls({"other.mesh"}, foreign));
    knowing.dial(west.listen());
    const auto failed = knowing.wait_for<DialFailed>();
    CHECK(failed.fault == DialFailed::Fault::certificate);
    CHECK(failed.reason ==
          "cluster west is of trust domain \"other.mesh\", here the name belongs to "
          "\"mesh.internal\" "
          "(gossip.trustedDomains)");
  }
}

TEST_CASE("a client of another trust domain is told why it is refused, and so is the server",
          "[rpc]") {
  const Mesh mesh, stranger("other.mesh");
  auto own = mesh.issue("west"), foreign = stranger.issue("east");
  own.ca += foreign.ca;
  // The stranger takes our trust domain for its own, so that it goes on to speak.
  foreign.ca += own.ca;
  AgentUnderTest west(with(own)), east(with(foreign));
  east.dial(west.listen());
  const std::string reason =
      "cluster east is of trust domain \"other.mesh\", here the name belongs to \"mesh.internal\" "
      "(gossip.trustedDomains)";
  const auto failed = east.wait_for<DialFailed>();
  CHECK(failed.reason == reason);
  CHECK(west.wait_for<PeerRefused>().reason == reason);
  CHECK(west.links.counters().refused == 1);
}

TEST_CASE("a client without a certificate we know reaches nothing, and both sides say why",
          "[rpc]") {
  std::vector<std::string> said;
  std::mutex mutex;
  const GrpcLog log([&](std::string line) {
    const std::lock_guard lock(mutex);
    said.push_back(std::move(line));
  });
  const Mesh mesh, stranger;
  AgentUnderTest west(with(mesh.issue("west")));
  const auto address = west.listen();
  SECTION("in plain text") {
    AgentUnderTest east;
    east.dial(address);
    INFO(east.wait_for<DialFailed>().reason);
  }
  SECTION("with one of another CA") {
    auto foreign = stranger.issue("east");
    foreign.ca = mesh.issue("west").ca;  // it does believe us
    AgentUnderTest east(with(foreign));
    east.dial(address);
    const auto failed = east.wait_for<DialFailed>();
    CHECK_THAT(failed.reason, Catch::Contains("does not accept our certificate"));
    const std::lock_guard lock(mutex);
    REQUIRE(said.size() == 1);
    CHECK_THAT(said[0],
               Catch::Contains("Handshake failed") && Catch::Contains("certificate verify failed"));
  }
  CHECK(west.count<LinkUp>() == 0);
  CHECK(west.links.size() == 0);
}

TEST_CASE("a plain-text server is not spoken to by an agent with certificates", "[rpc]") {
  const Mesh mesh;
  AgentUnderTest east(with(mesh.issue("east"))), west;
  east.dial(west.listen());
  const auto failed = east.wait_for<DialFailed>();
  CHECK(failed.reason == "it does not speak TLS: is it configured with insecure: true?");
  CHECK(west.count<LinkUp>() == 0);
}

TEST_CASE("certificates that are replaced serve the next handshake and leave links alone",
          "[rpc]") {
  const Mesh old_mesh, new_mesh;
  const auto old_east = old_mesh.issue("east"), new_east = new_mesh.issue("east");
  AgentUnderTest east(with(old_east)), west(with(old_mesh.issue("west")));
  const auto address = west.listen();
  east.dial(address);
  const auto standing = east.wait_for<LinkUp>().link;
  west.wait_for<LinkUp>();

  west.security->replace(new_mesh.issue("west"));
  east.dial(address);
  CHECK_THAT(east.wait_for<DialFailed>().reason, Catch::Contains("certificate"));

  east.security->replace(new_east);
  east.dial(address);
  CHECK(east.wait_for<LinkUp>().peer.proven_cluster == "west");
  west.wait_for<LinkUp>();

  east.send(standing, Goodbye{Goodbye::Reason::leaving, "still up"});
  CHECK(std::get<Goodbye>(west.wait_for_frame()).text == "still up");
}

TEST_CASE("an expired certificate is refused by the other side", "[rpc]") {
  const auto long_ago = kNow - tls::kLeafLifetime - 1h;
  const Mesh mesh("mesh.internal", long_ago);
  AgentUnderTest east(with(mesh.issue("east")));
  AgentUnderTest west(with(mesh.issue("west", long_ago)));
  east.dial(west.listen());
  const auto failed = east.wait_for<DialFailed>();
  INFO(failed.reason);
  CHECK(failed.fault == DialFailed::Fault::certificate);
}

namespace {

// An agent of `mesh` that takes `cluster` from the trust domain of `other`.
std::shared_ptr<Security> taking(const Mesh& mesh, const std::string& own,
                                 const std::string& cluster, const std::string& domain,
                                 const Mesh& other, const std::string& taken) {
  auto certificates = mesh.issue(cluster);
  certificates.foreign_ca[domain] = other.issue(taken).ca;
  return Security::mutual_tls({own, {{taken, domain}}}, std::move(certificates),
                              [](const std::string& chain, const std::string& ca) {
                                return tls::chain_objection(chain, ca, kNow);
                              });
}

}  // namespace

TEST_CASE("clusters of two trust domains link where each takes the other's by name", "[rpc]") {
  const Mesh ours, theirs("other.mesh");
  AgentUnderTest east(taking(ours, "mesh.internal", "east", "other.mesh", theirs, "berlin"));
  AgentUnderTest berlin(taking(theirs, "other.mesh", "berlin", "mesh.internal", ours, "east"));
  east.dial(berlin.listen());
  CHECK(east.wait_for<LinkUp>().peer.proven_cluster == "berlin");
  CHECK(berlin.wait_for<LinkUp>().peer.proven_cluster == "east");
}

TEST_CASE("the CA of another trust domain proves none of ours, whatever it has signed", "[rpc]") {
  const Mesh ours, theirs("other.mesh"), forger;  // signs for our trust domain with a CA of its own
  auto west = taking(ours, "mesh.internal", "west", "other.mesh", forger, "berlin");
  AgentUnderTest agent(west);
  // TLS lets it through: its CA is in the bundle, as other.mesh's.
  auto forged = forger.issue("east");
  forged.ca += ours.issue("west").ca;
  AgentUnderTest intruder(with(forged));
  SECTION("when it dials") {
    intruder.dial(agent.listen());
    const auto failed = intruder.wait_for<DialFailed>();
    CHECK_THAT(
        failed.reason,
        Catch::Contains("cluster east is not proven by the CA of trust domain mesh.internal"));
    CHECK(failed.refused_by == DialFailed::By::them);
    CHECK_THAT(agent.wait_for<PeerRefused>().reason, Catch::Contains("is not proven by the CA"));
  }
  SECTION("when it is dialled") {
    agent.dial(intruder.listen());
    const auto failed = agent.wait_for<DialFailed>();
    CHECK_THAT(failed.reason, Catch::Contains("is not proven by the CA"));
    CHECK(failed.refused_by == DialFailed::By::us);
  }
  CHECK(agent.count<LinkUp>() == 0);
}

TEST_CASE("a cluster that is not listed is not taken from another trust domain", "[rpc]") {
  const Mesh ours, theirs("other.mesh");
  AgentUnderTest east(taking(ours, "mesh.internal", "east", "other.mesh", theirs, "berlin"));
  AgentUnderTest munich(taking(theirs, "other.mesh", "munich", "mesh.internal", ours, "east"));
  munich.dial(east.listen());
  CHECK(munich.wait_for<DialFailed>().reason ==
        "cluster munich is of trust domain \"other.mesh\", here the name belongs to "
        "\"mesh.internal\" (gossip.trustedDomains)");
}

TEST_CASE("while a CA is rotated, certificates of both link", "[rpc]") {
  const Mesh old_mesh, new_mesh;
  auto east = old_mesh.issue("east"), west = new_mesh.issue("west");
  const auto both = east.ca + west.ca;
  east.ca = west.ca = both;
  AgentUnderTest one(with(east)), other(with(west));
  one.dial(other.listen());
  CHECK(one.wait_for<LinkUp>().peer.proven_cluster == "west");
  CHECK(other.wait_for<LinkUp>().peer.proven_cluster == "east");
}
