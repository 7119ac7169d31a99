// Any bytes as a file of documents, by name as YAML and as JSON: every problem stands in that file
// and says something in UTF-8, since it goes into JSON.
#include "resources/documents.hpp"
#include "resources/utf8.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

// One short document a kind, so that mutations reach every reader.
constexpr std::string_view kSeeds[] = {
    R"(service: ratings
ports: {http: 9080, admin: 9081}
locality: {region: us-east, zone: us-east-1a}
endpoints: [10.0.0.5, {address: "fd00::7", weight: 2, labels: {version: v2}, ready: false}]
)",
    R"(apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: ratings, namespace: shop, creationTimestamp: "2024-05-06T07:08:09Z"}
spec:
  hosts: [ratings.mesh.internal]
  services: [{labels: {app: ratings}}]
  ports: [{number: 80, protocol: HTTP, targetPort: {name: http}}]
  prefer: [zone, "cluster:west", any]
)",
    R"yaml(apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: ratings, namespace: shop, labels: {part: a}}
spec:
  hosts: ["*.shop.example"]
  defaultDestination: {ref: {name: ratings}, port: {number: 80}}
  http:
  - matchers: [{uri: {prefix: /r}, headers: [{name: x-user, value: "a.*", regex: true}], method: GET}]
    forwardTo: {destinations: [{ref: {name: ratings}, weight: 90}, {ref: {name: other}, weight: 10}]}
  - redirect: {hostRedirect: b.example, responseCode: FOUND}
  - directResponse: {status: 404, body: none}
  - delegate: {routeTables: [{labels: {part: a}}], sortMethod: ROUTE_SPECIFICITY}
  - forwardTo: {regexRewrite: {pattern: {regex: "/a/(.*)"}, substitution: "/\\1"}}
)yaml",
    R"({"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ratings"},
 "spec": {"selector": {"app": "r"}, "clusterIP": "None", "ports": [{"port": 80, "targetPort": "http"}]}},
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
 "metadata": {"name": "r1", "labels": {"kubernetes.io/service-name": "ratings"}},
 "ports": [{"port": 8080}], "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": null}}]}]})",
    R"(apiVersion: resilience.policy.gloo.solo.io/v2
kind: RetryTimeoutPolicy
metadata: {name: ratings}
spec:
  applyToRoutes: [{route: {labels: {a: b}}}, {withDestinations: {kind: SERVICE, port: {number: 80}}}]
  config: {requestTimeout: 1s, retries: {attempts: 2, perTryTimeout: 100ms, retryOn: "5xx, 503,x"}}
---
apiVersion: trafficcontrol.policy.gloo.solo.io/v2
kind: HeaderManipulationPolicy
metadata: {name: ratings}
spec:
  applyToRouteDestinations: [{route: {labels: {a: b}}, onDestinations: [{selector: {name: c}}]}]
  config: {removeRequestHeaders: [a], appendResponseHeaders: {b: "%c%"}}
)",
    R"(apiVersion: resilience.policy.gloo.solo.io/v2
kind: FailoverPolicy
metadata: {name: ratings}
spec: &spec
  applyToDestinations: [{kind: VIRTUAL_DESTINATION, selector: {labels: {app: "\u0041"}}}]
  config: {localityMappings: [{from: {region: a}, to: [{region: b, weight: 1}]}]}
---
<<: {a: 1}
b: |
  text
c: !!str 1
)",
};

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = resources::sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view broken_as(std::string_view input, const std::string& name) {
  const std::vector<resources::File> files = {{name, std::string(input)}};
  const auto loaded = resources::load(files);
  for (const auto& problem : loaded.problems) {
    if (problem.place.file != name) return "a problem of no file";
    if (problem.message.empty()) return "a problem without words";
    if (!is_utf8(problem.message) || !is_utf8(problem.hint)) return "a problem that is not UTF-8";
  }
  for (const auto& table : loaded.documents.route_tables) {
    if (table.metadata.name.empty()) return "a table without a name";
  }
  return {};
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  const auto yaml = broken_as(input, "a.yaml");
  return yaml.empty() ? broken_as(input, "a.json") : yaml;
}

std::vector<std::string> fuzz::seeds() { return {std::begin(kSeeds), std::end(kSeeds)}; }
