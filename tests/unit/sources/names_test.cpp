#include "discovery/sources/names.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "resources/documents.hpp"

using namespace std::chrono_literals;
using namespace discovery::sources;
using discovery::ImportRule;
using Addresses = std::vector<base::IpAddress>;
using Family = Names::Family;

namespace {

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }

// The clock, the names, and servers that the test plays.
struct Story {
  Names names;
  base::TimePoint now = base::TimePoint{} + 1h;

  // What is asked now, "name 4" or "name 6".
  std::vector<std::string> asked() {
    std::vector<std::string> all;
    for (const auto& question : names.due(now))
      all.push_back(question.name + (question.family == Family::v4 ? " 4" : " 6"));
    return all;
  }
  void answer(const std::string& name, Family family, Addresses addresses,
              base::Duration lasts = 10s) {
    names.answered({name, family}, Resolver::Found{std::move(addresses), lasts}, now);
  }
  void fail(const std::string& name, Family family, base::Code code) {
    names.answered({name, family}, base::Error{code, name + " does not resolve"}, now);
  }
  // One name that has one IPv4 address and no other.
  void settle(const std::string& name) {
    names.want({name}, now);
    CHECK(asked().size() == 2);
    answer(name, Family::v4, {ip("192.0.2.1")});
    fail(name, Family::v6, base::Code::not_found);
  }
};

}  // namespace

TEST_CASE("a name is asked for in both families, and again when its records end", "[sources]") {
  Story story;
  story.names.want({"a.example"}, story.now);
  CHECK(story.asked() == std::vector<std::string>{"a.example 4", "a.example 6"});
  CHECK(story.asked().empty());  // under way
  CHECK(story.names.addresses().empty());
  story.answer("a.example", Family::v4, {ip("192.0.2.1")}, 20s);
  CHECK(story.names.addresses() == NamedAddresses{{"a.example", {{ip("192.0.2.1")}, false}}});
  story.answer("a.example", Family::v6, {ip("2001:db8::1")}, 1s);
  CHECK(story.names.addresses() ==
        NamedAddresses{{"a.example", {{ip("192.0.2.1"), ip("2001:db8::1")}, true}}});
  story.now += 5s - 1ns;
  CHECK(story.asked().empty());
  story.now += 1ns;  // kLeast, whatever the TTL says
  CHECK(story.asked() == std::vector<std::string>{"a.example 6"});
  story.now += 15s;
  CHECK(story.asked() == std::vector<std::string>{"a.example 4"});
  story.answer("a.example", Family::v4, {ip("192.0.2.2")}, 24h);
  story.now += Names::kMost;
  CHECK(story.asked() == std::vector<std::string>{"a.example 4"});
}

TEST_CASE("what servers fail to tell takes no address away, in either family", "[sources]") {
  Story story;
  story.settle("a.example");
  for (int i = 0; i < 100; ++i) {
    story.now += Names::kMost;
    CHECK_FALSE(story.asked().empty());
    story.fail("a.example", Family::v4, base::Code::timeout);
    story.fail("a.example", Family::v6, base::Code::unavailable);
  }
  CHECK(story.names.addresses() == NamedAddresses{{"a.example", {{ip("192.0.2.1")}, true}}});
  const auto status = story.names.status(story.now);
  REQUIRE(status.size() == 1);
  CHECK(status[0].trouble == "a.example does not resolve");
  CHECK(status[0].since == 99 * Names::kMost);
}

TEST_CASE("a name that is denied is believed to be gone when it stays so", "[sources]") {
  Story story;
  story.settle("a.example");
  story.now += 10s;
  CHECK(story.asked().size() == 1);
  story.fail("a.example", Family::v4, base::Code::not_found);
  const auto denied = story.now;
  while (story.now - denied < Names::kDoubted) {
    CHECK(story.names.addresses().at("a.example").addresses.size() == 1);
    story.now += Names::kLeast;
    for (const auto& question : story.asked())
      story.fail("a.example", question.ends_with('4') ? Family::v4 : Family::v6,
                 base::Code::not_found);
  }
  CHECK(story.names.addresses() == NamedAddresses{{"a.example", {{}, true}}});
  CHECK(story.names.status(story.now)[0].trouble == "a.example does not resolve");
  // It comes back at once.
  story.now += Names::kLeast;
  CHECK(story.asked().front() == "a.example 4");
  story.answer("a.example", Family::v4, {ip("192.0.2.9")});
  CHECK(story.names.addresses() == NamedAddresses{{"a.example", {{ip("192.0.2.9")}, true}}});
}

TEST_CASE("denials that an answer interrupts do not add up", "[sources]") {
  Story story;
  story.settle("a.example");
  for (int i = 0; i < 30; ++i) {
    story.now += 10s;
    (void)story.asked();
    if (i % 3 == 2)
      story.answer("a.example", Family::v4, {ip("192.0.2.1")});
    else
      story.fail("a.example", Family::v4, base::Code::not_found);
    CHECK(story.names.addresses().at("a.example").addresses.size() == 1);
  }
}

TEST_CASE("that a name is of one family only is no trouble", "[sources]") {
  Story story;
  story.settle("a.example");
  CHECK(story.names.status(story.now)[0].trouble.empty());
  CHECK(story.names.status(story.now)[0].addresses == Addresses{ip("192.0.2.1")});
}

