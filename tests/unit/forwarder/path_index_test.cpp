#include "forwarder/path_index.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "forwarder/explain.hpp"
#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;

namespace {

// Small alphabets make collisions likely: paths that are prefixes of each other, equal headers,
// folded cases.
class Inventor {
 public:
  explicit Inventor(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_.below(bound); }

  std::string path() {
    std::string text = "/";
    for (auto length = below(6); length > 0; --length) text += "ab/A."[below(5)];
    return text;
  }

  resources::HttpMatcher matcher() {
    resources::HttpMatcher matcher;
    const auto kind = below(8);
    if (kind < 2) matcher = prefix(path());
    if (kind == 2) matcher = separated(path());
    if (kind >= 3 && kind < 5) matcher = exact(path());
    if (kind == 5) matcher = regex(pattern());
    if (kind == 5 && below(4) == 0) matcher.path->below = path();
    if (matcher.path && kind < 5 && below(4) == 0) matcher.path->ignore_case = true;
    if (below(4) == 0) matcher.method = below(2) ? "GET" : "POST";
    if (below(8) == 0) matcher.port = static_cast<std::uint16_t>(80 + below(2));
    if (below(4) == 0) matcher.headers.push_back(value());
    if (below(4) == 0) matcher.query.push_back(value());
    return matcher;
  }

 private:
  std::string pattern() {
    const char* tails[] = {".*", "[ab]+", "(?:a|b)", "a?b", "\\.", ""};
    return (below(4) ? path() : "") + tails[below(6)];
  }

  resources::ValueMatch value() {
    using Kind = resources::ValueMatch::Kind;
    const Kind kinds[] = {Kind::present, Kind::exact, Kind::regex};
    return {below(2) ? "x" : "y", kinds[below(3)], below(2) ? "1" : "2", below(3) == 0};
  }

  base::Random random_;
};

// The specification: the first matcher in order that holds.
const Entry* find_linearly(const VirtualHost& host, const forwarder::Request& request) {
  for (const auto* entry : host.entries())
    if (!mismatch(entry->matcher, request)) return entry;
  return nullptr;
}

VirtualHost invent_host(Inventor& inventor) {
  auto entries = std::make_shared<Entries>();
  // Sometimes so many that most paths have several, to be told apart by headers and parameters.
  for (auto count = inventor.below(inventor.below(4) ? 40 : 400); count > 0; --count) {
    std::vector<MatcherError> errors;
    auto matcher = compile_matcher(inventor.matcher(), errors);
    if (!errors.empty()) continue;
    Route route{"route " + std::to_string(entries->size()), ReplyAction{}};
    entries->push_back({std::move(matcher), std::make_shared<const Route>(std::move(route))});
  }
  VirtualHost host;
  host.hold(entries);
  for (const auto& entry : *entries) host.add(entry);
  host.seal();
  return host;
}

Incoming invent_request(Inventor& inventor, const std::string& target) {
  return Incoming(inventor.below(2) ? "GET" : "POST", "h", target,
                  {{inventor.below(2) ? "X" : "y", inventor.below(2) ? "1" : "2"}},
                  static_cast<std::uint16_t>(80 + inventor.below(2)));
}

}  // namespace

TEST_CASE("explain names the route that a decision takes") {
  int routed = 0;
  base::Random random(1);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Inventor inventor(seed);
    const auto virtual_host = std::make_shared<const VirtualHost>(invent_host(inventor));
    auto routes = std::make_shared<Routes>();
    routes->named = std::make_shared<const Hosts>(
        Hosts::List{std::make_shared<const Host>(Host{"h", virtual_host})}, Hosts());
    Table table;
    table.routes = routes;
    for (int i = 0; i < 40; ++i) {
      const auto target = inventor.path();
      const auto request = invent_request(inventor, target);
      const auto route = table.decide(request.value, random).route;
      if (explain(table, request.value).route != route)
        FAIL("seed " << seed << ", request " << i << " to " << target);
      routed += route.empty() ? 0 : 1;
    }
  }
  CHECK(routed > 1'000);
}

