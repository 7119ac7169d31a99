#include "agent/condition.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using namespace std::chrono_literals;

TEST_CASE("a certificate that ends soon, has ended or cannot serve is a trouble", "[agent]") {
  const tls::WallTime now{24h * 20'000};
  Condition condition;
  CHECK(condition.troubles(now).empty());
  tls::Certificate certificate;
  certificate.not_after = now + 24h * 31;
  condition.certificate(certificate);
  CHECK(condition.troubles(now).empty());
  CHECK(condition.troubles(now + 48h).at(0).find("ends in 696h") != std::string::npos);
  CHECK(condition.troubles(now + 24h * 32).at(0).find("has ended") != std::string::npos);

  condition.certificate(base::invalid("east.pem is for cluster west"));
  CHECK(condition.troubles(now).at(0).find("east.pem is for cluster west") != std::string::npos);
  CHECK(condition.certificate_end() == certificate.not_after);  // the one that serves
  condition.certificate(certificate);
  condition.config("agent.yaml:3: error");
  CHECK(condition.troubles(now) == std::vector<std::string>{"config: agent.yaml:3: error"});
}
