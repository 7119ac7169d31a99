#include "resources/route_table.hpp"

#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>

using Lines = std::vector<std::string>;
using namespace resources;

namespace {

constexpr auto kHead =
    "apiVersion: networking.gloo.solo.io/v2\nkind: RouteTable\nmetadata: {name: reviews, "
    "namespace: shop}\n";

Loaded load_spec(const std::string& spec) { return load_text(kHead + ("spec: " + spec) + "\n"); }
Loaded load_route(const std::string& route) {
  return load_spec("{hosts: [a.b], http: [" + route + "]}");
}

// The messages without place and object: "spec.http[0]: a route to nothing: …".
Lines complaints(const Loaded& loaded) {
  Lines all;
  for (const auto& problem : loaded.problems) {
    const auto severity = problem.severity == Severity::error ? "error " : "warning ";
    all.push_back(severity + problem.field + ": " + problem.message);
  }
  return all;
}

Lines weights(const std::string& list) {
  std::string destinations;
  for (std::size_t at = 0; at < list.size();) {
    const auto end = std::min(list.find(' ', at), list.size());
    const auto weight = list.substr(at, end - at);
    destinations += "{ref: {name: x}" + (weight == "-" ? "" : ", weight: " + weight) + "}, ";
    at = end + 1;
  }
  return complaints(load_route("{forwardTo: {destinations: [" + destinations + "]}}"));
}

}  // namespace

TEST_CASE("a RouteTable is read field by field", "[resources]") {
  const auto loaded = load_text(std::string(kHead) + R"yaml(
spec:
  hosts: ["*.Shop.example", reviews.mesh.internal]
  virtualGateways: [{name: gate, namespace: gates, cluster: east}]
  workloadSelectors:
  - selector: {labels: {app: web}, namespace: shop}
    kind: KUBE
  defaultDestination: {ref: {name: reviews}, port: {number: 9080}}
  weight: -3
  failureMode: FREEZE_CONFIG
  http:
  - name: canary
    labels: {route: canary}
    matchers:
    - uri: {prefix: /reviews, ignoreCase: true}
      method: get
      headers:
      - {name: X-User, value: jason}
      - {name: x-debug}
      - {name: x-old, value: v1.*, regex: true, invertMatch: true}
      queryParameters: [{name: id, value: "[0-9]+", regex: true}]
      port: 80
    - uri: {regex: /r.*}
    forwardTo:
      path_rewrite: /
      hostRewrite: r.example
      destinations:
      - ref: {name: reviews, cluster: west}
        kind: VIRTUAL_DESTINATION
        port: {name: http}
        subset: {version: v2}
        weight: 100
      - ref: {name: reviews, namespace: other}
        weight: 0
  - redirect: {hostRedirect: b.example, responseCode: SEE_OTHER}
  - directResponse: {status: 404, body: nothing here}
  - delegate: {routeTables: [{labels: {part: a}}, {name: b, namespace: shop}], sortMethod: ROUTE_SPECIFICITY}
  - forwardTo: {regexRewrite: {pattern: {regex: "/a/(.*)"}, substitution: "/\\1"}, autoHostRewrite: true}
)yaml");
  CHECK(complaints(loaded) ==
        Lines{"warning spec.http[0].matchers[0].method: methods are upper case: read as GET",
              "warning spec.http[3].delegate.routeTables[0]: delegates to no table: no RouteTable "
              "matches the selector",
              "warning spec.http[3].delegate.routeTables[1]: delegates to no table: no RouteTable "
              "is called b in "
              "namespace shop"});
  REQUIRE(loaded.documents.route_tables.size() == 1);
  const auto& table = loaded.documents.route_tables[0];
  CHECK(table.hosts == Lines{"*.shop.example", "reviews.mesh.internal"});
  CHECK(table.virtual_gateways.at(0).namespace_ == "gates");
  CHECK(table.has_workload_selectors);
  CHECK(table.workload_selectors.at(0).labels == base::Labels{{"app", "web"}});
  CHECK(table.serves_the_mesh());
  CHECK(table.default_destination->port.number == 9080);
  CHECK(table.weight == -3);
  CHECK(table.failure_mode == FailureMode::freeze_config);
  REQUIRE(table.http.size() == 5);

  const auto& canary = table.http[0];
  CHECK(canary.labels == base::Labels{{"route", "canary"}});
  CHECK(canary.place.line == 15);
  REQUIRE(canary.matchers.size() == 2);
  const auto& matcher = canary.matchers[0];
  CHECK(matcher.path->kind == PathMatch::Kind::prefix);
  CHECK(matcher.path->value == "/reviews");
  CHECK(matcher.path->ignore_case);
  CHECK(matcher.method == "GET");
  CHECK(matcher.port == 80);
  REQUIRE(matcher.headers.size() == 3);
  CHECK(matcher.headers[0].name == "x-user");
  CHECK(matcher.headers[0].kind == ValueMatch::Kind::exact);
  CHECK(matcher.headers[1].kind == ValueMatch::Kind::present);
  CHECK(matcher.headers[2].kind == ValueMatch::Kind::regex);
  CHECK(matcher.headers[2].invert);
  CHECK(matcher.query.at(0).kind == ValueMatch::Kind::regex);
  CHECK(canary.matchers[1].path->kind == PathMatch::Kind::regex);

  const auto& forward = std::get<ForwardTo>(canary.action);
  CHECK(forward.path_rewrite == "/");
  CHECK(forward.host_rewrite == "r.example");
  REQUIRE(forward.destinations.size() == 2);
  CHECK(forward.destinations[0].kind == DestinationKind::virtual_destination);
  CHECK(forward.destinations[0].ref.cluster == "west");
  CHECK(forward.destinations[0].port.name == "http");
  CHECK(forward.destinations[0].subset == base::Labels{{"version", "v2"}});
  CHECK(forward.destinations[0].weight == 100u);
  CHECK(forward.destinations[1].weight == 0u);
  CHECK(forward.destinations[1].kind == DestinationKind::service);

  CHECK(std::get<Redirect>(table.http[1].action).code == 303);
  CHECK(std::get<DirectResponse>(table.http[2].action).body == "nothing here");
  const auto& delegate = std::get<Delegate>(table.http[3].action);
  CHECK(delegate.tables.at(1).name == "b");
  CHECK(delegate.sort == SortMethod::route_specificity);
  CHECK(std::get<ForwardTo>(table.http[4].action).regex_rewrite->substitution == "/\\1");
}

