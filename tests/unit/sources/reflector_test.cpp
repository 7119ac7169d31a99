#include "discovery/sources/kubernetes/reflector.hpp"

#include <catch2/catch.hpp>

using namespace discovery::sources::kubernetes;
using discovery::Listing;
using namespace std::chrono_literals;
using Fault = Ending::Fault;

namespace {

// One reflector, the clock it is told, and an API server's words as the tests write them.
struct Story {
  explicit Story(Resource resource = {"endpointslices",
                                      "EndpointSlice",
                                      {"apis/d/v1", "apis/d/v1beta1"}})
      : mirror(std::move(resource), base::Random(1)) {}

  Reflector mirror;
  base::TimePoint now{1h};

  std::string asked() {
    const auto request = mirror.next(now);
    return request ? request->target : "";
  }
  // Waits until something is asked for; what it is.
  std::string asked_later() {
    now = std::max(now, mirror.deadline());
    return asked();
  }
  void page(std::vector<std::string> names, std::string version, std::string rest = "") {
    Page page{std::move(version), std::move(rest), {}};
    for (auto& name : names) page.items.push_back({"d/" + name, "1", {}, {}});
    mirror.listed(now, std::move(page));
  }
  void list(std::vector<std::string> names, std::string version) {
    asked_later();
    page(std::move(names), std::move(version));
  }
  void watch() {
    asked_later();
    mirror.opened(now);
  }
  Reflector::Then event(WatchEvent::Kind kind, std::string name, std::string version) {
    return mirror.heard(now, {kind, {"d/" + name, std::move(version), {}, {}}, 0, ""});
  }
  Reflector::Then error(int code) {
    return mirror.heard(now, {WatchEvent::Kind::error, {}, code, "too old resource version"});
  }
  void ended(int status, std::string reason = "refused", Fault fault = Fault::none) {
    mirror.ended(now, {status, std::move(reason), fault, {}});
  }
  std::string names() const {
    std::string names;
    for (const auto& [name, object] : mirror.objects()) names += name.substr(2) + " ";
    return names;
  }
};

bool asks_for_list(const std::string& target) { return target.find("?limit=") != target.npos; }
bool asks_to_watch(const std::string& target, const std::string& version) {
  return target.starts_with("/apis/d/v1/endpointslices?watch=true&allowWatchBookmarks=true") &&
         target.ends_with("&resourceVersion=" + version);
}

using Kind = WatchEvent::Kind;

}  // namespace

TEST_CASE("a list is read page by page and shows when it is whole", "[reflector]") {
  Story story;
  CHECK(story.asked() == "/apis/d/v1/endpointslices?limit=100");
  CHECK(story.asked() == "");  // one at a time
  story.page({"a", "b"}, "7", "next/=");
  CHECK(story.names() == "");
  CHECK_FALSE(story.mirror.synced());
  CHECK(story.asked() == "/apis/d/v1/endpointslices?limit=100&continue=next%2F%3D");
  story.page({"c"}, "7");
  CHECK(story.names() == "a b c ");
  CHECK(story.mirror.synced());
  CHECK(story.mirror.take_change() == Listing::change);
  CHECK(asks_to_watch(story.asked(), "7"));
}

TEST_CASE("events change the objects, and the next stream begins behind the last", "[reflector]") {
  Story story;
  story.list({"a"}, "7");
  story.watch();
  story.mirror.take_change();
  CHECK(story.event(Kind::put, "b", "8") == Reflector::Then::read_on);
  CHECK(story.event(Kind::deleted, "a", "9") == Reflector::Then::read_on);
  CHECK(story.names() == "b ");
  CHECK(story.mirror.take_change() == Listing::change);
  CHECK(story.event(Kind::bookmark, "", "20") == Reflector::Then::read_on);
  CHECK(story.event(Kind::other, "", "99") == Reflector::Then::read_on);
  CHECK_FALSE(story.mirror.take_change());
  story.ended(200, "connection reset");  // broken, and at once there again
  CHECK(asks_to_watch(story.asked(), "20"));
}

TEST_CASE("history that is gone is listed anew and taken away from nobody meanwhile",
          "[reflector]") {
  const bool in_stream = GENERATE(true, false);
  CAPTURE(in_stream);
  Story story;
  story.list({"a", "b"}, "7");
  story.watch();
  story.mirror.take_change();
  story.now += 1min;
  if (in_stream)
    CHECK(story.error(410) == Reflector::Then::hang_up);
  else
    story.ended(410);
  CHECK(asks_for_list(story.asked()));  // at once
  CHECK(story.names() == "a b ");
  story.page({"b"}, "30", "more");
  CHECK(story.names() == "a b ");
  story.asked();
  story.page({"c"}, "30");
  CHECK(story.names() == "b c ");
  CHECK(story.mirror.take_change() == Listing::relist);
  CHECK(asks_to_watch(story.asked(), "30"));
}

