#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

std::string document(const std::string& group, const std::string& kind, const std::string& spec) {
  return "apiVersion: " + group + ".policy.gloo.solo.io/v2\nkind: " + kind +
         "\nmetadata: {name: p, namespace: shop}\nspec: " + spec + "\n";
}

resources::Loaded headers(const std::string& spec) {
  return load_text(document("trafficcontrol", "HeaderManipulationPolicy", spec));
}
resources::Loaded retries(const std::string& spec) {
  return load_text(document("resilience", "RetryTimeoutPolicy", spec));
}

// Field and message of each problem, with its severity.
Lines problems(const resources::Loaded& loaded) {
  Lines all;
  for (const auto& problem : loaded.problems)
    all.push_back((problem.severity == resources::Severity::error ? "error " : "warning ") +
                  problem.field + ": " + problem.message +
                  (problem.hint.empty() ? "" : "; " + problem.hint));
  return all;
}

}  // namespace

TEST_CASE("a HeaderManipulationPolicy is read field by field", "[resources]") {
  const auto loaded = headers(R"(
  applyToRoutes:
  - route: {labels: {app: a}, namespace: web, cluster: west}
  - withDestinations: {kind: VIRTUAL_DESTINATION, port: {number: 80}, selector: {name: reviews}}
  applyToRouteDestinations:
  - route: {labels: {app: b}}
    onDestinations: [{selector: {labels: {app: reviews}}, port: {name: http}}]
  config:
    removeRequestHeaders: [X-Debug]
    appendRequestHeaders: {x-a: "1", x-b: ""}
    removeResponseHeaders: [Server]
    appendResponseHeaders: {X-Served-By: mesh}
)");
  CHECK(problems(loaded).empty());
  REQUIRE(loaded.documents.header_manipulation_policies.size() == 1);
  const auto& policy = loaded.documents.header_manipulation_policies[0];
  REQUIRE(policy.routes.size() == 2);
  CHECK(policy.routes[0].route.labels == base::Labels{{"app", "a"}});
  CHECK(policy.routes[0].route.namespace_ == "web");
  CHECK(policy.routes[0].route.cluster == "west");
  REQUIRE(policy.routes[1].with_destinations);
  CHECK(policy.routes[1].with_destinations->kind ==
        resources::DestinationKind::virtual_destination);
  CHECK(policy.routes[1].with_destinations->object.name == "reviews");
  CHECK(policy.routes[1].with_destinations->port.number == 80);
  REQUIRE(policy.route_destinations.size() == 1);
  CHECK(policy.route_destinations[0].route.labels == base::Labels{{"app", "b"}});
  CHECK(policy.route_destinations[0].destinations.at(0).port.name == "http");
  CHECK(policy.request.remove.at(0).name == "X-Debug");
  REQUIRE(policy.request.append.size() == 2);
  CHECK(policy.request.append[0].name == "x-a");
  CHECK(policy.request.append[0].value == "1");
  CHECK(policy.request.append[0].place.line == 13);
  CHECK(policy.response.remove.at(0).name == "Server");
  CHECK(policy.response.append.at(0).value == "mesh");
}

TEST_CASE("a policy that names no routes is for every route", "[resources]") {
  const auto every = headers("{config: {removeRequestHeaders: [a]}}");
  REQUIRE(every.documents.header_manipulation_policies.at(0).routes.size() == 1);
  const auto some = headers("{applyToRouteDestinations: [{}], config: {}}");
  CHECK(some.documents.header_manipulation_policies.at(0).routes.empty());
  CHECK(retries("{config: {requestTimeout: 1s}}")
            .documents.retry_timeout_policies.at(0)
            .routes.size() == 1);
}

TEST_CASE("what a policy cannot say is named", "[resources]") {
  CHECK(problems(headers("{applyToRoutes: [{route: {labls: {a: b}, workspace: w}}], config: "
                         "{appendRequestHeaders: {x: 'from %REMOTE%'}}}")) ==
        Lines{"warning spec.applyToRoutes[0].route.labls: unknown field; did you mean \"labels\"?",
              "warning spec.applyToRoutes[0].route.workspace: workspaces are not supported yet: "
              "ignored; every workspace matches",
              "warning spec.config.appendRequestHeaders.x: sent as it is written: %NAME% is not "
              "replaced here; write a fixed value, or leave it to the upstream"});
  CHECK(problems(headers("{applyToRoutes: [{route: {}, withDestinations: {}}]}")) ==
        Lines{"error spec.config: missing; this field is required",
              "error spec.applyToRoutes[0].withDestinations: cannot stand beside \"route\"; keep "
              "one of the two"});
}