TEST_CASE("with gateways, only listed workloads use a table", "[resources]") {
  const auto table = [](const std::string& spec) {
    return load_spec("{hosts: [a.b], http: [{forwardTo: {destinations: [{ref: {name: x}}]}}]" +
                     spec + "}")
        .documents.route_tables.at(0);
  };
  CHECK(table("").serves_the_mesh());
  CHECK(table(", workloadSelectors: []").serves_the_mesh());
  CHECK_FALSE(table(", virtualGateways: [{name: g}]").serves_the_mesh());
  CHECK_FALSE(table(", virtualGateways: [{name: g}], workloadSelectors: []").serves_the_mesh());
  CHECK(table(", virtualGateways: [{name: g}], workloadSelectors: [{}]").serves_the_mesh());
}

TEST_CASE("weights add up to 100, and who has none shares the rest", "[resources]") {
  for (const auto good : {"-", "- -", "100", "100 0", "50 25 -", "50 50", "98 - -", "0 -"}) {
    INFO(good);
    CHECK(weights(good).empty());
  }
  const std::string at = "error spec.http[0].forwardTo.destinations: ";
  CHECK(weights("50 50 25") == Lines{at + "the weights add up to 125, more than 100"});
  CHECK(weights("50 40") == Lines{at + "the weights add up to 90, not to 100"});
  CHECK(weights("0") == Lines{at + "the weights add up to 0, not to 100"});
  CHECK(weights("50 50 -") ==
        Lines{at + "the weights add up to 100: nothing is left for the 1 without a weight"});
  CHECK(weights("99 - -") ==
        Lines{at + "the weights add up to 99: nothing is left for the 2 without a weight"});
  CHECK(weights("101").at(0).find("expected a number from 0 to 100") != std::string::npos);
  std::string many = "-";
  for (int i = 0; i < 99; ++i) many += " -";
  CHECK(weights(many).empty());
  CHECK(weights(many + " -") == Lines{at + "101 destinations"});
}

