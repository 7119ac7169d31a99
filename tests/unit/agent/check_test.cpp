#include "agent/check.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "agent/settings.hpp"

using namespace agent;

namespace {

const std::string kTable = R"(apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: t}
spec:
  hosts: [x.mesh.internal]
  http:
  - forwardTo:
      destinations:
      - ref: {name: nobody}
)";

std::vector<std::string> errors(const resources::Problems& problems) {
  std::vector<std::string> all;
  for (const auto& problem : problems)
    if (problem.severity == resources::Severity::error) all.push_back(problem.to_string());
  return all;
}

Checked check_as(const std::string& config, const std::string& documents) {
  const auto loaded = parse_config("agent.yaml", config);
  CHECK(errors(loaded.problems).empty());
  return check(loaded.config, {{"a.yaml", documents}}, others_of(loaded.config));
}

}  // namespace

TEST_CASE("a route to nothing is an error of an agent that hears no other, named with its line") {
  const auto alone = check_as("cluster: east", kTable);
  CHECK(errors(alone.problems) ==
        std::vector<std::string>{
            "a.yaml:9:9: error: RouteTable default/t: spec.http[0].forwardTo.destinations[0]: "
            "service default/nobody is not known here; define it, or say in ref.cluster which "
            "cluster does"});
}

TEST_CASE("a route to what another cluster may have holds no table back") {
  for (const auto* config : {"cluster: east\ngossip: {peers: ['west.example.net:7700']}",
                             "cluster: east\ngossip: {advertise: 'east.example.net:7700'}",
                             "cluster: east\ngossip: {listen: '0.0.0.0:7700', insecure: true}"}) {
    INFO(config);
    const auto checked = check_as(config, kTable);
    CHECK(errors(checked.problems).empty());
    CHECK(checked.documents->documents.route_tables.size() == 1);
    CHECK_FALSE(checked.problems.empty());
  }
}

TEST_CASE("a host outside dns.zones is served with a warning at its line that says what to do") {
  const std::string destination = R"(apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: d}
spec:
  hosts:
  - web.mesh.internal
  - web.example.com
  - mesh.internal
  - xmesh.internal
  services: [{name: web}]
  ports: [{number: 80, protocol: HTTP}]
)";
  const auto told = [&](const std::string& zones) {
    std::vector<std::string> all;
    const auto checked = check_as("cluster: east" + zones, destination);
    CHECK(errors(checked.problems).empty());
    CHECK(checked.documents->documents.virtual_destinations.size() == 1);
    for (const auto& problem : checked.problems) all.push_back(problem.to_string());
    return all;
  };
  const std::string hint =
      ": only clusters that define it answer for it; point a stub of the callers' resolver here "
      "for that "
      "name, or add its zone to dns.zones everywhere";
  CHECK(told("") == std::vector<std::string>{
                        "a.yaml:7:5: warning: VirtualDestination default/d: spec.hosts[1]: "
                        "\"web.example.com\" is outside dns.zones (mesh.internal)" +
                            hint,
                        "a.yaml:9:5: warning: VirtualDestination default/d: spec.hosts[3]: "
                        "\"xmesh.internal\" is outside dns.zones (mesh.internal)" +
                            hint});
  CHECK(told("\ndns: {zones: [mesh.internal, xmesh.internal, example.com]}").empty());
}

TEST_CASE("a mapping that the forwarder cannot do is an error, of an HTTP/2 port only a warning") {
  const auto check_port = [](const std::string& protocol) {
    return check_as("cluster: east", R"(apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: v}
spec:
  hosts: [v.mesh.internal]
  services: [{labels: {app: v}}]
  ports: [{number: 80, targetPort: {number: 8080}, protocol: )" +
                                         protocol + "}]\n")
        .problems;
  };
  CHECK(check_port("HTTP").empty());
  CHECK(errors(check_port("TCP")).size() == 1);
  for (const auto* protocol : {"GRPC", "HTTP2"}) {
    const auto problems = check_port(protocol);
    CHECK(errors(problems).empty());
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].message.starts_with("port 80 (" + std::string(protocol) + ") is another"));
  }
}

TEST_CASE("a typo in a table shows in its status") {
  const auto checked = check_as("cluster: east", R"(apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: t}
spec: {hosts: [x.mesh.internal], http: [{naem: x, directResponse: {status: 200}}]}
)");
  const auto table = std::ranges::find(checked.alone.statuses, "RouteTable default/t",
                                       &forwarder::DocumentStatus::object);
  REQUIRE(table != checked.alone.statuses.end());
  CHECK(table->state == forwarder::DocumentStatus::State::warning);
}

TEST_CASE("what only the forwarder finds wrong in a route is told where it is written") {
  const auto checked = check_as("cluster: east\nforwarder: false", R"(service: web
port: 80
endpoints: [10.0.0.1]
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: t}
spec:
  hosts: [x.mesh.internal]
  http:
  - matchers:
    - uri: {prefix: /}
    - uri: {regex: '/(('}
    forwardTo:
      destinations: [{ref: {name: web}}]
      hostRewrite: no host
  - matchers: [{uri: {prefix: /a}}]
    redirect:
      responseCode: FOUND
      pathRedirect: "/a b"
  - matchers: [{uri: {prefix: /b}}]
    forwardTo:
      destinations: [{ref: {name: web}}]
      regexRewrite:
        substitution: /\1
        pattern: {regex: '/('}
)");
  std::vector<std::string> places;
  for (const auto& problem : checked.problems)
    if (problem.severity == resources::Severity::error)
      places.push_back(std::to_string(problem.place.line) + ' ' + problem.field);
  CHECK(places == std::vector<std::string>{"16 spec.http[0].forwardTo.hostRewrite",
                                           "13 spec.http[0].matchers[1].uri.regex",
                                           "20 spec.http[1].redirect.pathRedirect",
                                           "26 spec.http[2].forwardTo.regexRewrite.pattern"});
}

TEST_CASE("published valid Gloo documents pass the whole check", "[vectors]") {
  const std::filesystem::path folder = std::string(NEARMOST_VECTORS) + "/gloo/valid";
  if (!std::filesystem::exists(folder)) {
    std::cout << "skipped: no vectors at " << folder << " (cmake -DNEARMOST_VECTORS=…)\n";
    return;
  }
  Config config;
  config.cluster = "check";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    INFO(entry.path());
    const auto checked =
        check(config, {{entry.path().string(), text.str()}}, forwarder::Others::may_be_heard);
    CHECK(errors(checked.problems) == std::vector<std::string>{});
  }
}

TEST_CASE("a leaf takes its route tables and leaves to its home what it would publish") {
  const std::string leaf = "cluster: east\nrole: leaf\ngossip: {peers: ['127.0.0.1:7700']}";
  const auto checked =
      check_as(leaf, std::string(kTable) +
                         "---\nservice: ratings\nport: 9080\nendpoints: [10.0.0.5]\n"
                         "---\nservice: details\nport: 9080\nendpoints: [10.0.0.6]\n");
  CHECK(errors(checked.problems).empty());
  CHECK(checked.documents->documents.route_tables.size() == 1);
  std::vector<std::string> about_leaves;
  for (const auto& problem : checked.problems)
    if (problem.message.starts_with("a leaf ")) about_leaves.push_back(problem.message);
  CHECK(about_leaves ==
        std::vector<std::string>{"a leaf publishes nothing: this one and 1 more are "
                                 "left to its home"});
}