TEST_CASE("a RetryTimeoutPolicy is read field by field", "[resources]") {
  const auto loaded = retries(R"(
  applyToRoutes: [{route: {labels: {route: ratings}}}]
  config:
    requestTimeout: 2s
    retries: {attempts: 5, perTryTimeout: 250ms, retryOn: "5xx, reset,503 ,404", retryRemoteLocalities: true}
)");
  CHECK(problems(loaded).empty());
  const auto& policy = loaded.documents.retry_timeout_policies.at(0);
  CHECK(policy.request_timeout == 2s);
  REQUIRE(policy.retries);
  CHECK(policy.retries->attempts == 5);
  CHECK(policy.retries->try_timeout == 250ms);
  const auto& on = policy.retries->on.value();
  CHECK(on.server_errors);
  CHECK(on.resets);
  CHECK_FALSE(on.gateway_errors);
  CHECK(on.statuses == std::vector<std::uint16_t>{503, 404});

  const auto plain = retries("{config: {retries: {}}}");
  CHECK(problems(plain).empty());
  CHECK(plain.documents.retry_timeout_policies.at(0).retries->attempts == 2);
  CHECK_FALSE(plain.documents.retry_timeout_policies.at(0).retries->on);
}

TEST_CASE("conditions that nobody knows, or that mean nothing here, are named", "[resources]") {
  const auto on = [](const std::string& words) {
    return problems(retries("{config: {retries: {retryOn: '" + words + "'}}}"));
  };
  const std::string field = "warning spec.config.retries.retryOn: ";
  CHECK(on("gateway-error,connect-failure,retriable-4xx,retriable-status-codes,503").empty());
  CHECK(on("connect-failure,refused-stream,unavailable") ==
        Lines{field + "without effect over HTTP/1.1: refused-stream, unavailable"});
  CHECK(
      on("gateway-eror") ==
      Lines{field + "\"gateway-eror\" is no condition: ignored; did you mean \"gateway-error\"?"});
  CHECK(on("666").at(0).starts_with(field + "\"666\" is no condition: ignored; known here: 5xx, "));
  CHECK(on("retriable-status-codes") ==
        Lines{field + "retriable-status-codes without a status; add them: retryOn: 'reset,503'"});
}

TEST_CASE("a RetryTimeoutPolicy that contradicts itself is an error", "[resources]") {
  CHECK(problems(retries("{config: {}}")) ==
        Lines{"error spec.config: says nothing; give a requestTimeout, retries, or both"});
  CHECK(problems(retries("{config: {retries: {attempts: 0, perTryTimeout: 1s}}}")) ==
        Lines{"error spec.config.retries: attempts: 0 means that nothing is tried again; leave the "
              "other fields out"});
  CHECK(problems(retries("{config: {retries: {attempts: 0}}}")).empty());
  CHECK(problems(retries("{config: {requestTimeout: 1s, retries: {perTryTimeout: 2s}}}")) ==
        Lines{"warning spec.config: retries.perTryTimeout is longer than requestTimeout: it never "
              "ends a try"});
  const auto many = retries("{config: {retries: {attempts: 5000}}}");
  CHECK(problems(many) == Lines{"warning spec.config.retries.attempts: more than 100: read as 100; "
                                "each request that fails would be sent as often"});
  CHECK(many.documents.retry_timeout_policies.at(0).retries->attempts == 100);
  CHECK(has_errors(retries("{config: {requestTimeout: 10us}}").problems));
}

TEST_CASE("a policy that is defined twice is an error for the later one", "[resources]") {
  const auto one = document("resilience", "RetryTimeoutPolicy", "{config: {requestTimeout: 1s}}");
  const auto twice = load_text(one + "---\n" + one);
  CHECK(problems(twice) == Lines{"error : defined twice, first at a.yaml:1; remove one of them"});
  CHECK(twice.documents.retry_timeout_policies.size() == 1);
  CHECK(problems(load_text(one + "---\n" +
                           document("trafficcontrol", "HeaderManipulationPolicy", "{config: {}}")))
            .empty());
}

namespace {

resources::Loaded balancer(const std::string& config) {
  return load_text(document("trafficcontrol", "LoadBalancerPolicy", "{config: " + config + "}"));
}
resources::Loaded outliers(const std::string& config) {
  return load_text(document("resilience", "OutlierDetectionPolicy", "{config: " + config + "}"));
}

}  // namespace

