// How what is counted of routes and destinations is shown to Prometheus.
#include "agent/metrics.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using agent::Metrics;
using forwarder::net::TrafficCounts;
using forwarder::net::TrafficTotals;

namespace {

TrafficCounts answered(std::uint64_t times) {
  TrafficCounts counts;
  counts.by_class[2] = counts.by_latency[0] = times;
  counts.microseconds = 250 * times;
  return counts;
}

bool has(const Metrics& metrics, const std::string& line) {
  return metrics.to_string().find(line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a histogram is summed up and in seconds", "[agent]") {
  Metrics metrics;
  const std::uint64_t bounds[] = {500, 1'000'000}, counts[] = {3, 2, 1};
  metrics.histogram("x_seconds", "how long", bounds, counts, 2'500'000, {"to", "a\"b"});
  CHECK(metrics.to_string() ==
        "# HELP x_seconds how long\n# TYPE x_seconds histogram\n"
        "x_seconds_bucket{to=\"a\\\"b\",le=\"0.0005\"} 3\n"
        "x_seconds_bucket{to=\"a\\\"b\",le=\"1\"} 5\n"
        "x_seconds_bucket{to=\"a\\\"b\",le=\"+Inf\"} 6\n"
        "x_seconds_sum{to=\"a\\\"b\"} 2.5\nx_seconds_count{to=\"a\\\"b\"} 6\n");
}

TEST_CASE("the busiest routes are named, the others are one, and nothing is lost", "[agent]") {
  TrafficTotals traffic;
  for (std::uint64_t n = 1; n <= 5'000; ++n) {
    auto counts = answered(n);
    counts.by_class = {1, 1, n, 1, 1, 1};
    traffic.routes["route" + std::to_string(n)] = counts;
    traffic.destinations["destination" + std::to_string(n)] = counts;
  }
  Metrics metrics;
  add(metrics, traffic);
  CHECK(has(metrics, R"(nearmost_route_requests_total{route="route5000",status="2xx"} 5000)"));
  CHECK(has(metrics, R"(nearmost_route_requests_total{route="route4971",status="5xx"} 1)"));
  CHECK_FALSE(has(metrics, R"(nearmost_route_requests_total{route="route4970",status="5xx"} 1)"));
  CHECK(has(metrics, R"x(nearmost_route_requests_total{route="(others)",status="2xx"} )x" +
                         std::to_string(4'970 * 4'971 / 2)));
  CHECK(has(metrics, R"(nearmost_route_seconds_total{route="route5000"} 1.25)"));
  CHECK(has(metrics, R"(nearmost_destination_seconds_count{destination="destination5000"} 5000)"));
  const auto& text = metrics.to_string();
  const auto series = std::ranges::count(text, '\n') - 2 * 4;  // HELP and TYPE of each name
  CHECK(series <= 454);
}

TEST_CASE("what has no answers of a class has no series of it", "[agent]") {
  TrafficTotals traffic;
  traffic.routes["a"] = answered(1);
  Metrics metrics;
  add(metrics, traffic);
  CHECK(metrics.to_string().find("5xx") == std::string::npos);
}
