#include "discovery/sources/kubernetes/pod_table.hpp"

#include <catch2/catch.hpp>

using namespace discovery::sources;
using namespace discovery::sources::kubernetes;
using namespace std::chrono_literals;
using Kind = WatchEvent::Kind;

namespace {

Object pod(const std::string& name, base::Labels labels) {
  Object made{"shop/" + name, "1", {}, {}};
  made.labels = std::move(labels);
  made.pod = resources::PodRef::of("shop", name, "u-" + name);
  return made;
}

Object slice(const std::vector<std::string>& pods) {
  resources::EndpointSlice made;
  for (const auto& name : pods)
    made.endpoints.emplace_back().pod = resources::PodRef::of("shop", name, "u-" + name);
  Object object{"shop/s", "1", {}, {}};
  object.documents.endpoint_slices.push_back(std::move(made));
  return object;
}

struct Story {
  base::TimePoint now{1h};
  Reflector pods{{"pods", "Pod", {"api/v1"}, Resource::As::labels, false}, base::Random(1)};
  Reflector slices{{"endpointslices", "EndpointSlice", {"apis/d/v1"}}, base::Random(1)};
  std::shared_ptr<const PodLabels> table;

  Story() {
    pods.want(now, {"version"});
    for (auto* mirror : {&pods, &slices}) {
      mirror->next(now);
      mirror->listed(now, {"9", "", {}});
      mirror->next(now);
      mirror->opened(now);
    }
  }
  void put(Reflector& mirror, Object object, Kind kind = Kind::put) {
    mirror.heard(now, {kind, std::move(object), 0, ""});
  }
  std::string versions() {
    table = read_pods(pods, slices, table.get());
    std::string versions;
    for (const auto& [name, one] : table->pods) versions += one.labels.at("version") + " ";
    return versions;
  }
};

}  // namespace

TEST_CASE("a table has the Pods with a label that is wanted", "[kubernetes]") {
  Story story;
  story.put(story.pods, pod("a", {{"version", "v1"}}));
  story.put(story.pods, pod("b", {}));
  CHECK(story.versions() == "v1 ");
  CHECK(story.table->keys == std::vector<std::string>{"version"});
  CHECK(story.table->pods.contains(resources::PodRef::of("shop", "a", "").name));
  story.put(story.pods, pod("a", {}));  // its label was taken away
  CHECK(story.versions() == "");
}

TEST_CASE("a Pod that has gone keeps its labels while an endpoint names it", "[kubernetes]") {
  Story story;
  story.put(story.pods, pod("a", {{"version", "v1"}}));
  story.put(story.slices, slice({"a", "c"}));
  CHECK(story.versions() == "v1 ");
  story.put(story.pods, pod("a", {{"version", "v1"}}), Kind::deleted);
  CHECK(story.versions() == "v1 ");
  CHECK(story.versions() == "v1 ");
  story.put(story.slices, slice({"c"}));
  CHECK(story.versions() == "");
}

namespace {

// Pods of which nobody wants anything yet.
struct Alone {
  base::TimePoint now{1h};
  Reflector pods{{"pods", "Pod", {"api/v1"}, Resource::As::labels, false}, base::Random(1)};

  std::string asked() {
    now = std::max(now, pods.deadline() == base::TimePoint::max() ? now : pods.deadline());
    const auto request = pods.next(now);
    return request ? request->target : "";
  }
  void lists(std::vector<Object> objects) { pods.listed(now, {"7", "", std::move(objects)}); }
  bool hears(Kind kind, Object object) {
    pods.heard(now, {kind, std::move(object), 0, ""});
    return pods.take_change().has_value();
  }
};

constexpr const char* kList = "/api/v1/pods?limit=100";

}  // namespace

TEST_CASE("Pods are asked for while some label of them is wanted", "[kubernetes]") {
  Alone story;
  CHECK(story.asked() == "");
  CHECK(story.pods.settled());
  CHECK_FALSE(story.pods.is_there());
  story.pods.want(story.now, {"version"});
  CHECK_FALSE(story.pods.settled());
  const auto request = story.pods.next(story.now);
  REQUIRE(request);
  CHECK(request->target == kList);
  CHECK(request->metadata_only);
  story.lists({pod("a", {{"version", "v1"}})});
  CHECK(story.pods.settled());
  CHECK(story.pods.take_change());

  // Another label: all are listed anew, and what was read stays until then.
  CHECK(story.asked().starts_with("/api/v1/pods?watch=true"));
  story.pods.opened(story.now);
  story.pods.want(story.now, {"track", "version"});
  CHECK(story.pods.objects().size() == 1);
  CHECK_FALSE(story.pods.settled());
  CHECK(story.asked() == kList);
  story.lists({pod("a", {{"version", "v1"}})});
  CHECK(story.pods.settled());

  story.asked();
  story.pods.opened(story.now);
  story.pods.take_change();
  story.pods.want(story.now, {});
  CHECK(story.pods.objects().empty());
  CHECK(story.pods.take_change() == discovery::Listing::change);
  CHECK(story.asked() == "");
}

TEST_CASE("of Pods only another label, or another Pod that has some, is a change", "[kubernetes]") {
  Alone story;
  story.pods.want(story.now, {"version"});
  story.asked();
  story.lists({});
  story.asked();
  story.pods.opened(story.now);
  story.pods.take_change();
  CHECK_FALSE(story.hears(Kind::put, pod("a", {})));
  CHECK_FALSE(story.hears(Kind::deleted, pod("a", {})));
  CHECK(story.hears(Kind::put, pod("b", {{"version", "v1"}})));
  CHECK_FALSE(story.hears(Kind::put, pod("b", {{"version", "v1"}})));  // as with each of its states
  CHECK(story.hears(Kind::put, pod("b", {{"version", "v2"}})));
  auto another = pod("b", {{"version", "v2"}});
  another.pod = resources::PodRef::of("shop", "b", "made anew");
  CHECK(story.hears(Kind::put, another));
  CHECK(story.hears(Kind::deleted, another));
}

TEST_CASE("Pods that are refused are waited for no more, and asked for again", "[kubernetes]") {
  Alone story;
  story.pods.want(story.now, {"version"});
  story.asked();
  story.pods.ended(story.now, {403, "forbidden", Ending::Fault::none, {}});
  CHECK(story.pods.settled());
  CHECK(story.pods.is_there());  // so that status says why
  CHECK(story.asked() == kList);
}