TEST_CASE("a LoadBalancerPolicy is read field by field", "[resources]") {
  const auto loaded = load_text(document("trafficcontrol", "LoadBalancerPolicy", R"(
  applyToDestinations: [{kind: VIRTUAL_DESTINATION, port: {number: 80}, selector: {labels: {a: b}}}]
  config: {simple: ROUND_ROBIN, healthyPanicThreshold: 12.5, updateMergeWindow: 1s}
)"));
  CHECK(problems(loaded).empty());
  const auto& policy = loaded.documents.load_balancer_policies.at(0);
  CHECK(policy.destinations.at(0).kind == resources::DestinationKind::virtual_destination);
  CHECK(policy.destinations.at(0).object.labels == base::Labels{{"a", "b"}});
  CHECK(policy.destinations.at(0).port.number == 80);
  CHECK(policy.simple == resources::LoadBalancerPolicy::Simple::round_robin);
  CHECK(policy.panic_threshold_percent == 12.5);

  using Part = resources::HashBy::Part;
  const auto hash = [](const std::string& config) {
    const auto read = balancer("{consistentHash: " + config + "}");
    CHECK(problems(read).empty());
    return read.documents.load_balancer_policies.at(0).hash;
  };
  CHECK(hash("{httpHeaderName: x-user}") == resources::HashBy{Part::header, "x-user"});
  CHECK(hash("{httpCookie: {name: id, path: /}}") ==
        resources::HashBy{Part::cookie, "id", std::nullopt, "/"});
  CHECK(hash("{httpCookie: {name: id, ttl: 1h}}") ==
        resources::HashBy{Part::cookie, "id", std::chrono::hours(1), ""});
  CHECK(hash("{useSourceIp: true}") == resources::HashBy{Part::source_address, ""});
  CHECK(hash("{httpQueryParameterName: q}") == resources::HashBy{Part::query_parameter, "q"});
}

TEST_CASE("what a LoadBalancerPolicy cannot mean is said", "[resources]") {
  CHECK(problems(balancer("{}")) ==
        Lines{"error spec.config: says neither simple nor consistentHash; write simple: "
              "LEAST_REQUEST"});
  CHECK(problems(balancer("{simple: RANDOM, consistentHash: {useSourceIp: true}}")).size() == 1);
  CHECK(problems(balancer("{simple: ROUND_ROBBIN}")).at(0).starts_with("error spec.config.simple"));
  CHECK(
      problems(balancer("{simple: PASSTHROUGH}")) ==
      Lines{"warning spec.config.simple: PASSTHROUGH is not supported: read as LEAST_REQUEST; the "
            "forwarder chooses among endpoints; it never sees which one a client meant"});
  CHECK(balancer("{simple: 3}").documents.load_balancer_policies.at(0).simple ==
        resources::LoadBalancerPolicy::Simple::round_robin);
  CHECK(problems(balancer("{simple: RANDOM, healthyPanicThreshold: 101}")) ==
        Lines{"error spec.config.healthyPanicThreshold: not from 0 to 100"});
  CHECK(problems(balancer("{simple: RANDOM, healthyPanicThreshold: nan}")).size() == 1);
  CHECK(problems(balancer("{simple: RANDOM, warmupDurationSecs: 5s}")) ==
        Lines{"warning spec.config.warmupDurationSecs: no effect with RANDOM and consistentHash: "
              "as in Gloo; ROUND_ROBIN and LEAST_REQUEST heed it"});
  CHECK(
      problems(balancer("{consistentHash: {useSourceIp: true}, warmupDurationSecs: 5s}")).size() ==
      1);
  CHECK(problems(balancer("{simple: ROUND_ROBIN, warmupDurationSecs: -1s}"))
            .at(0)
            .starts_with("error spec.config.warmupDurationSecs"));
  for (const char* simple : {"ROUND_ROBIN", "LEAST_REQUEST", "UNSPECIFIED"}) {
    const auto warm = balancer("{simple: " + std::string(simple) + ", warmupDurationSecs: 1m}");
    CHECK(problems(warm).empty());
    CHECK(warm.documents.load_balancer_policies.at(0).warm_up == 60s);
  }
  CHECK(problems(balancer("{consistentHash: {}}"))
            .at(0)
            .starts_with("error spec.config.consistentHash: says nothing to hash"));
  CHECK(problems(balancer("{consistentHash: {useSourceIp: false}}")).size() == 1);
  CHECK(problems(balancer("{consistentHash: {httpHeaderName: ''}}")) ==
        Lines{"error spec.config.consistentHash.httpHeaderName: is empty; give a name"});
  CHECK(problems(balancer("{consistentHash: {httpCookie: {ttl: 1h}}}")) ==
        Lines{"error spec.config.consistentHash.httpCookie.name: missing; this field is required"});
  CHECK(problems(balancer("{consistentHash: {httpCookie: {name: 'a b', ttl: -1s}}}")).size() == 2);
  CHECK(problems(balancer("{consistentHash: {httpCookie: {name: a, path: '/;x'}}}")).size() == 1);
  CHECK(problems(balancer("{consistentHash: {httpHeaderName: 'x user'}}")) ==
        Lines{"error spec.config.consistentHash.httpHeaderName: \"x user\" is no header's name"});
}

TEST_CASE("an OutlierDetectionPolicy is read field by field, with Gloo's defaults", "[resources]") {
  const auto plain = outliers("{}");
  CHECK(problems(plain).empty());
  const auto& defaults = plain.documents.outlier_detection_policies.at(0);
  CHECK(defaults.consecutive_errors == 5);
  CHECK(defaults.consecutive_gateway_errors == 0);
  CHECK(defaults.interval == 10s);
  CHECK(defaults.base_ejection_time == 30s);
  CHECK(defaults.max_ejection_percent == 100);
  CHECK(defaults.destinations.empty());

  const auto loaded = outliers(
      "{consecutiveErrors: 4, consecutiveGatewayErrors: 3, interval: 5s, "
      "baseEjectionTime: 1m, maxEjectionPercent: 50}");
  CHECK(problems(loaded).empty());
  const auto& policy = loaded.documents.outlier_detection_policies.at(0);
  CHECK(policy.consecutive_errors == 4);
  CHECK(policy.consecutive_gateway_errors == 3);
  CHECK(policy.interval == 5s);
  CHECK(policy.base_ejection_time == 1min);
  CHECK(policy.max_ejection_percent == 50);
}

TEST_CASE("what an OutlierDetectionPolicy cannot mean is said", "[resources]") {
  CHECK(problems(outliers("{consecutiveErrors: 0}")).size() == 1);
  CHECK(problems(outliers("{maxEjectionPercent: 101}")).size() == 1);
  CHECK(problems(outliers("{interval: 0s}")).size() == 1);
  CHECK(problems(outliers("{consecutiveErrors: 2, consecutiveGatewayErrors: 2}")) ==
        Lines{"warning spec.config: consecutiveGatewayErrors not below consecutiveErrors has no "
              "effect; "
              "a gateway error is an error, too"});
}

TEST_CASE("a ConnectionPolicy is read field by field", "[resources]") {
  const auto connections = [](const std::string& config) {
    return load_text(document("resilience", "ConnectionPolicy", "{config: " + config + "}"));
  };
  const auto loaded = connections(
      "{tcp: {connectTimeout: 250ms, maxConnections: 7, tcpKeepalive: {probes: 3, time: 20s, "
      "interval: 5s}}, http: {idleTimeout: 1m, maxRequestsPerConnection: 9, maxRequests: 8, "
      "maxRetries: 0}}");
  CHECK(problems(loaded).empty());
  const auto& policy = loaded.documents.connection_policies.at(0);
  CHECK(policy.connect_timeout == 250ms);
  CHECK(policy.max_connections == 7u);
  CHECK(policy.keepalive->probes == 3u);
  CHECK(policy.keepalive->time == 20s);
  CHECK(policy.keepalive->interval == 5s);
  CHECK(policy.idle_timeout == 1min);
  CHECK(policy.max_requests_per_connection == 9);
  CHECK(policy.max_requests == 8u);
  CHECK(policy.max_retries == 0u);

  CHECK(problems(connections("{}")).empty());
  CHECK_FALSE(connections("{}").documents.connection_policies.at(0).max_requests);
  CHECK(problems(connections("{http: {maxPendingRequests: 5}}")) ==
        Lines{"warning spec.config.http.maxPendingRequests: has no effect: no request waits for a "
              "connection; what is above maxConnections or maxRequests is answered 503 at once"});
  CHECK(problems(connections("{tcp: {tcpKeepalive: {time: 1500ms}}}")) ==
        Lines{"warning spec.config.tcp.tcpKeepalive.time: TCP counts whole seconds: read as 2s"});
  CHECK(problems(connections("{tcp: {maxConnections: 0}}")).size() == 1);
  CHECK(problems(connections("{tcp: {connectTimeout: 0s}}")).size() == 1);
  CHECK(problems(connections("{tcp: {tcpKeepalive: {time: 20h}}}")).size() == 1);
}

TEST_CASE("a FailoverPolicy is read field by field", "[resources]") {
  const auto failover = [](const std::string& config) {
    return load_text(document("resilience", "FailoverPolicy", "{config: " + config + "}"));
  };
  const auto loaded = failover(R"({localityMappings: [
    {from: {region: a, zone: a1}, to: [{region: b}, {region: c, zone: c1, subZone: x}]},
    {from: {region: a}, to: [{region: b, weight: 60}, {region: c, weight: 40}]}]})");
  CHECK(problems(loaded).empty());
  const auto& mappings = loaded.documents.failover_policies.at(0).mappings;
  REQUIRE(mappings.size() == 2);
  CHECK(mappings[0].from == base::Locality{"a", "a1", ""});
  CHECK(mappings[0].to.at(1).locality == base::Locality{"c", "c1", "x"});
  CHECK_FALSE(mappings[0].is_split());
  CHECK(mappings[1].is_split());
  CHECK(mappings[1].to.at(0).weight == 60);

  const auto labelled = failover("{priorityLabels: {labels: [tier=gold, disk=ssd]}}");
  CHECK(problems(labelled).empty());
  const auto& labels = labelled.documents.failover_policies.at(0).labels;
  REQUIRE(labels.size() == 2);
  CHECK(labels[1].key == "disk");
  CHECK(labels[1].value == "ssd");
  CHECK(problems(failover("{localityMappings: []}")).empty());
  CHECK(problems(failover("{priorityLabels: {labels: [topology.kubernetes.io/zone]}}")).empty());
}

