#include "agent/metrics.hpp"

#include <catch2/catch.hpp>

using agent::Metrics;
using Catch::Matchers::Contains;

TEST_CASE("what DNS workers count is summed and told, the socket's errors too", "[agent]") {
  dns::Counters one, other;
  one.edns.add(2);
  other.edns.add(3);
  one.receive_errors.add();
  other.send_errors.add(4);
  Metrics metrics;
  agent::add(metrics, std::vector<const dns::Counters*>{&one, &other});
  CHECK_THAT(metrics.to_string(), Contains("\nnearmost_dns_edns_total 5\n"));
  CHECK_THAT(metrics.to_string(),
             Contains("\nnearmost_dns_socket_errors_total{operation=\"receive\"} 1\n"
                      "nearmost_dns_socket_errors_total{operation=\"send\"} 4\n"));
}

TEST_CASE("DNS over TCP tells what is open and why connections were closed", "[agent]") {
  dns::net::TcpCounters counters;
  counters.accepted.add(9);
  counters.closed.add(6);
  counters.evicted.add(1);
  counters.timed_out.add(2);
  counters.too_long.add(3);
  counters.accept_errors.add(4);
  Metrics metrics;
  agent::add(metrics, std::vector<const dns::net::TcpCounters*>{&counters});
  for (const char* line : {"open 3", "accepted_total 9", "evicted_total 1", "timed_out_total 2",
                           "too_long_total 3", "accept_errors_total 4"})
    CHECK_THAT(metrics.to_string(), Contains("\nnearmost_dns_tcp_" + std::string(line) + "\n"));
}

TEST_CASE("rows that make no sense are told by the cluster that sent them", "[agent]") {
  auto view = std::make_shared<discovery::view::View>();
  view->clusters["west"].undecodable = 7;
  auto resolution = std::make_shared<discovery::view::Resolution>();
  resolution->view = std::move(view);
  agent::Served served;
  served.resolution = std::move(resolution);
  served.documents = std::make_shared<agent::AcceptedDocuments>();
  Metrics metrics;
  agent::add(metrics, served);
  CHECK_THAT(metrics.to_string(), Contains("\nnearmost_rows_undecodable{cluster=\"west\"} 7\n"));
}
