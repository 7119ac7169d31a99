#include "agent/tls_watch.hpp"

#include <filesystem>

#include "tests/unit/base/loop_story.hpp"

#include <catch2/catch.hpp>  // last: its CHECK takes the place of ours

namespace fs = std::filesystem;
namespace tls = agent::tls;
using discovery::rpc::Security;

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
  const auto security = Security::mutual_tls("mesh.internal", load());
  const auto first = load();

  LoopStory story;
  std::vector<base::Result<tls::Certificate>> reports;
  auto watch = tls::Watch::open(
      *story.loop, files, expected, security, [&] { return now; },
      [&](const auto& report) { reports.push_back(report); });
  REQUIRE(watch.ok());
  story.turn_until([&] { return reports.size() == 1; });
  CHECK(reports[0].value().cluster == "west");
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