TEST_CASE("what a FailoverPolicy cannot mean is said", "[resources]") {
  const auto mapping = [](const std::string& to) {
    return problems(
        load_text(document("resilience", "FailoverPolicy",
                           "{config: {localityMappings: [{from: {region: a}, to: " + to + "}]}}")));
  };
  const std::string field = "spec.config.localityMappings[0].to";
  CHECK(mapping("[]") ==
        Lines{"error " + field + ": is empty; give the places to go to, best first"});
  CHECK(mapping("[{zone: z}]") ==
        Lines{"error " + field + "[0].region: missing; this field is required"});
  CHECK(mapping("[{region: b, subZone: s}]") ==
        Lines{"error " + field + "[0]: a subZone without its zone; give the zone, too"});
  CHECK(mapping("[{region: b, weight: 60}, {region: c, weight: 30}]") ==
        Lines{"error " + field + ": the weights add up to 90; make it 100"});
  CHECK(mapping("[{region: b, weight: 100}, {region: c}]") ==
        Lines{"error " + field +
              ": some places have a weight, others have none; give each one, or none"});
  CHECK(mapping("[{region: b}, {region: b, zone: z}]")
            .at(0)
            .starts_with("warning " + field + "[1]: gets nothing: b stands before it"));
  CHECK(mapping("[{region: a, zone: z}]")
            .at(0)
            .starts_with("warning " + field + "[0]: gets nothing: the callers' own region"));
  CHECK(mapping("[{region: b, zone: z, weight: 50}, {region: b, weight: 50}]").empty());
  CHECK(mapping("[{region: b, weight: 0}]") ==
        Lines{"error " + field +
              "[0].weight: a weight of 0 takes nothing; leave the place out of the list"});
  const auto labels = [](const std::string& list) {
    return problems(load_text(document("resilience", "FailoverPolicy",
                                       "{config: {priorityLabels: {labels: " + list + "}}}")));
  };
  CHECK(
      labels("[a=b, topology.istio.io/subzone]") ==
      Lines{"error spec.config.priorityLabels.labels[1]: keys and KEY=VALUE pairs cannot be mixed; "
            "write all in one way"});
  CHECK(labels("['=b']").size() == 1);
  CHECK(labels("[topology.istio.io/network]").size() == 1);
  CHECK(labels("[serves-x]")
            .at(0)
            .starts_with("warning spec.config.priorityLabels.labels[0]: the "
                         "callers' labels are not known here"));
}
