#include "agent/tls_notary.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/tls_x509.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace tls = agent::tls;
using discovery::Proof;
using discovery::rpc::Certificates;
using discovery::rpc::Security;

namespace {

const tls::WallTime kNow = std::chrono::system_clock::from_time_t(1'800'000'000);

// A CA and the clusters that it has made.
struct Mesh {
  explicit Mesh(const std::string& domain = "mesh.internal") : trust_domain(domain) {
    char name[] = "/tmp/nearmost-notary-test-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
    REQUIRE(tls::init_ca(path, trust_domain, kNow).ok());
    for (const auto* cluster : {"east", "west"}) issue(cluster);
  }
  ~Mesh() { fs::remove_all(path); }
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  void issue(const std::string& cluster, tls::Bearer bearer = tls::Bearer::agent) const {
    REQUIRE(tls::issue(path, cluster, kNow, tls::Existing::overwrite, "", bearer).ok());
  }
  Certificates certificates(const std::string& cluster,
                            tls::Bearer bearer = tls::Bearer::agent) const {
    const bool leaf = bearer == tls::Bearer::leaf;
    const auto dir = path + "/" + cluster + (leaf ? "/leaf" : "");
    auto loaded = tls::load({dir + "/cert.pem", dir + "/key.pem", dir + "/ca.pem"},
                            {trust_domain, cluster, leaf}, kNow);
    REQUIRE(loaded.ok());
    return std::move(loaded->certificates);
  }
  std::string read(const std::string& file) const {
    std::ostringstream text;
    text << std::ifstream(path + "/" + file).rdbuf();
    return text.str();
  }

  std::string path, trust_domain;
};

struct Agent {
  Agent(const Mesh& mesh, const std::string& cluster, tls::Bearer bearer = tls::Bearer::agent)
      : security(Security::mutual_tls({mesh.trust_domain}, mesh.certificates(cluster, bearer))),
        notary(security, {mesh.trust_domain}, [this] { return now; }) {}

  std::shared_ptr<Security> security;
  tls::WallTime now = kNow;
  tls::Notary notary;
};

constexpr std::string_view kText = "what east has";

}  // namespace

TEST_CASE("what one cluster signs every other knows for its own", "[tls]") {
  const Mesh mesh;
  Agent east(mesh, "east"), west(mesh, "west");
  const auto proof = east.notary.sign(kText);
  CHECK_FALSE(proof.empty());
  CHECK(proof.signature.size() <= 72);
  CHECK(proof.certificate.size() < 1'000);
  for (int again = 0; again < 2; ++again) {
    CHECK(west.notary.signer(kText, proof) == "east");
    CHECK(west.notary.signer("what east has not", proof).empty());
  }
  CHECK(east.notary.signer(kText, west.notary.sign(kText)) == "west");
}

TEST_CASE("a leaf signs for nobody", "[tls]") {
  const Mesh mesh;
  mesh.issue("east", tls::Bearer::leaf);
  Agent west(mesh, "west"), leaf(mesh, "east", tls::Bearer::leaf);
  CHECK(west.notary.signer(kText, leaf.notary.sign(kText)).empty());
}

TEST_CASE("a proof that anything is wrong with is nobody's", "[tls]") {
  const Mesh mesh, stranger, other_domain("other.mesh");
  Agent east(mesh, "east"), west(mesh, "west");
  const auto good = east.notary.sign(kText);
  auto bad = good;
  SECTION("a bit of the signature") { bad.signature[20] ^= 1; }
  SECTION("no signature") { bad.signature.clear(); }
  SECTION("a certificate cut short") { bad.certificate.pop_back(); }
  SECTION("something behind the certificate") { bad.certificate += "x"; }
  SECTION("no certificate") { bad.certificate.clear(); }
  SECTION("another's certificate") { bad.certificate = west.notary.sign(kText).certificate; }
  SECTION("more certificates than any chain has") {
    for (int n = 0; n < 8; ++n) bad.certificate += good.certificate;
  }
  SECTION("a CA of another mesh") { bad = Agent(stranger, "east").notary.sign(kText); }
  SECTION("another trust domain") { bad = Agent(other_domain, "east").notary.sign(kText); }
  SECTION("the CA itself") {
    auto certificates = mesh.certificates("east");
    certificates.chain = mesh.read("ca.pem");
    certificates.key = mesh.read("ca-key.pem");
    east.security->replace(std::move(certificates));
    bad = east.notary.sign(kText);
    REQUIRE_FALSE(bad.empty());
  }
  CHECK(west.notary.signer(kText, bad).empty());
  CHECK(west.notary.signer(kText, good) == "east");
}

TEST_CASE("a proof holds as long as its certificate, seen before or not", "[tls]") {
  const Mesh mesh;
  Agent east(mesh, "east"), west(mesh, "west"), newcomer(mesh, "west");
  const auto proof = east.notary.sign(kText);
  CHECK(west.notary.signer(kText, proof) == "east");
  west.now = newcomer.now = kNow + tls::kLeafLifetime;
  CHECK(west.notary.signer(kText, proof).empty());
  CHECK(newcomer.notary.signer(kText, proof).empty());
  west.now = kNow - 1h;
  CHECK(west.notary.signer(kText, proof).empty());
}

TEST_CASE("a certificate that is replaced signs from then on, with its own key", "[tls]") {
  const Mesh mesh;
  Agent east(mesh, "east"), west(mesh, "west");
  const auto before = east.notary.sign(kText);
  CHECK(east.notary.is_current(before));
  mesh.issue("east");
  east.security->replace(mesh.certificates("east"));
  CHECK_FALSE(east.notary.is_current(before));
  const auto after = east.notary.sign(kText);
  CHECK(east.notary.is_current(after));
  CHECK(after.certificate != before.certificate);
  CHECK(west.notary.signer(kText, before) == "east");
  CHECK(west.notary.signer(kText, after) == "east");
  CHECK(west.notary.signer(kText, {before.signature, after.certificate}).empty());
}

TEST_CASE("who no longer trusts a CA believes none of its clusters", "[tls]") {
  const Mesh mesh, next;
  Agent east(mesh, "east"), west(mesh, "west");
  const auto proof = east.notary.sign(kText);
  CHECK(west.notary.signer(kText, proof) == "east");
  west.security->replace(next.certificates("west"));
  CHECK(west.notary.signer(kText, proof).empty());
}

TEST_CASE("where links are insecure nobody signs", "[tls]") {
  tls::Notary notary(Security::insecure(), {"mesh.internal"}, [] { return kNow; });
  CHECK(notary.sign(kText).empty());
  CHECK(notary.signer(kText, {"signature", "certificate"}).empty());
}

TEST_CASE("what another trust domain's cluster signs counts by the CA of that domain alone",
          "[tls]") {
  const Mesh ours, theirs("other.mesh");
  theirs.issue("berlin");
  auto certificates = ours.certificates("west");
  certificates.foreign_ca["other.mesh"] = theirs.read("ca.pem");
  const discovery::TrustRule rule{"mesh.internal", {{"berlin", "other.mesh"}}};
  const auto security = Security::mutual_tls(
      rule, certificates, [](const auto&, const auto&) { return std::string(); });
  tls::Notary west(security, rule, [] { return kNow; });

  Agent berlin(theirs, "berlin"), their_east(theirs, "east"), our_east(ours, "east");
  CHECK(west.signer(kText, berlin.notary.sign(kText)) == "berlin");
  CHECK(west.signer(kText, our_east.notary.sign(kText)) == "east");
  CHECK(west.signer(kText, their_east.notary.sign(kText)).empty());  // the name is of our domain

  const Mesh forger;  // for our trust domain, by a CA that is known as other.mesh's
  certificates.foreign_ca["other.mesh"] = forger.read("ca.pem");
  security->replace(certificates);
  Agent forged(forger, "east");
  CHECK(west.signer(kText, forged.notary.sign(kText)).empty());
}