TEST_CASE("servers that fail tell nothing: a name is known when they say that there is none",
          "[sources]") {
  Story story;
  story.names.want({"a.example"}, story.now);
  (void)story.asked();
  story.fail("a.example", Family::v6, base::Code::not_found);
  story.fail("a.example", Family::v4, base::Code::timeout);
  CHECK(story.names.addresses().empty());
  story.now += Names::kLeast;
  (void)story.asked();
  story.fail("a.example", Family::v4, base::Code::not_found);
  CHECK(story.names.addresses() == NamedAddresses{{"a.example", {{}, true}}});
}

TEST_CASE("what no peer could give us no name gives us, and it is told", "[sources]") {
  Story story;
  ImportRule rule;
  rule.own_addresses = {ip("192.0.2.200")};
  story.names.use(rule);
  story.settle("a.example");
  story.now += 10s;
  (void)story.asked();
  story.answer("a.example", Family::v4, {ip("169.254.169.254"), ip("127.0.0.1")});
  CHECK(story.names.addresses().at("a.example").addresses == Addresses{ip("192.0.2.1")});
  CHECK(story.names.status(story.now)[0].trouble.find("a.example leads to 127.0.0.1: ") == 0);
  story.now += 10s;
  (void)story.asked();
  story.answer("a.example", Family::v4, {ip("192.0.2.200"), ip("192.0.2.3")});
  CHECK(story.names.addresses().at("a.example").addresses == Addresses{ip("192.0.2.3")});
  CHECK(story.names.status(story.now)[0].trouble.find("this agent itself listens there") !=
        std::string::npos);
}

TEST_CASE("names that nobody answers for keep no other from its turn", "[sources]") {
  Story story;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("silent" + std::to_string(100 + i) + ".example");
  names.push_back("z.example");
  story.names.want(names, story.now);
  std::vector<std::string> under_way;
  int turns = 0;
  for (; turns < 10; ++turns) {
    for (const auto& question : under_way)
      story.fail(question.substr(0, question.size() - 2),
                 question.ends_with('4') ? Family::v4 : Family::v6, base::Code::timeout);
    under_way = story.asked();
    if (std::ranges::count(under_way, "z.example 4")) break;
    story.now += Names::kLeast;
  }
  CHECK(turns < 5);
}

TEST_CASE("names that are wanted no more are forgotten, those that stay are kept", "[sources]") {
  Story story;
  story.settle("a.example");
  story.names.want({"a.example", "b.example"}, story.now);
  CHECK(story.asked() == std::vector<std::string>{"b.example 4", "b.example 6"});
  CHECK(story.names.addresses().contains("a.example"));
  story.names.want({"b.example"}, story.now);
  CHECK(story.names.addresses().empty());
  story.answer("a.example", Family::v4, {ip("192.0.2.7")});  // late
  CHECK(story.names.addresses().empty());
}

TEST_CASE("addresses beyond the limit are left out, and it is told", "[sources]") {
  Story story;
  story.names.want({"a.example"}, story.now);
  (void)story.asked();
  Addresses many;
  for (std::uint32_t i = 0; i <= Names::kMaxAddresses; ++i)
    many.push_back(base::IpAddress::v4(0x0a000000 + i));
  story.answer("a.example", Family::v4, many);
  CHECK(story.names.addresses().at("a.example").addresses.size() == Names::kMaxAddresses);
  CHECK(story.names.addresses().at("a.example").addresses.front() == ip("10.0.0.0"));
  CHECK(story.names.status(story.now)[0].trouble.find("has 65 addresses") != std::string::npos);
}

TEST_CASE("addresses that no endpoint can have are left out, and it is told", "[sources]") {
  Story story;
  story.names.want({"a.example"}, story.now);
  (void)story.asked();
  story.answer("a.example", Family::v4,
               {ip("0.0.0.0"), ip("10.0.0.1"), ip("224.0.0.1"), ip("255.255.255.255")});
  CHECK(story.names.addresses().at("a.example").addresses == Addresses{ip("10.0.0.1")});
  CHECK(story.names.status(story.now)[0].trouble ==
        "a.example leads to 255.255.255.255: it is nobody's address");
}

TEST_CASE("names are limited, and so are questions under way", "[sources]") {
  Story story;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < Names::kMaxNames + 3; ++i)
    names.push_back("n" + std::to_string(10'000 + i) + ".example");
  story.names.want(names, story.now);
  CHECK(story.names.left_out() == 3);
  CHECK(story.asked().size() == Names::kMaxAtOnce);
  story.names.want({}, story.now);  // gives their places back
  story.names.want(names, story.now);
  CHECK(story.asked().size() == Names::kMaxAtOnce);
}

TEST_CASE("the names in documents are found, each once", "[sources]") {
  const auto loaded =
      resources::load({{"a.yaml",
                        "service: a\nport: 80\nendpoints: [b.example, 10.0.0.1, a.example]\n---\n"
                        "service: b\nport: 80\nendpoints: ['b.example:81']\n"}});
  CHECK(names_in(loaded.documents) == std::vector<std::string>{"a.example", "b.example"});
}
