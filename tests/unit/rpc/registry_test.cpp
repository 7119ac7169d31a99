#include "discovery/rpc/registry.hpp"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "discovery/rpc/registration_right.hpp"
#include "tests/unit/rpc/certified.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using namespace discovery::rpc;
using namespace std::chrono_literals;

namespace {

// East's agent as those see it who register with it.
struct East {
  explicit East(std::shared_ptr<Security> with) : security(std::move(with)) {
    grpc::ServerBuilder builder;
    registry.add_to(builder);
    int bound = 0;
    builder.AddListeningPort("127.0.0.1:0", credentials, &bound);
    server = builder.BuildAndStart();
    REQUIRE(server);
    at = {*base::IpAddress::parse("127.0.0.1"), static_cast<std::uint16_t>(bound)};
  }
  ~East() { server->Shutdown(); }

  base::Result<void> ask(const std::shared_ptr<Security>& who, RegistrationOrder order) {
    return order_registration(at, who, order, 60s);
  }

  const std::shared_ptr<Security> security;
  const std::shared_ptr<grpc::ServerCredentials> credentials = security->server_credentials();
  std::mutex mutex;
  base::Result<void> answer;
  std::vector<RegistrationOrder> taken;
  std::vector<std::string> denied;
  Registry registry{"east",
                    security,
                    {[this](RegistrationOrder order, Registry::Done done) {
                       const std::lock_guard lock(mutex);
                       taken.push_back(std::move(order));
                       done(answer);
                     },
                     [this](const std::string& address, const std::string& why) {
                       const std::lock_guard lock(mutex);
                       denied.push_back(address.substr(0, address.find(':')) + " " + why);
                     }}};
  std::unique_ptr<grpc::Server> server;
  base::SocketAddress at;
};

}  // namespace

TEST_CASE("who has the cluster's certificate registers with its agent, and is answered", "[rpc]") {
  const Mesh mesh;
  const auto own = with(mesh.issue("east"));
  East east(own);
  REQUIRE(east.ask(own, {"service: a", 30s}).ok());
  REQUIRE(east.ask(own, {"service: a", 0s}).ok());
  REQUIRE(east.taken.size() == 2);
  CHECK(east.taken[0].document == "service: a");
  CHECK(east.taken[0].lease == 30s);
  CHECK(east.taken[1].lease == 0s);
  east.answer = base::invalid("registration:1: unknown field");
  const auto wrong = east.ask(own, {"cluster: west", 30s});
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message.find("unknown field") != std::string::npos);
  CHECK(east.registry.counts().taken == 2);
  CHECK(east.registry.counts().wrong == 1);
}

TEST_CASE("no other cluster registers there, no leaf and nobody of another mesh", "[rpc]") {
  const Mesh mesh;
  East east(with(mesh.issue("east")));
  const auto refused = [&](const std::shared_ptr<Security>& who) {
    const auto done = east.ask(who, {"service: a", 30s});
    REQUIRE_FALSE(done.ok());
    CHECK(east.taken.empty());
    return done.error().message;
  };
  CHECK(refused(with(mesh.issue("west")))
            .find("a certificate for cluster west registers nothing in east: show one of `nearmost "
                  "tls issue --cluster east`") != std::string::npos);
  CHECK(refused(with(mesh.issue("east", kNow, tls::Bearer::leaf)))
            .find("a leaf's certificate cannot speak for cluster east") != std::string::npos);
  CHECK(east.registry.counts().denied == 2);
  REQUIRE(east.denied.size() == 2);
  CHECK(east.denied[0].find("127.0.0.1 a certificate for cluster west") == 0);
  const Mesh other;
  refused(with(other.issue("east")));
  refused(Security::insecure());
  CHECK(east.registry.counts().denied == 2);  // TLS has let neither come so far
}

TEST_CASE("in an insecure mesh nobody registers from another host", "[rpc]") {
  CHECK(registration_objection("east", nullptr, "127.0.0.9:1234").empty());
  CHECK(registration_objection("east", nullptr, "[::1]:1234").empty());
  for (const auto* address : {"10.0.0.5:1234", "[2001:db8::1]:1234", "unix:/run/a", ""})
    CHECK(registration_objection("east", nullptr, address) ==
          "this mesh is insecure: nobody registers from another host");
  const ProvenPeer own{"east"};
  CHECK(registration_objection("east", &own, "10.0.0.5:1234").empty());
}

TEST_CASE("in an insecure mesh loopback registers", "[rpc]") {
  East east(Security::insecure());
  CHECK(east.ask(Security::insecure(), {"service: a", 30s}).ok());
}

TEST_CASE("a text that is too long is refused, and refusals are told a few times a second",
          "[rpc]") {
  const Mesh mesh;
  const auto own = with(mesh.issue("east")), west = with(mesh.issue("west"));
  East east(own);
  CHECK_FALSE(east.ask(own, {std::string(Registry::kMaxDocument + 1, ' '), 30s}).ok());
  CHECK(east.taken.empty());
  CHECK(east.registry.counts().wrong == 1);
  for (int i = 0; i < 30; ++i) CHECK_FALSE(east.ask(west, {"service: a", 30s}).ok());
  CHECK(east.registry.counts().denied == 30);
  CHECK(east.denied.size() < 30);
}

TEST_CASE("so many orders at once, and so many a second for long", "[rpc]") {
  OrderRate rate(10, 20);
  const auto admitted = [&](base::TimePoint now) {
    int count = 0;
    while (rate.admit(now)) ++count;
    return count;
  };
  base::TimePoint now{1h};
  CHECK(admitted(now) == 20);
  now += 1s;
  CHECK(admitted(now) == 10);
  now += 1h;
  CHECK(admitted(now) == 20);
  CHECK(admitted(now - 1s) == 0);
}
