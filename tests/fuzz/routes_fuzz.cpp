// Route tables and requests, a line each: what the index finds is what trying all matchers in order
// finds, explain names the same route, and a table compiled after another decides as one that is
// compiled of nothing.
//
//   T             a table begins: the first is the root, those behind it are its children c1, c2 …
//   = /a  ^ /a  / /a  ~ a.*  *   a route by exact path, prefix, path-separated prefix, regular
//                 expression; any
//                 An `i` behind the sign ignores case. Behind the path, in any order:
//                 h:name=value, H:name=value (inverted), q:name=value, m:GET, p:81, and d:2 to
//                 delegate to the second child
//   > GET /a?b h:name=value p:81   a request
#include <charconv>

#include "forwarder/explain.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/forwarder/scene.hpp"

namespace {

using namespace forwarder;
using scene::Incoming;

// More would be slow and find nothing that these do not.
constexpr std::size_t kMostRoutes = 60, kMostRequests = 30, kMostTables = 4;

std::string_view next_word(std::string_view& line, char end = ' ') {
  const auto at = std::min(line.find(end), line.size());
  const auto word = line.substr(0, at);
  line.remove_prefix(std::min(at + 1, line.size()));
  return word;
}

std::uint16_t number(std::string_view text) {
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

resources::ValueMatch value_match(std::string_view text, bool invert) {
  using Kind = resources::ValueMatch::Kind;
  const auto name = next_word(text, '=');
  const auto kind = text.empty()            ? Kind::present
                    : text.starts_with('~') ? Kind::regex
                                            : Kind::exact;
  return {std::string(name), kind, std::string(kind == Kind::regex ? text.substr(1) : text),
          invert};
}

resources::HttpRoute route_of(std::string_view line, std::size_t ordinal) {
  using Kind = resources::PathMatch::Kind;
  resources::HttpRoute route;
  route.action = scene::says(std::to_string(ordinal));
  auto& matcher = route.matchers.emplace_back();
  const auto sign = next_word(line);
  if (!sign.starts_with('*'))
    matcher.path = resources::PathMatch{sign.starts_with('=')   ? Kind::exact
                                        : sign.starts_with('~') ? Kind::regex
                                        : sign.starts_with('/') ? Kind::separated_prefix
                                                                : Kind::prefix,
                                        std::string(next_word(line)), sign.ends_with('i')};
  while (!line.empty()) {
    auto word = next_word(line);
    const auto part = next_word(word, ':');
    if (part == "h" || part == "H") matcher.headers.push_back(value_match(word, part == "H"));
    if (part == "q") matcher.query.push_back(value_match(word, false));
    if (part == "m") matcher.method = word;
    if (part == "p") matcher.port = number(word);
    if (part == "d") route.action = scene::delegate_to({"c" + std::string(word)});
  }
  return route;
}

struct Question {
  std::string method, target;
  std::vector<http::Header> headers;
  std::uint16_t port = 80;
};

Question question_of(std::string_view line) {
  Question asked;
  asked.method = next_word(line);
  asked.target = next_word(line);
  while (!line.empty()) {
    auto word = next_word(line);
    const auto part = next_word(word, ':');
    if (part == "p") asked.port = number(word);
    if (part != "h") continue;
    const auto name = next_word(word, '=');
    asked.headers.push_back({name, word});
  }
  return asked;
}

std::string_view broken(const Table& table, const Table& alone, const Incoming& request) {
  const auto* host = table.routes->find(request.value);
  if (!host) return "the host is gone";
  const Entry* wanted = nullptr;
  for (const auto* entry : host->routes->entries())
    if (!mismatch(entry->matcher, request.value)) {
      wanted = entry;
      break;
    }
  if (host->routes->find(request.value) != wanted) return "the index finds another route";
  const auto route = scene::route_of(table, request);
  if (explain(table, request.value).route != route) return "explain names another route";
  return scene::route_of(alone, request) == route ? "" : "compiled after another it is another";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  std::vector<resources::RouteTable> tables;
  std::vector<Question> requests;
  std::size_t routes = 0;
  while (!input.empty()) {
    auto line = next_word(input, '\n');
    if (line == "T" && tables.size() < kMostTables) {
      const auto name = tables.empty() ? std::string("root") : "c" + std::to_string(tables.size());
      tables.push_back(scene::table(
          name, tables.empty() ? std::vector<std::string>{"h"} : std::vector<std::string>{}, {}));
    } else if (line.starts_with("> ") && requests.size() < kMostRequests) {
      requests.push_back(question_of(line.substr(2)));
    } else if (!tables.empty() && !line.empty() && routes < kMostRoutes) {
      tables.back().http.push_back(route_of(line, routes++));
    }
  }
  if (tables.empty()) return {};

  // First without the last route, so that what is kept has something to differ from.
  scene::Mesh kept, nothing;
  resources::SharedList<resources::RouteTable> before, after;
  for (const auto& table : tables) {
    const auto same = std::make_shared<const resources::RouteTable>(table);
    after.push_back(same);
    if (&table != &tables.back()) before.push_back(same);
  }
  auto last = tables.back();
  if (!last.http.empty()) last.http.pop_back();
  before.push_back(std::move(last));
  kept.compile(before);
  const auto compiled = kept.compile(after), alone = nothing.compile(after);
  for (const auto& asked : requests) {
    const Incoming request(asked.method, "h", asked.target, asked.headers, asked.port);
    if (const auto why = ::broken(*compiled.table, *alone.table, request); !why.empty()) return why;
  }
  return {};
}

std::vector<std::string> fuzz::seeds() {
  std::string many = "T\n";
  for (int n = 0; n < 30; ++n)
    many += "^ /a h:x=" + std::to_string(n % 5) + " q:y=" + std::to_string(n % 3) + "\n~ /b" +
            std::to_string(n) + ".*\n";
  return {
      "T\n= /a\n^ /a\n~ /a.*\n*\n> GET /a\n> GET /ab\n> GET /b\n> POST /a/b?c=d\n",
      "T\n^i /A m:GET\n=i /A/B p:81\n~ .*b h:x=~1.*\n^ / H:x\n> GET /a/b p:81\n> PUT /a/B h:x=12\n",
      "T\n^ /a d:1\n^ /b d:2 h:x=1\n*\nT\n= /c\n^ /d d:2\nT\n= /e q:y=1\n> GET /a/c\n"
      "> GET /a/d/e?y=1\n> GET /b/e?y=1 h:x=1\n> GET /\n",
      "T\n/ /a m:GET\n/i /A/B\n^ /ab\n/ /a\n> GET /a\n> POST /a/\n> PUT /a/b/c\n> GET /ab\n"
      "> GET /A/b?c\n",
      "T\n/ /a d:1\n/i /B d:1\n*\nT\n^ /\n~ .*c\n/ /d\n= e\n> GET /a\n> GET /ax\n> GET /a/c\n"
      "> GET /ac\n> GET /b/d/e\n> GET /a/e\n",
      many + "* \n> GET /a?y=2 h:x=4\n> GET /b7x\n> GET /a h:X=1\n> GET /c\n",
      "T\n^ /a d:1\nT\n^ /b d:1\n> GET /a/b\n",
      "T\n~ .*z\n~ [z/]*a\n~ .*a\n~ .*\n~ (/a)+\n~ .?/a\n~ [/a]{2}\n> GET /a\n> GET /z\n> GET "
      "/aa\n",
  };
}
