#include "agent/tls_watch.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/base/loop_story.hpp"

#include <catch2/catch.hpp>

namespace fs = std::filesystem;
namespace tls = agent::tls;
using discovery::rpc::Security;

namespace {

const auto kNow = std::chrono::system_clock::now();

// A mesh's CA with west's folder watched, on a clock that the test sets.
struct Watched {
  Watched() {
    char name[] = "/tmp/nearmost-tls-watch-XXXXXX";
    REQUIRE(::mkdtemp(name));
    dir = name;
    REQUIRE(tls::init_ca(dir, "mesh.internal", now).ok());
    for (const auto* cluster : {"west", "east"}) REQUIRE(tls::issue(dir, cluster, now).ok());
  }
  ~Watched() {
    watch.reset();
    fs::remove_all(dir);
  }
  void open(const std::string& folder) {
    files = {folder + "/cert.pem", folder + "/key.pem", folder + "/ca.pem"};
    security = Security::mutual_tls({"mesh.internal"}, load());
    auto opened = tls::Watch::open(
        *story.loop, files, {"mesh.internal", "west"}, security, [this] { return now; },
        [this](const auto& report) { reports.push_back(report); });
    REQUIRE(opened.ok());
    watch = std::move(*opened);
    story.turn_until([&] { return reports.size() == 1; });
    REQUIRE(reports[0].ok());
  }
  discovery::rpc::Certificates load() const {
    return tls::load(files, {"mesh.internal", "west"}, now)->certificates;
  }
  const discovery::rpc::Certificates& serving() const { return *security->current().certificates; }
  void copy(const std::string& from, const std::string& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  }
  // Another life of west's certificate, elsewhere.
  std::string renewed() {
    REQUIRE(tls::issue(dir, "west", now, tls::Existing::overwrite, dir + "/renewed").ok());
    return dir + "/renewed/";
  }
  std::string refusal() {
    story.turn_until([&] { return !reports.back().ok(); });
    return reports.back().error().message;
  }
  void serves(const discovery::rpc::Certificates& wanted) {
    story.turn_until([&] { return serving() == wanted; });
  }

  tls::WallTime now = kNow;
  std::string dir;
  tls::Files files;
  std::shared_ptr<Security> security;
  LoopStory story;
  std::vector<base::Result<tls::Standing>> reports;
  std::unique_ptr<tls::Watch> watch;
};

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a certificate that is replaced before its key serves only with it", "[tls]") {
  Watched west;
  west.open(west.dir + "/west");
  const auto before = west.serving();
  const auto next = west.renewed();
  west.copy(next + "cert.pem", west.files.cert);
  CHECK_THAT(west.refusal(), Catch::Contains("is not the key of"));
  CHECK(west.serving() == before);
  west.copy(next + "key.pem", west.files.key);
  west.serves(west.load());
  CHECK_FALSE(west.serving() == before);
}

TEST_CASE("a Kubernetes secret that is swapped by its link serves at once", "[tls]") {
  Watched west;
  const auto volume = west.dir + "/volume";
  fs::create_directories(volume);
  fs::rename(west.dir + "/west", volume + "/..2026_01");
  fs::create_directory_symlink("..2026_01", volume + "/..data");
  for (const auto* name : {"cert.pem", "key.pem", "ca.pem"})
    fs::create_symlink(std::string("..data/") + name, volume + "/" + name);
  west.open(volume);
  const auto before = west.serving();
  const auto next = west.renewed();
  fs::rename(next, volume + "/..2026_02");
  fs::create_directory_symlink("..2026_02", volume + "/..data_tmp");
  fs::rename(volume + "/..data_tmp", volume + "/..data");
  fs::remove_all(volume + "/..2026_01");
  west.story.turn_until([&] { return !(west.serving() == before); });
  CHECK(west.serving() == west.load());
}