TEST_CASE("history that is gone twice at once is waited for", "[reflector]") {
  Story story;
  story.list({"a"}, "7");
  story.watch();
  story.error(410);
  CHECK(story.mirror.deadline() == story.now);
  story.list({"a"}, "8");
  story.watch();
  story.error(410);
  CHECK(story.asked() == "");
  CHECK(story.mirror.deadline() >= story.now + Reflector::kFirstDelay);
  CHECK(asks_for_list(story.asked_later()));
}

TEST_CASE("a continue token that has expired begins its list again", "[reflector]") {
  Story story;
  story.asked();
  story.page({"old"}, "7", "token");
  story.asked();
  story.ended(410);
  CHECK(story.asked() == "/apis/d/v1/endpointslices?limit=100");
  story.page({"new"}, "9");
  CHECK(story.names() == "new ");
}

TEST_CASE("who answers nothing is asked again every few seconds, who refuses ever less often",
          "[reflector]") {
  const int status = GENERATE(0, 503);
  const auto most = status == 0 ? Reflector::kMaxAbsentDelay : Reflector::kMaxRefusedDelay;
  Story story;
  auto last = base::Duration{};
  for (int i = 0; i < 20; ++i) {
    REQUIRE(asks_for_list(story.asked_later()));
    story.ended(status);
    last = story.mirror.deadline() - story.now;
    CHECK(last >= Reflector::kFirstDelay);
    CHECK(last <= 2 * most);
  }
  CHECK(last >= most);
  CHECK(story.mirror.status(story.now).failures == 20);
}

TEST_CASE("who keeps silent for longer than a delay is asked again at once", "[reflector]") {
  Story story;
  for (int i = 0; i < 20; ++i) {
    story.asked_later();
    story.now += 10ms;
    story.ended(0);
  }
  CHECK(story.mirror.deadline() >= story.now + Reflector::kMaxAbsentDelay - 10ms);
  CHECK(story.mirror.deadline() <= story.now + 2 * Reflector::kMaxAbsentDelay - 10ms);
  story.asked_later();
  story.now += 2 * Reflector::kMaxAbsentDelay;
  story.ended(0);
  CHECK(story.mirror.deadline() == story.now);
}

TEST_CASE("a server that says when to come back is believed, within reason", "[reflector]") {
  Story story;
  story.asked();
  story.mirror.ended(story.now, {429, "too many", Fault::none, 20s});
  CHECK(story.mirror.deadline() == story.now + 20s);
  story.asked_later();
  story.mirror.ended(story.now, {429, "too many", Fault::none, 24h});
  CHECK(story.mirror.deadline() == story.now + Reflector::kMaxRetryAfter);
}

TEST_CASE("a version that the server cannot watch from is given up for a list", "[reflector]") {
  Story story;
  story.list({"a"}, "7");
  for (unsigned i = 1; i < Reflector::kTriesBeforeList; ++i) {
    CHECK(asks_to_watch(story.asked_later(), "7"));
    story.ended(504, "too large resource version");
  }
  CHECK(asks_to_watch(story.asked_later(), "7"));
  story.ended(504, "too large resource version");
  CHECK(asks_for_list(story.asked_later()));
}

TEST_CASE("a server that is away is watched on from where it was left", "[reflector]") {
  Story story;
  story.list({"a"}, "7");
  story.watch();
  story.now += 1min;
  story.ended(200, "reset");
  CHECK_FALSE(story.mirror.status(story.now).age);
  for (int i = 0; i < 10; ++i) {
    CHECK(asks_to_watch(story.asked_later(), "7"));
    story.ended(0);
  }
  const auto status = story.mirror.status(story.now);
  CHECK(status.trouble == "refused");
  CHECK(status.age.value_or(0s) > 10s);
  story.watch();
  CHECK(story.mirror.status(story.now).trouble == "");
  CHECK_FALSE(story.mirror.status(story.now).age);
}

TEST_CASE("a server that is back with another history is listed at once", "[reflector]") {
  Story story;
  story.list({"a"}, "7");
  for (int i = 0; i < 20; ++i) {
    story.asked_later();
    story.ended(0);
  }
  const int status = GENERATE(410, 503);
  story.asked_later();
  story.ended(status);
  CHECK(story.mirror.deadline() - story.now <= 2 * Reflector::kFirstDelay);
  CHECK(asks_for_list(story.asked_later()) == (status == 410));
}

