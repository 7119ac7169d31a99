#include "agent/tls.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "discovery/identity.hpp"
#include "discovery/leaf_identity.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace tls = agent::tls;

namespace {

const tls::WallTime kNow = std::chrono::system_clock::from_time_t(1'800'000'000);

struct Folder {
  Folder() {
    char name[] = "/tmp/nearmost-tls-test-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  tls::Files files(const std::string& cluster) const {
    const auto dir = path + "/" + cluster;
    return {dir + "/cert.pem", dir + "/key.pem", dir + "/ca.pem"};
  }

  std::string path;
};

struct Mesh : Folder {
  explicit Mesh(const std::string& trust_domain = "mesh.internal") {
    REQUIRE(tls::init_ca(path, trust_domain, kNow).ok());
    for (const auto* cluster : {"east", "west"}) REQUIRE(tls::issue(path, cluster, kNow).ok());
  }
  std::string refusal(const tls::Files& of, tls::Expected expected = {"mesh.internal", "west"},
                      tls::WallTime at = kNow) const {
    const auto loaded = tls::load(of, expected, at);
    if (loaded.ok()) return "accepted";
    auto message = loaded.error().message;
    for (std::size_t at_path; (at_path = message.find(path + "/")) != std::string::npos;)
      message.erase(at_path, path.size() + 1);
    return message;
  }
};

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("what is issued loads, and says whose it is and how long it holds", "[tls]") {
  const Mesh mesh;
  const auto loaded = tls::load(mesh.files("west"), {"mesh.internal", "west"}, kNow);
  REQUIRE(loaded.ok());
  CHECK(loaded->standing.certificate.cluster == "west");
  CHECK(loaded->standing.certificate.trust_domain == "mesh.internal");
  CHECK(loaded->standing.certificate.left(kNow) == tls::kLeafLifetime);
  CHECK(loaded->standing.certificate.not_before == kNow - tls::kClockSkew);
  CHECK(loaded->certificates.chain == text_of(mesh.files("west").cert));
}

TEST_CASE("keys are for their owner's eyes alone", "[tls]") {
  const Mesh mesh;
  CHECK(mode_of(mesh.path + "/ca-key.pem") == 0600);
  CHECK(mode_of(mesh.files("west").key) == 0600);
  CHECK(text_of(mesh.files("west").ca) == text_of(mesh.path + "/ca.pem"));
  CHECK_FALSE(fs::exists(mesh.path + "/west/ca-key.pem"));
  CHECK_FALSE(fs::exists(mesh.path + "/west/key.pem.new"));
}

TEST_CASE("files that exist are replaced only when told to", "[tls]") {
  const Mesh mesh;
  const auto before = text_of(mesh.path + "/ca.pem");
  const auto refused = tls::init_ca(mesh.path, "mesh.internal", kNow);
  REQUIRE_FALSE(refused.ok());
  CHECK_THAT(refused.error().message,
             Catch::Contains("ca-key.pem exists already") && Catch::Contains("--force"));
  CHECK_FALSE(tls::issue(mesh.path, "west", kNow).ok());
  CHECK(text_of(mesh.path + "/ca.pem") == before);

  const auto key = text_of(mesh.files("west").key);
  REQUIRE(tls::issue(mesh.path, "west", kNow, tls::Existing::overwrite).ok());
  CHECK(text_of(mesh.files("west").key) != key);
  CHECK(mode_of(mesh.files("west").key) == 0600);
}

TEST_CASE("a certificate goes where it is told to", "[tls]") {
  const Mesh mesh;
  const auto written =
      tls::issue(mesh.path, "eu", kNow, tls::Existing::keep, mesh.path + "/elsewhere/tls");
  REQUIRE(written.ok());
  CHECK(written->files == std::vector<std::string>{mesh.path + "/elsewhere/tls/key.pem",
                                                   mesh.path + "/elsewhere/tls/cert.pem",
                                                   mesh.path + "/elsewhere/tls/ca.pem"});
  CHECK(tls::load(mesh.files("elsewhere/tls"), {"mesh.internal", "eu"}, kNow).ok());
}

TEST_CASE("a certificate ends no later than its CA", "[tls]") {
  const Mesh mesh;
  const auto late = kNow + tls::kCaLifetime - 24h;
  REQUIRE(tls::issue(mesh.path, "eu", late).ok());
  const auto loaded = tls::load(mesh.files("eu"), {"mesh.internal", "eu"}, late);
  REQUIRE(loaded.ok());
  CHECK(loaded->standing.certificate.left(late) == 24h);
  CHECK_THAT(tls::issue(mesh.path, "us", late + 48h).error().message,
             Catch::Contains("has expired"));
}

TEST_CASE("names that cannot be are refused before anything is written", "[tls]") {
  const Folder folder;
  CHECK_THAT(tls::init_ca(folder.path, "Mesh Internal", kNow).error().message,
             Catch::Contains("no trust domain"));
  CHECK_THAT(tls::issue(folder.path, "../west", kNow).error().message,
             Catch::Contains("no cluster name"));
  CHECK_THAT(tls::issue(folder.path, "west", kNow).error().message,
             Catch::Contains("make a CA first: nearmost tls init --dir"));
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("every way in which files do not fit is told with the file and the remedy", "[tls]") {
  const Mesh mesh, stranger;
  const auto west = mesh.files("west"), east = mesh.files("east");
  const auto write = [&](const std::string& name, const std::string& text) {
    const auto path = mesh.path + "/" + name;
    std::ofstream(path) << text;
    return path;
  };
  CHECK(mesh.refusal(west) == "accepted");
  CHECK(mesh.refusal({west.cert, east.key, west.ca}) ==
        "east/key.pem is not the key of west/cert.pem: both must come from one nearmost tls issue");
  CHECK(mesh.refusal(east) ==
        "east/cert.pem is for cluster east, this agent is west: issue one with nearmost tls issue "
        "--cluster west");
  CHECK(mesh.refusal(west, {"other.mesh", "west"}) ==
        "west/cert.pem is of trust domain mesh.internal, agent.yaml says other.mesh "
        "(gossip.trustDomain)");
  CHECK(mesh.refusal(west, {"mesh.internal", "west"}, kNow + tls::kLeafLifetime + 1h) ==
        "west/cert.pem expired 1h0m ago: issue a new one with nearmost tls issue "
        "--cluster west --force");
  CHECK_THAT(mesh.refusal(west, {"mesh.internal", "west"}, kNow - 1h),
             Catch::Contains("west/cert.pem holds only in") && Catch::Contains("clock"));
  CHECK(mesh.refusal({west.cert, west.key, stranger.files("west").ca})
            .find("west/cert.pem is not proven by " + stranger.files("west").ca) == 0);
  CHECK_THAT(mesh.refusal({mesh.path + "/ca.pem", mesh.path + "/ca-key.pem", west.ca}),
             Catch::Contains("ca.pem is a CA's certificate, not a cluster's"));
  CHECK_THAT(mesh.refusal({west.cert, west.key, mesh.path + "/absent.pem"}),
             Catch::Contains("cannot read absent.pem: No such file"));
  CHECK_THAT(mesh.refusal({write("none.pem", "hello\n"), west.key, west.ca}),
             Catch::Contains("none.pem holds no certificate in PEM"));
  CHECK_THAT(mesh.refusal({west.cert, west.cert, west.ca}),
             Catch::Contains("holds no private key in PEM"));
  CHECK_THAT(mesh.refusal({mesh.path, west.key, west.ca}), Catch::Contains("cannot read"));
  CHECK_THAT(
      mesh.refusal({write("huge.pem", std::string(tls::kMaxPemBytes + 1, 'x')), west.key, west.ca}),
      Catch::Contains("huge.pem is larger than"));
}

TEST_CASE("an identity is exactly spiffe://domain/cluster/name, once", "[tls]") {
  using discovery::Identity;
  const auto good = Identity::parse("spiffe://mesh.internal/cluster/west");
  REQUIRE(good.ok());
  CHECK(*good == Identity{"mesh.internal", "west"});
  CHECK(good->uri() == "spiffe://mesh.internal/cluster/west");
  for (const auto* wrong :
       {"", "spiffe://", "spiffe://mesh.internal", "spiffe://mesh.internal/cluster/",
        "spiffe://mesh.internal/cluster/west/x", "spiffe://mesh.internal/ns/a/sa/b",
        "spiffe:///cluster/west", "spiffe://Mesh/cluster/west", "spiffe://mesh/cluster/WEST",
        "https://mesh.internal/cluster/west", "spiffe://mesh.internal:80/cluster/west",
        "spiffe://a@mesh/cluster/west", "spiffe://mesh/cluster/west?x",
        "spiffe://mesh//cluster/west"})
    CHECK_FALSE(Identity::parse(wrong).ok());
  CHECK_FALSE(Identity::of({}).ok());
  CHECK_THAT(Identity::of({good->uri(), good->uri()}).error().message,
             Catch::Contains("2 URI names"));
  CHECK(discovery::prove({good->uri()}, {"mesh.internal"}).value().cluster == "west");
  CHECK_FALSE(discovery::prove({good->uri()}, {"other.mesh"}).ok());
  // What a peer wrote into its certificate stays on one line of the log.
  CHECK(Identity::parse("spiffe://\n\x1b[31m").error().message.find('\n') == std::string::npos);
}

TEST_CASE("a leaf's certificate is its cluster's leaf's, and serves no agent", "[tls]") {
  const Mesh mesh;
  const auto issued =
      tls::issue(mesh.path, "west", kNow, tls::Existing::keep, "", tls::Bearer::leaf);
  REQUIRE(issued.ok());
  CHECK_THAT(issued->next, Catch::Contains("each leaf of west"));
  const tls::Expected leaf{"mesh.internal", "west", true};
  CHECK(mesh.refusal(mesh.files("west/leaf"), leaf) == "accepted");
  CHECK(mesh.refusal(mesh.files("west")) == "accepted");  // which stands beside it
  CHECK(mesh.refusal(mesh.files("west/leaf")) ==
        "west/leaf/cert.pem is a leaf's and cannot speak for cluster west: issue one with nearmost "
        "tls issue --cluster west");
  CHECK(mesh.refusal(mesh.files("west"), leaf) ==
        "west/cert.pem can speak for cluster west, which a leaf must not: issue one with nearmost "
        "tls issue --cluster west --leaf");
  CHECK_THAT(mesh.refusal(mesh.files("west/leaf"), leaf, kNow + tls::kLeafLifetime + 1h),
             Catch::Contains("--cluster west --leaf --force"));
}

TEST_CASE("a leaf's name proves its cluster to who asks for leaves, and nothing to others",
          "[tls]") {
  const std::string west = "spiffe://mesh.internal/cluster/west";
  using discovery::ProvenPeer;
  const auto proven = [](std::string uri) {
    return discovery::prove_peer({uri}, {"mesh.internal"});
  };
  CHECK(discovery::leaf_uri(west) == west + "/leaf");
  CHECK(*proven(west) == ProvenPeer{"west", false, "mesh.internal"});
  CHECK(*proven(west + "/leaf") == ProvenPeer{"west", true, "mesh.internal"});
  CHECK(*proven("spiffe://mesh.internal/cluster/leaf") ==
        ProvenPeer{"leaf", false, "mesh.internal"});
  CHECK(*proven("spiffe://mesh.internal/cluster/leaf/leaf") ==
        ProvenPeer{"leaf", true, "mesh.internal"});
  for (const auto* wrong : {"/leaf/leaf", "/leaf/", "/Leaf", "/twig"})
    CHECK_FALSE(proven(west + wrong).ok());
  CHECK_FALSE(proven("spiffe://other.mesh/cluster/west/leaf").ok());
  CHECK_FALSE(discovery::prove_peer({west + "/leaf", west}, {"mesh.internal"}).ok());
  CHECK_FALSE(discovery::prove({west + "/leaf"}, {"mesh.internal"}).ok());
  CHECK_FALSE(discovery::Identity::parse(west + "/leaf").ok());
  const discovery::TrustRule rule{"mesh.internal", {{"west", "other.mesh"}}};
  CHECK_FALSE(discovery::prove_peer({west + "/leaf"}, rule).ok());
  CHECK(discovery::prove_peer({"spiffe://other.mesh/cluster/west/leaf"}, rule)->leaf);
}
