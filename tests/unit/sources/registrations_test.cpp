#include "discovery/sources/registrations.hpp"

#include <catch2/catch.hpp>  // last: its CHECK takes the place of base's

using namespace discovery::sources;
using namespace std::chrono_literals;

namespace {

const base::TimePoint kStart{};

std::string web(const std::string& endpoints, const std::string& more = "") {
  return "service: web\nnamespace: shop\nport: 80\nendpoints: [" + endpoints + "]\n" + more;
}

std::vector<std::string> addresses(const Registrations& all) {
  std::vector<std::string> texts;
  for (const auto& service : all.services())
    for (const auto& endpoint : service.endpoints)
      texts.push_back(service.metadata.name + " " + endpoint.ip.to_string());
  return texts;
}

std::string why_not(Registrations& all, const std::string& text, base::Duration lease = 30s) {
  const auto done = all.put(kStart, text, lease);
  return done ? "" : done.error().message;
}

}  // namespace

TEST_CASE("registrations of one service are one service, each as long as its lease", "[sources]") {
  Registrations all;
  CHECK(all.put(kStart, web("10.0.0.1"), 10s).value());
  CHECK(all.put(kStart + 5s, web("10.0.0.2, 10.0.0.3"), 10s).value());
  CHECK(addresses(all) == std::vector<std::string>{"web 10.0.0.1", "web 10.0.0.2", "web 10.0.0.3"});
  CHECK(all.services().size() == 1);
  CHECK(all.services().front().endpoints.front().labels.at(kSourceLabel) == "registration");
  CHECK(all.deadline() == kStart + 10s);
  CHECK_FALSE(all.tick(kStart + 9s));
  CHECK(all.tick(kStart + 10s));
  CHECK(addresses(all) == std::vector<std::string>{"web 10.0.0.2", "web 10.0.0.3"});
  CHECK(all.tick(kStart + 15s));
  CHECK(all.services().empty());
  CHECK(all.deadline() == base::TimePoint::max());
}

TEST_CASE("what is said again lives on, and is the same object", "[sources]") {
  Registrations all;
  REQUIRE(all.put(kStart, web("10.0.0.1"), 10s).value());
  const auto before = all.services().pointers();
  CHECK_FALSE(all.put(kStart + 8s, web("10.0.0.1"), 10s).value());
  CHECK(all.services().pointers() == before);
  CHECK_FALSE(all.tick(kStart + 10s));
  CHECK(all.entries(kStart + 10s).front().rest == 8s);
  CHECK(all.put(kStart + 10s, web("10.0.0.1"), 60s).value());  // a restart is to know it
  CHECK(all.saved() == std::vector<discovery::SavedRegistration>{{web("10.0.0.1"), 60s}});
}

TEST_CASE("what an endpoint says of itself may change, what all say may not", "[sources]") {
  Registrations all;
  REQUIRE(why_not(all, web("10.0.0.1")).empty());
  CHECK(why_not(all, web("{address: 10.0.0.1, weight: 3}")).empty());
  CHECK(all.services().front().endpoints.front().weight == 3);
  CHECK(all.entries(kStart).size() == 1);
  CHECK(why_not(all, web("10.0.0.1", "labels: {app: web}\n")).empty());  // it is alone
  CHECK(why_not(all, web("10.0.0.2")) ==
        "shop/web is registered with other labels: registrations of one service differ in their "
        "endpoints only; what one endpoint has of its own stands with the endpoint");
  CHECK(why_not(all,
                "service: web\nnamespace: shop\nport: 81\nlabels: {app: web}\n"
                "endpoints: [10.0.0.2]\n")
            .starts_with("shop/web is registered with other ports"));
}

TEST_CASE("what cannot be registered says why and changes nothing", "[sources]") {
  Registrations all;
  CHECK(why_not(all, web("10.0.0.1"), 2s) == "a lease of 2.0s: from 3.0s to 24h0m");
  CHECK(why_not(all, web("10.0.0.1"), 25h).starts_with("a lease of 25h"));
  CHECK(why_not(all, "").starts_with("a registration is one service in the short form"));
  CHECK(why_not(all, web("10.0.0.1") + "---\n" + web("10.0.0.2")).find("twice") !=
        std::string::npos);
  CHECK(why_not(all, web("10.0.0.1", "# " + std::string(Registrations::kMostText, 'x') + "\n"))
            .starts_with("a registration of"));
  CHECK(why_not(all, web("")).starts_with("a registration without endpoints"));
  CHECK(why_not(all, web("web.example.com")).find("is a name") != std::string::npos);
  CHECK(why_not(all, web("10.0.0.1", "cluster: west\n")).find("unknown field") !=
        std::string::npos);
  CHECK(why_not(all, web("10.0.0.1.2")).starts_with("registration:4:"));
  CHECK(all.services().empty());
}

TEST_CASE("a stall of ours ends no lease", "[sources]") {
  Registrations all;
  REQUIRE(all.put(kStart, web("10.0.0.1"), 10s).value());
  all.forgive(30s);
  CHECK_FALSE(all.tick(kStart + 35s));
  CHECK(all.tick(kStart + 40s));
}

TEST_CASE("a registration is taken back by the service and its endpoints", "[sources]") {
  Registrations all;
  REQUIRE(why_not(all, web("10.0.0.1, 10.0.0.2")).empty());
  CHECK_FALSE(all.remove(web("10.0.0.1")).value());
  CHECK(all.remove(web("10.0.0.2, 10.0.0.1")).value());
  CHECK(all.services().empty());
}
