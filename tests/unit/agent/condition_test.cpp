#include "agent/condition.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using namespace std::chrono_literals;

namespace {

const tls::WallTime kNow{24h * 20'000};

tls::Standing standing(std::string what, tls::WallTime from, tls::WallTime until) {
  return {{}, {{std::move(what), from, until}}};
}

}  // namespace

TEST_CASE("a certificate that ends soon, has ended or cannot serve is a trouble", "[agent]") {
  Condition condition;
  CHECK(condition.troubles(kNow).empty());
  const auto until = kNow + 24h * 31;
  condition.certificate(standing("own", kNow - 24h * 365, until));
  CHECK(condition.troubles(kNow).empty());
  CHECK(condition.troubles(kNow + 48h).at(0).find("the certificate ends in 696h") !=
        std::string::npos);
  CHECK(condition.troubles(kNow + 24h * 32).at(0).find("has ended") != std::string::npos);

  condition.certificate(base::invalid("east.pem is for cluster west"));
  CHECK(condition.troubles(kNow).at(0).find("east.pem is for cluster west") != std::string::npos);
  CHECK(condition.expiries().at(0).until == until);  // of the one that serves
  condition.certificate(standing("own", kNow - 24h * 365, until));
  condition.config("agent.yaml:3: error");
  CHECK(condition.troubles(kNow) == std::vector<std::string>{"config: agent.yaml:3: error"});
}

TEST_CASE("one that lives for a day is a trouble in its last third only", "[agent]") {
  Condition condition;
  condition.certificate(standing("own", kNow, kNow + 24h));
  CHECK(condition.troubles(kNow + 15h).empty());
  CHECK(condition.troubles(kNow + 17h).size() == 1);
}

TEST_CASE("a CA that ends is named, with what to do about it", "[agent]") {
  Condition condition;
  condition.certificate(standing("ca of other.mesh", kNow - 24h * 365, kNow + 24h));
  CHECK(condition.troubles(kNow).at(0) ==
        "tls: the CA of other.mesh ends in 24h0m: add the next CA to the file everywhere before "
        "certificates of it are issued");
  CHECK(condition.troubles(kNow + 25h).at(0).find("to its clusters") != std::string::npos);
}

TEST_CASE("the log hears of an end when it nears, once a day, when it has come and no more after",
          "[agent]") {
  Condition condition;
  condition.certificate(standing("own", kNow - 24h * 365, kNow + 24h * 40));
  std::vector<std::string> lines;
  for (auto now = kNow; now < kNow + 24h * 42; now += 1h)
    for (auto& line : condition.lines_due(now)) lines.push_back(std::move(line));
  CHECK(lines.size() == 30 + 2);
  CHECK(lines[0].find("ends in 719h") != std::string::npos);
  CHECK(lines[30].find("has ended") != std::string::npos);
  condition.certificate(standing("own", kNow + 24h * 42, kNow + 24h * 400));
  CHECK(condition.lines_due(kNow + 24h * 42).empty());
}