TEST_CASE("a page that is too large is asked for in halves", "[reflector]") {
  Story story;
  story.asked();
  story.ended(200, "too large", Fault::too_large);
  CHECK(story.asked() == "/apis/d/v1/endpointslices?limit=50");
}

TEST_CASE("a stream that makes no sense is given up, with the version that led to it",
          "[reflector]") {
  Story story;
  story.list({"a"}, "7");
  story.watch();
  story.ended(200, "not JSON", Fault::unintelligible);
  CHECK(asks_for_list(story.asked_later()));
}

TEST_CASE("a server that has only the older version of a resource is asked for that",
          "[reflector]") {
  Story story;
  story.asked();
  story.ended(404);
  CHECK(story.asked_later() == "/apis/d/v1beta1/endpointslices?limit=100");
}

TEST_CASE("an object that cannot be read keeps its last good state, through lists too",
          "[reflector]") {
  Story story;
  const auto with = [](bool good) {
    Object object{"d/a", "1", {}, {}};
    if (good)
      object.documents.services.push_back(resources::Service{});
    else
      object.problems.push_back({});
    return object;
  };
  const auto services = [&] { return story.mirror.objects().at("d/a").documents.services.size(); };
  story.asked();
  story.mirror.listed(story.now, {"7", "", {with(true)}});
  story.watch();
  story.mirror.heard(story.now, {Kind::put, with(false), 0, ""});
  CHECK(services() == 1);
  CHECK(story.mirror.objects().at("d/a").problems.size() == 1);
  story.ended(410);
  story.asked_later();
  story.mirror.listed(story.now, {"9", "", {with(false)}});
  CHECK(services() == 1);
}

namespace {

const Resource kTables{"", "RouteTable", {"apis/n/v2"}, Resource::As::texts, false};

Object table(const std::string& name, const std::string& text, std::int64_t generation = 1) {
  return {"d/" + name, "1", {}, {}, {text, generation, {}}};
}

}  // namespace

TEST_CASE("a custom resource is asked for where it is defined", "[reflector]") {
  Story story(kTables);
  CHECK(story.asked() == "");
  CHECK_FALSE(story.mirror.settled());  // nobody knows yet
  story.mirror.defined(story.now, "");
  CHECK(story.asked() == "");
  CHECK(story.mirror.settled());
  CHECK_FALSE(story.mirror.is_there());
  story.mirror.defined(story.now, "routetables");
  CHECK_FALSE(story.mirror.settled());
  CHECK(story.asked() == "/apis/n/v2/routetables?limit=100");
  story.mirror.defined(story.now, "routetables");  // told again: nothing new
  CHECK(story.asked() == "");
  story.page({"a"}, "7");
  CHECK(story.mirror.settled());
}

TEST_CASE("objects whose definition is gone serve until that is sure", "[reflector]") {
  Story story(kTables);
  story.mirror.defined(story.now, "routetables");
  story.list({"a"}, "7");
  story.watch();
  story.mirror.take_change();
  story.ended(200);
  story.now += 1s;
  story.mirror.defined(story.now, "");
  CHECK(story.asked() == "");
  story.now += Reflector::kDoubted - 1s;
  story.mirror.defined(story.now, "");
  CHECK(story.names() == "a ");
  CHECK(story.mirror.status(story.now).trouble == "its definition is gone");
  SECTION("and goes on where it is back") {
    story.mirror.defined(story.now, "routetables");
    CHECK(story.asked() == "/apis/n/v2/routetables?limit=100");
    story.page({"a"}, "9");
    CHECK(story.mirror.status(story.now).trouble == "");
  }
  SECTION("and are gone then") {
    story.now += 1s;
    story.mirror.defined(story.now, "");
    CHECK(story.names() == "");
    CHECK(story.mirror.take_change() == Listing::relist);
    CHECK(story.mirror.status(story.now).trouble == "");
  }
}

TEST_CASE("what is refused and not needed is not waited for", "[reflector]") {
  Story story(kTables);
  story.mirror.defined(story.now, "routetables");
  story.asked();
  story.ended(503);
  CHECK_FALSE(story.mirror.settled());
  story.asked_later();
  story.ended(403);
  CHECK(story.mirror.settled());
  CHECK(story.mirror.is_there());
  CHECK(story.mirror.status(story.now).trouble == "refused");
  story.asked_later();
  story.ended(503);
  CHECK(story.mirror.settled());

  Story broken(kTables);  // its conversion, say
  broken.mirror.defined(broken.now, "routetables");
  for (int i = 0; i < 20 && !broken.mirror.settled(); ++i) {
    broken.asked_later();
    CHECK_FALSE(broken.mirror.settled());
    broken.ended(i < 3 ? 0 : 500);  // a server that is away says nothing
  }
  CHECK(broken.mirror.settled());

  Story needed;
  needed.asked();
  needed.ended(403);
  CHECK_FALSE(needed.mirror.settled());
}

