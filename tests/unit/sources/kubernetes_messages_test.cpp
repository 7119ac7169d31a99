#include "discovery/sources/kubernetes/messages.hpp"

#include <catch2/catch.hpp>

#include "discovery/sources/kubernetes/api_group.hpp"
#include "discovery/sources/kubernetes/resources_read.hpp"

using namespace discovery::sources::kubernetes;
using namespace std::chrono_literals;
using Fault = Ending::Fault;
using Kind = WatchEvent::Kind;

namespace {

const Resource kTables{"", "RouteTable", {"apis/n/v2"}, Resource::As::texts, false};

}  // namespace

TEST_CASE("a Node's labels say where it is", "[kubernetes_messages]") {
  const Resource nodes{"nodes", "Node", {"api/v1"}, Resource::As::places, false};
  const auto page = read_page(nodes, R"({"metadata":{"resourceVersion":"1"},"items":[
    {"metadata":{"name":"n1","labels":{"topology.kubernetes.io/region":"us",
      "topology.kubernetes.io/zone":"us-1a","topology.istio.io/subzone":"r"}}},
    {"metadata":{"name":"n2","labels":{"failure-domain.beta.kubernetes.io/zone":"us-1b"}}},
    {"metadata":{"name":"n3"}}]})");
  REQUIRE(page);
  CHECK(page->items[0].name == "/n1");
  CHECK(page->items[0].place == base::Locality{"us", "us-1a", "r"});
  CHECK(page->items[1].place == base::Locality{"", "us-1b", ""});
  CHECK(page->items[2].place == base::Locality{});
}

TEST_CASE("of a Pod the labels are kept that somebody wants", "[kubernetes_messages]") {
  const Resource pods{"pods", "Pod", {"api/v1"}, Resource::As::labels, false, {"track", "version"}};
  const auto page = read_page(pods, R"({"metadata":{"resourceVersion":"1"},"items":[
    {"metadata":{"name":"p1","namespace":"shop","uid":"u1","resourceVersion":"4",
      "labels":{"app":"reviews","version":"v1","pod-template-hash":"5c8"}}},
    {"metadata":{"name":"p2","namespace":"shop","uid":"u2","labels":{"track":""}}},
    {"metadata":{"name":"p3","namespace":"shop","uid":"u3"}}]})");
  REQUIRE(page);
  CHECK(page->items[0].name == "shop/p1");
  CHECK(page->items[0].version == "4");
  CHECK(page->items[0].labels == base::Labels{{"version", "v1"}});
  CHECK(page->items[0].pod == resources::PodRef::of("shop", "p1", "u1"));
  CHECK(page->items[1].labels == base::Labels{{"track", ""}});
  CHECK(page->items[2].labels.empty());
}

TEST_CASE("an API group is asked again and again which kinds it has", "[api_group]") {
  ApiGroup group("apis/n/v2", base::Random(1));
  base::TimePoint now{1h};
  CHECK(group.next(now)->target == "/apis/n/v2");
  CHECK_FALSE(group.next(now));
  group.ended(now, {0, "no route to host", Fault::none, {}});
  CHECK_FALSE(group.kinds());
  CHECK(group.status(now + 2s).trouble == "no route to host");
  CHECK(group.status(now + 2s).age == 2s);
  now = group.deadline();
  REQUIRE(group.next(now));
  group.ended(now, {404, "not found", Fault::none, {}});
  CHECK(group.kinds()->empty());
  CHECK(group.status(now).trouble == "");
  CHECK_FALSE(group.status(now).age);
  CHECK(group.deadline() >= now + ApiGroup::kAgain);
  now = group.deadline();
  REQUIRE(group.next(now));
  group.listed(now, {{"RouteTable", "routetables"}});
  now = group.deadline();
  REQUIRE(group.next(now));
  group.ended(now, {503, "away", Fault::none, {}});
  CHECK(group.kinds()->size() == 1);  // as it was told last
  now = group.deadline();
  REQUIRE(group.next(now));
  group.ended(now, {403, "refused", Fault::none, {}});
  CHECK(group.kinds()->size() == 1);
  CHECK(group.status(now).trouble == "refused");
}

TEST_CASE("what is read is ours, Gloo's and the cluster's own", "[resources_read]") {
  const auto all = resources_read();
  CHECK(groups_of(all).front() == "apis/networking.nearmost.internal/v2");
  CHECK(groups_of(all).size() == 4);
  const auto& ours = all[4];
  CHECK(place_of(ours, "shop/v") == "kubernetes: VirtualDestination shop/v");
  CHECK(is_ours(ours));
  CHECK(place_of(all.back(), "shop/f") ==
        "kubernetes resilience.policy.gloo.solo.io: FailoverPolicy shop/f");
  CHECK_FALSE(is_ours(all.back()));
}

TEST_CASE("of a custom resource stays what its writer wrote", "[kubernetes_messages]") {
  const auto page = read_page(kTables, R"({"metadata":{"resourceVersion":"42"},"items":[
    {"metadata":{"name":"r","namespace":"shop","resourceVersion":"40","generation":3,"uid":"u",
      "creationTimestamp":"2026-01-01T00:00:00Z","managedFields":[{"manager":"kubectl"}],
      "labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}",
      "c":"d"}},
     "spec":{"hosts":["r.example"],"http":[{"x":1.0}]},
     "status":{"common":{"State":{"observedGeneration":2,"approval":"ACCEPTED","message":"m"}}}}]})");
  REQUIRE(page);
  const auto& object = page->items.at(0);
  CHECK(object.name == "shop/r");
  CHECK(object.custom.text ==
        R"({"metadata": {"name": "r","namespace": "shop",)"
        R"("creationTimestamp": "2026-01-01T00:00:00Z","labels": {"a": "b"},)"
        R"("annotations": {"c": "d"}},"spec": {"hosts": ["r.example"],"http": [{"x": 1.0}]},)"
        R"("apiVersion": "n/v2","kind": "RouteTable"})");
  CHECK(object.custom.generation == 3);
  CHECK(object.custom.state == StatedState{2, "ACCEPTED", "m"});
  CHECK(object.problems.empty());
}

