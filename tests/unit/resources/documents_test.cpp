#include "resources/documents.hpp"

#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>

using Lines = std::vector<std::string>;
using namespace resources;

namespace {

std::string table(const std::string& name, const std::string& spec, const std::string& more = "") {
  return "---\napiVersion: networking.gloo.solo.io/v2\nkind: RouteTable\nmetadata: {name: " + name +
         ", namespace: shop" + more + "}\nspec: {" + spec + "}\n";
}

std::string root(const std::string& name, const std::string& action) {
  return table(name, "hosts: [" + name + ".example], http: [{" + action + "}]");
}

std::string child(const std::string& name, const std::string& action,
                  const std::string& labels = "") {
  return table(name, "http: [{" + action + "}]",
               labels.empty() ? "" : ", labels: {" + labels + "}");
}

std::string to(const std::string& table_name) {
  return "delegate: {routeTables: [{name: " + table_name + "}]}";
}

std::string destination(const std::string& name, const std::string& host,
                        const std::string& metadata = "") {
  return "---\napiVersion: networking.gloo.solo.io/v2\nkind: VirtualDestination\nmetadata: "
         "{name: " +
         name + ", namespace: shop" + metadata + "}\nspec: {hosts: [" + host +
         "], services: [{}], ports: [{number: 80}]}\n";
}

const std::string kLeaf = "directResponse: {status: 200}";

Lines tables(const Loaded& loaded) {
  Lines names;
  for (const auto& one : loaded.documents.route_tables) names.push_back(one.metadata.name);
  return names;
}

}  // namespace

TEST_CASE("kinds we do not read are named, with what was probably meant", "[resources]") {
  const auto say = [](const std::string& api, const std::string& kind) {
    const auto loaded =
        load_text("apiVersion: " + api + "\nkind: " + kind + "\nmetadata: {name: x}\n");
    CHECK_FALSE(has_errors(loaded.problems));
    return loaded.problems.at(0).to_string();
  };
  CHECK(say("resilience.policy.gloo.solo.io/v2", "FaultInjectionPolicy") ==
        "a.yaml:1:1: warning: FaultInjectionPolicy default/x: kind FaultInjectionPolicy is not "
        "supported yet: ignored");
  CHECK(say("networking.gloo.solo.io/v2", "RuoteTable") ==
        "a.yaml:1:1: warning: RuoteTable default/x: RuoteTable of networking.gloo.solo.io/v2 is an "
        "unknown kind: "
        "ignored; did you mean \"RouteTable\"?");
  CHECK(say("networking.gloo.solo.io/v1", "RouteTable") ==
        "a.yaml:1:1: warning: RouteTable default/x: RouteTable of networking.gloo.solo.io/v1 is "
        "not a version "
        "Nearmost reads: ignored; write apiVersion: networking.gloo.solo.io/v2");
  CHECK(say("apps/v1", "Deployment") ==
        "a.yaml:1:1: warning: Deployment default/x: Deployment of apps/v1 is not a kind Nearmost "
        "reads: ignored");
  CHECK(say("gateway.solo.io/v1", "RouteTable").find("not a kind Nearmost reads") !=
        std::string::npos);
}

TEST_CASE("what an operator wrote is told on one line, cut where it is long", "[resources]") {
  const auto told = [](const std::string& text) { return lines(load_text(text).problems).at(0); };
  CHECK(told("service: \"a\\n\\e[31m\"\nport: 80\nendpoints: []\n") ==
        "a.yaml:1:10: error: service default/a\\n\\x1b[31m: service: \"a\\n\\x1b[31m\" cannot be "
        "part of a DNS name; use 1 to 63 lower-case letters, digits and inner hyphens");
  CHECK(told("\"x\\ny\": 1\nservice: a\nport: 80\nendpoints: []\n").find("x\\ny: unknown field") !=
        std::string::npos);
  const std::string million(1'000'000, 'x');
  const auto long_one = told("service: " + million + "é\nport: 80\nendpoints: []\n");
  CHECK(long_one.size() < 1500);
  CHECK(long_one.find("é: service: ") != std::string::npos);  // the end of the name
  CHECK(long_one.ends_with("inner hyphens"));
}

TEST_CASE("a mistyped kind of the short form is told what it nearly is", "[resources]") {
  CHECK(lines(load_text("servcie: a\nport: 80\nendpoints: []\n").problems) ==
        Lines{"a.yaml:1:1: error: no kind; \"servcie\": did you mean \"service\"?"});
  CHECK(lines(load_text("apiVersion: v1\nKnid: Service\n").problems) ==
        Lines{"a.yaml:1:1: error: no kind; \"Knid\": did you mean \"kind\"?"});
}