TEST_CASE("a route has exactly one action", "[resources]") {
  CHECK(complaints(load_route("{name: a}")) ==
        Lines{"warning spec.http[0]: a route to nothing: no action, so it answers 500"});
  CHECK(complaints(load_route("{redirect: {pathRedirect: /x}, directResponse: {status: 200}}")) ==
        Lines{"error spec.http[0].directResponse: cannot stand beside \"redirect\""});
  CHECK(complaints(load_route("{forwardTo: {}}")) ==
        Lines{"error spec.http[0]: a route to nothing: forwardTo has no destinations"});
  CHECK(complaints(load_route("{forwardTo: {destinations: []}}")).size() == 1);
  CHECK(load_spec("{hosts: [a.b], defaultDestination: {ref: {name: x}}, http: [{forwardTo: {}}]}")
            .problems.empty());
  CHECK(complaints(load_spec("{hosts: [a.b], defaultDestination: {ref: {name: x}}, http: "
                             "[{redirect: {pathRedirect: /}}]}")) ==
        Lines{"warning spec: defaultDestination is used by no route"});
  CHECK(complaints(load_spec("{hosts: [a.b], defaultDestination: {ref: {name: x}, weight: 50}, "
                             "http: [{forwardTo: {}}]}")) ==
        Lines{"warning spec.defaultDestination: its weight says nothing: a default destination "
              "takes everything"});
  CHECK(complaints(load_route("{delegate: {routeTables: []}}")) ==
        Lines{"error spec.http[0].delegate.routeTables: delegates to no table"});
  CHECK(complaints(load_route("{forwardTo: {destinations: [{ref: {name: x}}], pathRewrite: /, "
                              "regexRewrite: {pattern: {regex: a}}}}"))
            .size() == 1);
}

TEST_CASE("what we can read but not serve answers 500 and says so", "[resources]") {
  const auto graphql = load_route("{graphql: {schema: {name: s}}}");
  CHECK(complaints(graphql) ==
        Lines{"warning spec.http[0].graphql: not supported yet: this route answers 500"});
  CHECK(std::get<DirectResponse>(graphql.documents.route_tables.at(0).http.at(0).action).status ==
        500);
  const auto lambda = load_route(
      "{forwardTo: {destinations: [{awsLambda: {function: f}}, {ref: {name: p}, kind: "
      "CLOUD_PROVIDER}]}}");
  CHECK(complaints(lambda) ==
        Lines{"warning spec.http[0].forwardTo.destinations[0].awsLambda: not supported yet: this "
              "destination answers 500",
              "warning spec.http[0].forwardTo.destinations[1].kind: CLOUD_PROVIDER is not "
              "supported yet: this destination answers 500"});
  for (const auto& destination :
       std::get<ForwardTo>(lambda.documents.route_tables.at(0).http.at(0).action).destinations) {
    CHECK(destination.kind == DestinationKind::unsupported);
  }
  CHECK(complaints(load_spec("{hosts: [a.b], tls: [{}]}")) ==
        Lines{"warning spec.tls: not supported yet: ignored"});
  CHECK(complaints(load_spec("{hosts: [a.b]}")) == Lines{"error spec: no routes"});
}

TEST_CASE("matchers that can never match, or that we cannot evaluate, are named", "[resources]") {
  const auto matcher = [](const std::string& text) {
    return complaints(load_route("{matchers: [" + text + "], redirect: {pathRedirect: /x}}"));
  };
  const std::string uri = " spec.http[0].matchers[0].uri";
  CHECK(matcher("{uri: {prefix: foo}}").empty());  // "/api/" may stand before it
  CHECK(matcher("{uri: {exact: \"/a?b\"}}") ==
        Lines{"warning" + uri + ".exact: a path is matched without its query: this never matches"});
  CHECK(matcher("{uri: {suffix: .html}}") ==
        Lines{"error" + uri + ".suffix: suffix is not supported, by Gloo neither"});
  CHECK(matcher("{uri: {exact: /a, prefix: /b}}").size() == 1);
  CHECK(matcher("{uri: {pathSeparatedPrefix: /a, prefix: /b}}").size() == 1);
  CHECK(matcher("{uri: {pathSeparatedPrefix: /a, ignoreCase: true}}").empty());
  CHECK(matcher("{uri: {path_separated_prefix: a/b}}").empty());
  const auto separated = uri + ".pathSeparatedPrefix: ";
  CHECK(matcher("{uri: {pathSeparatedPrefix: /a/}}") ==
        Lines{"error" + separated +
              "a path-separated prefix has no / at its end: what is behind it begins with one"});
  CHECK(matcher("{uri: {pathSeparatedPrefix: /}}") ==
        Lines{"error" + separated + "/ stands before every path"});
  CHECK(matcher("{uri: {pathSeparatedPrefix: \"\"}}") ==
        Lines{"error" + separated + "an empty path"});
  for (const char* wrong : {"/a?b", "/a#b"})
    CHECK(matcher("{uri: {pathSeparatedPrefix: \"" + std::string(wrong) + "\"}}") ==
          Lines{"error" + separated +
                "a path-separated prefix has neither ? nor #: they are no part of a path"});
  CHECK(matcher("{uri: {prefx: /b}}") == Lines{"warning" + uri + ".prefx: unknown field"});
  CHECK(matcher("{headers: [{value: x}]}").size() == 1);
  CHECK(matcher("{headers: [{name: \"a b\"}]}").size() == 1);
  CHECK(matcher("{headers: [{name: \":authority\", value: a}]}").empty());
  CHECK(matcher("{method: \"GET /\"}").size() == 1);
  CHECK(matcher("{method: PURGE}").empty());
  CHECK(matcher("{port: 65536}").size() == 1);
}