TEST_CASE("the index finds just what trying all matchers in order finds") {
  int found = 0, missed = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Inventor inventor(seed);
    const auto host = invent_host(inventor);
    for (int i = 0; i < 40; ++i) {
      const auto target = inventor.path() + (inventor.below(2) ? "?x=1" : "?y=2&x");
      const auto request = invent_request(inventor, target);
      const auto* wanted = find_linearly(host, request.value);
      const auto* got = host.find(request.value);
      if (got != wanted) FAIL("seed " << seed << ", request " << i << " to " << target);
      ++(wanted ? found : missed);
    }
  }
  // Both outcomes are common, or the comparison says little.
  CHECK(found > 10'000);
  CHECK(missed > 2'000);
}

TEST_CASE("every key that a text begins with is found, longest first, and no other") {
  base::Random random(5);
  const auto word = [&random] {
    std::string text;
    for (auto length = random.below(7); length > 0; --length) text += "ab"[random.below(2)];
    return text;
  };
  for (int round = 0; round < 500; ++round) {
    PrefixTable table;
    std::set<std::string> keys;
    for (auto count = random.below(12); count > 0; --count) keys.insert(word());
    for (const auto& key : keys) table.add(key, 0);
    table.seal();
    const auto text = word();
    std::vector<std::string> wanted, got;
    for (auto length = text.size() + 1; length-- > 0;)
      if (keys.contains(text.substr(0, length))) wanted.push_back(text.substr(0, length));
    for (const auto* node = table.longest(text); node; node = table.shorter(*node))
      got.push_back(node->key);
    REQUIRE(got == wanted);
  }
}

namespace {

// What a request finds in an index of those matchers, and how many were asked.
struct Found {
  std::optional<std::uint32_t> ordinal;
  std::size_t tried = 0;
};

Found look(const std::vector<resources::HttpMatcher>& sources, const Incoming& request) {
  std::vector<Matcher> matchers;
  std::vector<MatcherError> errors;
  for (const auto& source : sources) matchers.push_back(compile_matcher(source, errors));
  PathIndex index;
  for (const auto& matcher : matchers) index.add(matcher);
  index.seal();
  Search search{request.value};
  index.look(search);
  return {search.best, search.tried};
}

}  // namespace

TEST_CASE("a path is looked up among many prefixes without trying the others") {
  std::vector<resources::HttpMatcher> matchers;
  for (int i = 0; i < 10'000; ++i) matchers.push_back(prefix("/tenant" + std::to_string(i) + "/"));
  matchers.emplace_back();
  const auto found = look(matchers, Incoming("GET", "h", "/tenant4321/x"));
  CHECK(found.ordinal == 4321u);
  CHECK(found.tried <= 2);
}

TEST_CASE("many matchers of one path are told apart by a header, then by a query parameter") {
  std::vector<resources::HttpMatcher> matchers;
  for (int i = 0; i < 100; ++i)
    for (int k = 0; k < 100; ++k) {
      auto& matcher = matchers.emplace_back(prefix("/"));
      matcher.headers.push_back(header("x-tenant", std::to_string(i)));
      matcher.query.push_back(header("page", std::to_string(k)));
    }
  matchers.push_back(prefix("/"));
  const auto found = look(matchers, Incoming("GET", "h", "/a?page=7", {{"X-Tenant", "42"}}));
  CHECK(found.ordinal == 4207u);
  CHECK(found.tried <= 3);
  CHECK(look(matchers, Incoming("GET", "h", "/a?page=7")).ordinal == 10'000u);
}

TEST_CASE("many regular expressions without a common beginning are matched at once") {
  std::vector<resources::HttpMatcher> matchers;
  for (int i = 0; i < 1'000; ++i) matchers.push_back(regex(".*/item" + std::to_string(i) + "/.*"));
  const auto found = look(matchers, Incoming("GET", "h", "/shop/item777/edit"));
  CHECK(found.ordinal == 777u);
  CHECK(found.tried == 1);
}