TEST_CASE("a document that is no object is an error", "[resources]") {
  CHECK(lines(load_text("apiVersion: v1\n").problems) ==
        Lines{"a.yaml:1:1: error: no kind; a document has apiVersion and kind, or is a service in "
              "the short form"});
  CHECK(lines(load_text("kind: RouteTable\nmetadata: {name: x}\n").problems) ==
        Lines{"a.yaml:1:1: error: RouteTable default/x: no apiVersion; write apiVersion: "
              "networking.gloo.solo.io/v2"});
  CHECK(load_text("hello\n").problems.size() == 1);
  CHECK(load_text("- a\n- b\n").problems.size() == 1);
  CHECK(load_text("apiVersion: networking.gloo.solo.io/v2\nkind: RouteTable\n").problems.size() ==
        2);
}

TEST_CASE("a List holds documents, each for itself", "[resources]") {
  const auto loaded = load_text(R"({"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 0}]}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}, "spec": {"ports": [{"port": 80}]}}]})",
                                "l.json");
  CHECK(lines(loaded.problems) ==
        Lines{"l.json:2:100: error: Service default/a: spec.ports[0].port: expected a number from "
              "1 to 65535, found \"0\""});
  REQUIRE(loaded.documents.services.size() == 1);
  CHECK(loaded.documents.services[0].metadata.name == "b");

  const auto typed = load_text(R"({"apiVersion": "v1", "kind": "ServiceList", "items": [
    {"metadata": {"name": "a"}, "spec": {}}]})",
                               "l.json");
  CHECK(typed.documents.services.size() == 1);
}

TEST_CASE("a document with a key given twice is left out", "[resources]") {
  const auto loaded = load_text(table("a", "hosts: [a.b], hosts: [c.d], http: [{" + kLeaf + "}]") +
                                table("b", "hosts: [a.b], http: [{" + kLeaf + "}]"));
  CHECK(tables(loaded) == Lines{"b"});
  CHECK(lines(loaded.problems) ==
        Lines{"a.yaml:5:22: error: RouteTable shop/a: spec.hosts: \"hosts\" is given twice, "
              "first on line 5; keep one of them"});
}

TEST_CASE("the same object twice is an error that names both places", "[resources]") {
  const auto loaded = load(
      {{"a.yaml", table("a", "http: [{" + kLeaf + "}]")},
       {"b.yaml", "service: x\nport: 1\nendpoints: []\n" + table("a", "http: [{" + kLeaf + "}]")},
       {"c.yaml", "service: x\nport: 2\nendpoints: []\n"}});
  CHECK(tables(loaded) == Lines{"a"});
  CHECK(loaded.documents.static_services.size() == 1);
  CHECK(lines(loaded.problems) == Lines{"b.yaml:5:1: error: RouteTable shop/a: defined twice, "
                                        "first at a.yaml:2; remove one of them",
                                        "c.yaml:1:1: error: service default/x: defined twice, "
                                        "first at b.yaml:1; remove one of them"});
  const auto clusters = load_text(
      table("a", "http: [{" + kLeaf + "}]", ", annotations: {cluster.solo.io/cluster: e}") +
      table("a", "http: [{" + kLeaf + "}]", ", annotations: {cluster.solo.io/cluster: w}"));
  CHECK(clusters.problems.empty());
  const auto typo = load_text(table("a", "htp: [], http: [{" + kLeaf + "}]",
                                    ", annotations: {cluster.solo.io/cluster: w}"));
  CHECK(typo.problems.at(0).object == "RouteTable w/shop/a");
}

TEST_CASE(
    "of two VirtualDestinations with one host both are told who wins, and the loser is an error",
    "[resources]") {
  const auto loaded =
      load_text(destination("b", "x.mesh", ", creationTimestamp: 2024-01-01T00:00:00Z") +
                destination("a", "X.mesh., y.mesh") + destination("c", "y.mesh"));
  CHECK(loaded.documents.virtual_destinations.size() == 1);
  CHECK(
      lines(loaded.problems) ==
      Lines{
          "a.yaml:5:16: warning: VirtualDestination shop/b: spec.hosts[0]: CONFLICT: host "
          "\"x.mesh\" is also given by shop/a (a.yaml:10); this one wins; give each its own hosts",
          "a.yaml:10:16: error: VirtualDestination shop/a: spec.hosts[0]: CONFLICT: host "
          "\"x.mesh\" is also given by shop/b (a.yaml:5), which wins: it is older; give each its "
          "own hosts",
          "a.yaml:10:25: warning: VirtualDestination shop/a: spec.hosts[1]: CONFLICT: host "
          "\"y.mesh\" is also given by shop/c (a.yaml:15); this one wins; give each its own hosts",
          "a.yaml:15:16: error: VirtualDestination shop/c: spec.hosts[0]: CONFLICT: host "
          "\"y.mesh\" is also given by shop/a (a.yaml:10), which wins: it is first by name; give "
          "each its own hosts",
      });
}