TEST_CASE("an expired certificate, and one for another cluster, leave the old one serving",
          "[tls]") {
  Watched west;
  west.open(west.dir + "/west");
  const auto before = west.serving();
  for (const auto* name : {"cert.pem", "key.pem"})
    west.copy(west.dir + "/east/" + name, west.dir + "/west/" + name);
  west.story.turn_until([&] {
    return !west.reports.back().ok() &&
           west.reports.back().error().message.find("is for cluster east") != std::string::npos;
  });
  REQUIRE(tls::issue(west.dir, "west", kNow - tls::kLeafLifetime - std::chrono::hours(1),
                     tls::Existing::overwrite)
              .ok());
  west.story.turn_until([&] {
    return !west.reports.back().ok() &&
           west.reports.back().error().message.find("expired") != std::string::npos;
  });
  CHECK(west.serving() == before);
}

TEST_CASE("a CA is rotated by three changes, each of which serves", "[tls]") {
  Watched west;
  west.open(west.dir + "/west");
  const auto next = west.dir + "/next";
  REQUIRE(tls::init_ca(next, "mesh.internal", kNow).ok());
  REQUIRE(tls::issue(next, "west", kNow).ok());
  const auto both = read(west.files.ca) + read(next + "/ca.pem");
  std::ofstream(west.files.ca) << both;
  west.story.turn_until([&] { return west.serving().ca == both; });
  // A certificate of the next CA, whose CA file would bring the next alone.
  west.copy(next + "/west/key.pem", west.files.key);
  west.copy(next + "/west/cert.pem", west.files.cert);
  west.story.turn_until([&] { return west.serving().chain == read(next + "/west/cert.pem"); });
  CHECK(west.serving().ca == both);
  west.copy(next + "/ca.pem", west.files.ca);
  west.story.turn_until([&] { return west.serving().ca == read(next + "/ca.pem"); });
  CHECK(west.reports.back().ok());
  REQUIRE(west.reports.back()->expiries.size() == 2);
  CHECK(west.reports.back()->expiries[0].what == "own");
  CHECK(west.reports.back()->expiries[1].what == "ca");
  CHECK(west.reports.back()->expiries[1].until > west.reports.back()->expiries[0].until);
}

TEST_CASE("certificates that change on disk replace those that serve, if they fit", "[tls]") {
  char name[] = "/tmp/nearmost-tls-watch-XXXXXX";
  REQUIRE(::mkdtemp(name));
  const std::string dir = name;
  const auto now = std::chrono::system_clock::now();
  REQUIRE(tls::init_ca(dir, "mesh.internal", now).ok());
  REQUIRE(tls::issue(dir, "west", now).ok());
  REQUIRE(tls::issue(dir, "east", now).ok());
  const auto folder = dir + "/west/";
  const tls::Files files{folder + "cert.pem", folder + "key.pem", folder + "ca.pem"};
  const tls::Expected expected{"mesh.internal", "west"};
  const auto load = [&] { return tls::load(files, expected, now)->certificates; };
  const auto security = Security::mutual_tls({"mesh.internal"}, load());
  const auto first = load();

  LoopStory story;
  std::vector<base::Result<tls::Standing>> reports;
  auto watch = tls::Watch::open(
      *story.loop, files, expected, security, [&] { return now; },
      [&](const auto& report) { reports.push_back(report); });
  REQUIRE(watch.ok());
  story.turn_until([&] { return reports.size() == 1; });
  CHECK(reports[0].value().certificate.cluster == "west");
  CHECK(security->current().generation == 1);

  fs::copy_file(dir + "/east/key.pem", files.key, fs::copy_options::overwrite_existing);
  story.turn_until([&] { return reports.size() == 2; });
  REQUIRE_FALSE(reports[1].ok());
  CHECK_THAT(reports[1].error().message, Catch::Contains("is not the key of"));
  CHECK(*security->current().certificates == first);

  REQUIRE(tls::issue(dir, "west", now, tls::Existing::overwrite).ok());
  story.turn_until([&] { return reports.back().ok() && reports.size() > 2; });
  CHECK(*security->current().certificates == load());
  CHECK_FALSE(*security->current().certificates == first);
  watch->reset();
  fs::remove_all(dir);
}