TEST_CASE("redirect codes are names, and numbers are read with a warning", "[resources]") {
  const auto load_code = [](const std::string& code) {
    return load_route("{redirect: {pathRedirect: /, responseCode: " + code + "}}");
  };
  const auto code = [](const Loaded& loaded) {
    return std::get<Redirect>(loaded.documents.route_tables.at(0).http.at(0).action).code;
  };
  CHECK(code(load_code("PERMANENT_REDIRECT")) == 308);
  CHECK(code(load_code("3")) == 307);
  CHECK(load_code("3").problems.empty());
  CHECK(code(load_code("307")) == 307);
  CHECK(complaints(load_code("307")) ==
        Lines{"warning spec.http[0].redirect.responseCode: a responseCode is a name: read as "
              "TEMPORARY_REDIRECT"});
  CHECK(complaints(load_code("999")).at(0).find("error ") == 0);
}

TEST_CASE("direct responses have a status and a bounded body", "[resources]") {
  const auto direct = [](const std::string& text) {
    return complaints(load_route("{directResponse: " + text + "}"));
  };
  CHECK(direct("{status: 200}").empty());
  CHECK(direct("{body: x}") == Lines{"error spec.http[0].directResponse.status: missing"});
  CHECK(direct("{status: 99}").size() == 1);
  CHECK(direct("{status: 600}").size() == 1);
  CHECK(direct("{status: 200, body: " + std::string(1u << 20, 'x') + "}").empty());
  CHECK(direct("{status: 200, body: " + std::string((1u << 20) + 1, 'x') + "}").size() == 1);
}

TEST_CASE("a table without hosts is a child and leaves its parents' fields alone", "[resources]") {
  const std::string routes = "http: [{redirect: {pathRedirect: /}}]";
  CHECK(load_spec("{" + routes + "}").problems.empty());
  CHECK(load_spec("{workloadSelectors: [{}], weight: 5, " + routes + "}").problems.empty());
  CHECK(complaints(load_spec("{virtual_gateways: [{name: g}], " + routes + "}")) ==
        Lines{"error spec.virtual_gateways: a table without hosts is a delegate's child and cannot "
              "have this"});
  CHECK(complaints(load_spec("{failureMode: FREEZE_CONFIG, " + routes + "}")).size() == 1);
}

TEST_CASE("hosts of a RouteTable may be wildcards on the left", "[resources]") {
  const auto host = [](const std::string& text) {
    return complaints(load_spec("{hosts: [" + text + "], http: [{redirect: {pathRedirect: /}}]}"));
  };
  for (const auto good :
       {"\"*\"", "\"*.foo.com\"", "\"*bar.foo.com\"", "\"*-bar.foo.com\"", "reviews"}) {
    INFO(good);
    CHECK(host(good).empty());
  }
  for (const auto bad : {"\"a.*\"", "\"**.b\"", "\"*.\"", "\"a*.b\"", "\"one.example:80\""}) {
    INFO(bad);
    CHECK(host(bad).size() == 1);
  }
  CHECK(host("a.b, a.b") == Lines{"warning spec.hosts[1]: host \"a.b\" is given twice"});
  CHECK(host("\"apps.${DOMAIN}\"") == Lines{"warning spec.hosts[0]: a shell variable that nobody "
                                            "filled in: no request has this host"});
}