TEST_CASE("a delegate that selects no child is a warning that names it", "[resources]") {
  const auto say = [](const std::string& text) {
    const auto loaded = load_text(text);
    CHECK_FALSE(has_errors(loaded.problems));
    return loaded.problems.empty() ? ""
                                   : loaded.problems[0].field + ": " + loaded.problems[0].message +
                                         "; " + loaded.problems[0].hint;
  };
  const std::string at = "spec.http[0].delegate.routeTables[0]: delegates to no table: ";
  CHECK(say(root("a", to("b")) + child("b", kLeaf)).empty());
  CHECK(say(root("a", to("parts")) + child("part", kLeaf)) ==
        at + "no RouteTable is called parts; did you mean \"part\"?");
  CHECK(say(root("a", to("b")) + root("b", kLeaf)) ==
        at + "what is selected has hosts, and so is no child; take the hosts out of the child");
  CHECK(say(root("a", "delegate: {routeTables: [{labels: {part: x}}]}") +
            child("b", kLeaf, "part: y")) == at + "no RouteTable matches the selector; ");
  CHECK(say(root("a", "delegate: {routeTables: [{labels: {part: x}}]}") +
            child("b", kLeaf, "part: x"))
            .empty());
  CHECK(say(root("a", "delegate: {routeTables: [{name: b, namespace: other}]}") +
            child("b", kLeaf)) == at + "no RouteTable is called b in namespace other; ");
  CHECK(say(root("a", "delegate: {routeTables: [{name: b, cluster: mgmt}]}") + child("b", kLeaf))
            .empty());
}

TEST_CASE("a delegation cycle is an error on the table that closes it", "[resources]") {
  const auto loaded = load_text(child("c", to("b")) + root("a", to("b")) + child("b", to("c")));
  CHECK(lines(loaded.problems) ==
        Lines{"a.yaml:5:15: error: RouteTable shop/c: spec.http[0].delegate: delegation cycle: "
              "[shop/b] -> [shop/c] -> "
              "[shop/b]; delegate to a table further down"});
  CHECK(tables(loaded) == Lines{"a", "b"});
  CHECK(load_text(child("a", to("a"))).problems.size() == 1);
  CHECK(has_errors(load_text(child("a", "delegate: {routeTables: [{}]}")).problems));
  const auto diamond = root("a", to("b")) + root("x", to("c")) + child("b", to("d")) +
                       child("c", to("d")) + child("d", kLeaf);
  CHECK(load_text(diamond).problems.empty());
}

TEST_CASE("a long chain of delegation needs no stack", "[resources]") {
  std::string text = root("t0", to("t1"));
  for (int i = 1; i < 2000; ++i)
    text += child("t" + std::to_string(i), to("t" + std::to_string(i + 1)));
  CHECK(load_text(text + child("t2000", kLeaf)).problems.empty());
  CHECK(has_errors(load_text(text + child("t2000", to("t1"))).problems));
}

TEST_CASE("problems come in the order of files and lines", "[resources]") {
  const auto loaded =
      load({{"b.yaml", "a: [\n"}, {"a.yaml", "service: x\nprot: 80\nport: 0\nendpoints: []\n"}});
  Lines places;
  for (const auto& problem : loaded.problems)
    places.push_back(problem.place.file + ':' + std::to_string(problem.place.line));
  CHECK(places == Lines{"b.yaml:2", "a.yaml:2", "a.yaml:3"});
}

TEST_CASE("Gloo's kinds may be written with our own group", "[resources]") {
  const auto in_version = [](const char* version) {
    return load_text(std::string("apiVersion: networking.nearmost.internal/") + version +
                     "\nkind: OutlierDetectionPolicy\nmetadata: {name: o}\nspec: {config: "
                     "{consecutiveErrors: 3}}\n");
  };
  CHECK(in_version("v2").documents.outlier_detection_policies.size() == 1);
  CHECK(lines(in_version("v1").problems) ==
        Lines{"a.yaml:1:1: warning: OutlierDetectionPolicy default/o: OutlierDetectionPolicy of "
              "networking.nearmost.internal/v1 is not a version Nearmost reads: ignored; write "
              "apiVersion: networking.nearmost.internal/v2"});
  const auto service = load_text(
      "apiVersion: networking.nearmost.internal/v2\nkind: Service\nmetadata: {name: s}\n");
  CHECK(service.documents.services.empty());
}

TEST_CASE("an object without lines is its own place", "[resources]") {
  const auto loaded = load({{"kubernetes: RouteTable shop/r",
                             R"({"apiVersion": "networking.nearmost.internal/v2",
                                 "kind": "RouteTable", "metadata": {"name": "r", "namespace": "shop"},
                                 "spec": {"hosts": ["r.example"], "htpp": [],
                                   "http": [{"directResponse": {"status": 200}}]}})",
                             false}});
  REQUIRE(loaded.documents.route_tables.size() == 1);
  CHECK(loaded.documents.route_tables[0].metadata.place ==
        Place{"kubernetes: RouteTable shop/r", 0, 0});
  REQUIRE(!loaded.problems.empty());
  CHECK(loaded.problems[0].to_string() ==
        "kubernetes: RouteTable shop/r: warning: spec.htpp: unknown field; did you mean \"http\"?");
}
