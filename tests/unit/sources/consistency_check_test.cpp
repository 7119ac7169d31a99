#include "discovery/sources/kubernetes/consistency_check.hpp"

#include <catch2/catch.hpp>

using namespace discovery::sources::kubernetes;
using namespace std::chrono_literals;
using Kind = WatchEvent::Kind;

namespace {

Object object(const std::string& name, const std::string& version) {
  return {"d/" + name, version, {}, {}};
}

// Two mirrors that are well, the clock, and what the server lists.
struct Story {
  base::TimePoint now{1h};
  Reflector services{{"services", "Service", {"api/v1"}}, base::Random(1)};
  Reflector slices{{"endpointslices", "EndpointSlice", {"apis/d/v1"}}, base::Random(1)};
  ConsistencyCheck check{now, base::Random(1)};
  const ConsistencyCheck::Mirrored all{&services, &slices};

  Story() {
    for (auto* mirror : {&services, &slices}) {
      mirror->next(now);
      mirror->listed(now, {"9", "", {object("a", "1"), object("b", "2")}});
      mirror->next(now);
      mirror->opened(now);
    }
  }
  std::string asked() {
    const auto request = check.next(now, all);
    return request ? request->target : "";
  }
  std::string asked_later() {
    now = std::max(now, check.deadline());
    return asked();
  }
  void lists(std::vector<Object> objects, std::string rest = "") {
    check.listed(now, {"10", std::move(rest), std::move(objects)}, all);
  }
  std::optional<std::size_t> wrong_later() {
    CHECK_FALSE(check.wrong(now, all));
    now = std::max(now, check.deadline());
    return check.wrong(now, all);
  }
  void event(Kind kind, Object object) { slices.heard(now, {kind, std::move(object), 0, ""}); }
};

}  // namespace

TEST_CASE("the mirrors are looked at one after the other, by their metadata", "[consistency]") {
  Story story;
  CHECK(story.asked() == "");
  CHECK(story.asked_later() == "/apis/d/v1/endpointslices?limit=500");
  CHECK(story.asked() == "");
  story.lists({object("a", "1")}, "more");
  CHECK(story.asked() == "/apis/d/v1/endpointslices?limit=500&continue=more");
  story.lists({object("b", "2")});
  CHECK_FALSE(story.wrong_later());
  CHECK(story.asked_later() == "/api/v1/services?limit=500");
}

TEST_CASE("an event that never came is found, whatever it would have said", "[consistency]") {
  Story story;
  story.asked_later();
  SECTION("of a change") { story.lists({object("a", "1"), object("b", "3")}); }
  SECTION("of an object that came") {
    story.lists({object("a", "1"), object("b", "2"), object("c", "3")});
  }
  SECTION("of one that went") { story.lists({object("a", "1")}); }
  CHECK(story.wrong_later() == 1);
  CHECK(story.check.found() == 1);
  CHECK_FALSE(story.check.wrong(story.now, story.all));
  CHECK(story.asked_later() == "/api/v1/services?limit=500");
}

TEST_CASE("an event that was on its way is waited for", "[consistency]") {
  Story story;
  story.asked_later();
  story.lists({object("b", "3"), object("c", "4")});
  story.event(Kind::deleted, object("a", "5"));
  story.event(Kind::put, object("b", "6"));  // newer than was listed
  story.event(Kind::put, object("c", "4"));
  CHECK_FALSE(story.wrong_later());
  CHECK(story.check.found() == 0);
}

TEST_CASE("a mirror that is not well is not judged", "[consistency]") {
  Story story;
  story.asked_later();
  story.lists({});
  story.slices.ended(story.now, {503, "away", Ending::Fault::none, {}});
  CHECK_FALSE(story.wrong_later());
  CHECK(story.asked_later() == "/api/v1/services?limit=500");
  story.check.ended(story.now);
  CHECK(story.asked_later() == "/api/v1/services?limit=500");  // the other is still away
}

TEST_CASE("a mirror that was found wrong lists anew and keeps what it has meanwhile",
          "[consistency]") {
  Story story;
  CHECK_FALSE(story.slices.next(story.now));
  story.slices.distrust(story.now);
  CHECK(story.slices.next(story.now)->target == "/apis/d/v1/endpointslices?limit=100");
  CHECK(story.slices.objects().size() == 2);
}