TEST_CASE("only another text of a custom resource is a change", "[reflector]") {
  Story story(kTables);
  story.mirror.defined(story.now, "routetables");
  story.list({}, "7");
  story.watch();
  story.mirror.take_change();
  const auto hears = [&](Object object) {
    story.mirror.heard(story.now, {Kind::put, std::move(object), 0, ""});
    return story.mirror.take_change().has_value();
  };
  CHECK(hears(table("a", "{}")));
  auto stated = table("a", "{}");
  stated.custom.state.approval = "ACCEPTED";
  CHECK_FALSE(hears(stated));
  CHECK(story.mirror.objects().at("d/a").custom.state.approval == "ACCEPTED");
  CHECK(hears(table("a", "{ }")));
  CHECK(hears(table("a", "{ }", 2)));
  story.event(Kind::deleted, "b", "9");
  CHECK_FALSE(story.mirror.take_change());
  story.event(Kind::deleted, "a", "10");
  CHECK(story.mirror.take_change());
}

TEST_CASE("of Nodes the metadata is asked for, and only another place is a change", "[reflector]") {
  Story story({"nodes", "Node", {"api/v1"}, Resource::As::places, false});
  CHECK(story.mirror.next(story.now)->metadata_only);
  story.page({}, "7");
  CHECK(story.mirror.next(story.now)->metadata_only);
  story.mirror.opened(story.now);
  story.mirror.take_change();
  const auto hears = [&](const char* zone) {
    Object node{"/n", "1", {}, {}, {}, {"us", zone, ""}};
    story.mirror.heard(story.now, {Kind::put, std::move(node), 0, ""});
    return story.mirror.take_change().has_value();
  };
  CHECK(hears("a"));
  CHECK_FALSE(hears("a"));  // as it is with each of its heartbeats
  CHECK(hears("b"));
}

TEST_CASE("a definition that is doubted while a stream goes on disturbs nothing", "[reflector]") {
  Story story({"routetables", "RouteTable", {"apis/d/v1"}, Resource::As::texts});
  story.mirror.defined(story.now, "routetables");
  story.list({"a"}, "7");
  story.watch();
  story.mirror.defined(story.now, "");
  CHECK(story.mirror.status(story.now).trouble == "its definition is gone");
  story.mirror.defined(story.now, "routetables");
  CHECK(story.mirror.status(story.now).trouble == "");
  CHECK(story.asked() == "");
  CHECK(story.event(Kind::put, "b", "8") == Reflector::Then::read_on);
  story.ended(200, "");
  CHECK(story.asked().ends_with("&resourceVersion=8"));
  CHECK(story.names() == "a b ");
}

TEST_CASE("a stream of objects that were taken away ends at its next word", "[reflector]") {
  Story story({"routetables", "RouteTable", {"apis/d/v1"}, Resource::As::texts});
  story.mirror.defined(story.now, "routetables");
  story.list({"a"}, "7");
  story.watch();
  story.mirror.defined(story.now, "");
  story.now += Reflector::kDoubted;
  story.mirror.defined(story.now, "");
  CHECK(story.names() == "");
  story.mirror.defined(story.now, "routetables");
  CHECK(story.event(Kind::bookmark, "", "9") == Reflector::Then::hang_up);
  CHECK(asks_for_list(story.asked()));
  story.page({"a"}, "9");
  CHECK(story.names() == "a ");
}

TEST_CASE("a page that was asked for before the definition was doubted is not a whole list",
          "[reflector]") {
  Story story({"routetables", "RouteTable", {"apis/d/v1"}, Resource::As::texts});
  story.mirror.defined(story.now, "routetables");
  story.asked();
  story.page({"a"}, "7", "more");
  story.asked();
  story.mirror.defined(story.now, "");
  story.mirror.defined(story.now, "routetables");
  story.page({"b"}, "7");
  CHECK(story.names() == "");
  CHECK(story.asked() == "/apis/d/v1/routetables?limit=100");
  story.page({"a", "b"}, "8");
  CHECK(story.names() == "a b ");
}

TEST_CASE("what may be listed and not watched is listed ever less often", "[reflector]") {
  Story story;
  std::vector<base::Duration> between;
  auto last = story.now;
  for (int requests = 0; requests < 60; ++requests) {
    if (!asks_for_list(story.asked_later())) {
      story.ended(403);
      continue;
    }
    story.page({"a"}, "7");
    between.push_back(story.now - std::exchange(last, story.now));
  }
  REQUIRE(between.size() > 5);
  CHECK(between.back() >= 3 * Reflector::kMaxRefusedDelay);
}
