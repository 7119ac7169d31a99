#include "forwarder/traffic_policy.hpp"

#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;
using Part = resources::HashBy::Part;

TEST_CASE("a request is hashed by the part that a policy names, the same wherever it stands",
          "[policies]") {
  const auto client = *base::IpAddress::parse("10.0.0.7");
  const scene::Incoming request("GET", "h", "/a?x=1&q=red&q=blue",
                                {{"X-User", "ann"},
                                 {"Cookie", "a=1; id=red"},
                                 {"Cookie", "b=2;id2=blue"},
                                 {"X-Many", "red"}});
  const auto hash = [&](Part part, const char* name) {
    return hash_of({part, name}, request.head, client);
  };
  const auto red = hash(Part::header, "x-many");
  REQUIRE(red);
  CHECK(hash(Part::header, "X-MANY") == red);
  CHECK(hash(Part::query_parameter, "q") == red);  // the first
  CHECK(hash(Part::cookie, "id") == red);
  CHECK(hash(Part::header, "x-user") != red);
  CHECK(hash(Part::cookie, "id2"));
  CHECK(hash(Part::cookie, "id2") != red);
  CHECK_FALSE(hash(Part::cookie, "d"));
  CHECK_FALSE(hash(Part::cookie, "c"));
  CHECK_FALSE(hash(Part::header, "x-other"));
  CHECK_FALSE(hash(Part::query_parameter, "Q"));
  CHECK(hash(Part::source_address, "") == hash_of({Part::source_address, ""}, {}, client));
  CHECK(hash(Part::source_address, "") !=
        hash_of({Part::source_address, ""}, {}, *base::IpAddress::parse("10.0.0.8")));
}

TEST_CASE("endpoints have hashes of their own, by address and port", "[policies]") {
  const auto hash = [](const char* address) {
    return endpoint_hash(*base::SocketAddress::parse(address));
  };
  CHECK(hash("10.0.0.1:80") == hash("10.0.0.1:80"));
  CHECK(hash("10.0.0.1:80") != hash("10.0.0.1:81"));
  CHECK(hash("10.0.0.1:80") != hash("10.0.0.2:80"));
}

TEST_CASE("a cookie that is given leads where it was made for, for as long as a policy says",
          "[policies]") {
  resources::HashBy by{Part::cookie, "sid", std::chrono::minutes(90), "/shop"};
  CHECK(set_cookie(by, "c0ffee") == "sid=c0ffee; Max-Age=5400; Path=/shop; HttpOnly");
  by = {Part::cookie, "sid", base::Duration::zero(), ""};
  CHECK(set_cookie(by, "c0ffee") == "sid=c0ffee; HttpOnly");
  const scene::Incoming next("GET", "h", "/", {{"Cookie", "sid=c0ffee"}});
  CHECK(hash_of(by, next.head, *base::IpAddress::parse("10.0.0.7")) == hash_of_cookie("c0ffee"));
}