TEST_CASE("an object that is too deep keeps no other from being read", "[kubernetes_messages]") {
  const auto deep = [](std::size_t levels) {
    return R"({"metadata":{"name":"deep","namespace":"shop"},"spec":{"a":"]\"[","b":)" +
           std::string(levels, '[') + "1" + std::string(levels, ']') + R"(,"c":{"d":2}}})";
  };
  const auto page_of = [&](std::size_t levels) {
    return read_page(kTables, R"({"metadata":{"resourceVersion":"1"},"items":[)" + deep(levels) +
                                  R"(,{"metadata":{"name":"r","namespace":"shop"}}]})");
  };
  for (const std::size_t levels : {60u, 61u, 62u, 5'000u}) {
    CAPTURE(levels);
    const auto page = page_of(levels);
    REQUIRE(page);
    REQUIRE(page->items.size() == 2);
    const auto& text = page->items[0].custom.text;
    CHECK((text.find("too many levels deep") != text.npos) == (levels > 60));
    CHECK(text.find(R"("c": {"d": 2}})") != text.npos);
    CHECK(page->items[1].name == "shop/r");
    const auto event = read_event(kTables, R"({"type":"ADDED","object":)" + deep(levels) + "}");
    REQUIRE(event);
    CHECK(event->object.name == "shop/deep");
  }
}

TEST_CASE("the kinds of a group are read without their subresources", "[kubernetes_messages]") {
  const auto kinds = read_kinds(R"({"kind":"APIResourceList","groupVersion":"n/v2","resources":[
    {"name":"routetables","kind":"RouteTable","namespaced":true,"verbs":["list","watch"]},
    {"name":"routetables/status","kind":"RouteTable","namespaced":true,"verbs":["patch"]}]})");
  REQUIRE(kinds);
  CHECK(*kinds == KindNames{{"RouteTable", "routetables"}});
  CHECK_FALSE(read_kinds("{}"));
  CHECK_FALSE(read_kinds("<html>"));
}

TEST_CASE("pages and events are read as the documents of a file are", "[kubernetes_messages]") {
  const Resource slices{"endpointslices", "EndpointSlice", {"apis/discovery.k8s.io/v1"}};
  const auto page = read_page(slices, R"({"kind":"EndpointSliceList","metadata":
    {"resourceVersion":"42","continue":"abc","remainingItemCount":1},"items":[
    {"metadata":{"name":"s-1","namespace":"shop","resourceVersion":"40","labels":
      {"kubernetes.io/service-name":"s"}},"addressType":"IPv4","ports":null,
     "endpoints":[{"addresses":["10.0.0.1"],"zone":"a","conditions":{"ready":true}}]},
    {"metadata":{"name":"nobodys","namespace":"shop"},"addressType":"IPv4","endpoints":null},
    {"metadata":{"name":"bad-1","namespace":"shop","labels":{"kubernetes.io/service-name":"b"}},
     "addressType":"IPv4","endpoints":[{"addresses":["ten"]}]}]})");
  REQUIRE(page);
  CHECK(page->version == "42");
  CHECK(page->rest == "abc");
  REQUIRE(page->items.size() == 3);
  CHECK(page->items[0].name == "shop/s-1");
  CHECK(page->items[0].version == "40");
  REQUIRE(page->items[0].documents.endpoint_slices.size() == 1);
  CHECK(page->items[0].documents.endpoint_slices[0].service == "s");
  CHECK(page->items[1].documents.endpoint_slices.empty());
  CHECK(page->items[1].problems.empty());
  CHECK(page->items[2].documents.endpoint_slices.empty());
  REQUIRE(page->items[2].problems.size() == 1);
  CHECK(page->items[2].problems[0].to_string() ==
        "kubernetes: error: EndpointSlice shop/bad-1: endpoints[0].addresses[0]: \"ten\" is no IP "
        "address");

  const auto event = [&](std::string_view line) { return read_event(slices, line); };
  const auto bookmark =
      event(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"50"}}})");
  REQUIRE(bookmark);
  CHECK(bookmark->kind == Kind::bookmark);
  CHECK(bookmark->object.version == "50");
  const auto gone =
      event(R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})");
  REQUIRE(gone);
  CHECK(gone->kind == Kind::error);
  CHECK(gone->code == 410);
  CHECK(gone->message == "too old");
  CHECK(event(R"({"type":"NEWER","object":{}})")->kind == Kind::other);
  for (const auto* broken : {"", "{", "[]", R"({"type":"ADDED"})", "{} {}", "\xff"}) {
    CAPTURE(broken);
    CHECK_FALSE(event(broken));
    CHECK_FALSE(read_page(slices, broken));
  }
  CHECK(read_page(slices, R"({"metadata":{"resourceVersion":"1"},"items":null})")->items.empty());
  CHECK(read_status(R"({"kind":"Status","message":"services is forbidden"})") ==
        "services is forbidden");
  CHECK(read_status("bad gateway") == "bad gateway");
}
