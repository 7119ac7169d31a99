// Prometheus' text format (version 0.0.4), and what of the agent's state goes into it.
//
// Label sets are bounded by configuration: clusters, members, states; never by endpoint or by
// client. Thread: values.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "agent/control.hpp"
#include "agent/served.hpp"
#include "discovery/sources/state_folder.hpp"
#include "dns/counters.hpp"
#include "dns/net/tcp_server.hpp"
#include "forwarder/net/counters.hpp"
#include "forwarder/net/traffic.hpp"

namespace agent {

class Metrics {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Values of one name must follow each other.
  void counter(std::string_view name, std::string_view help, std::uint64_t value,
               Labels labels = {});
  // A sum of microseconds, shown in seconds.
  void seconds(std::string_view name, std::string_view help, std::uint64_t microseconds,
               Labels labels);
  void gauge(std::string_view name, std::string_view help, double value, Labels labels = {});
  // `counts`: of each bound, the last above all, not summed up yet. Bounds and sum in microseconds;
  // shown in seconds.
  void histogram(std::string_view name, std::string_view help,
                 std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> counts,
                 std::uint64_t sum, std::pair<std::string_view, std::string_view> label);
  const std::string& to_string() const { return text_; }

 private:
  void head(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view name, Labels labels, std::string_view value);
  std::string text_;
  std::string last_;
};

void add(Metrics& metrics, const Membership& membership,
         const discovery::rpc::Links::Counters& links);
void add(Metrics& metrics, const Served& served);
void add(Metrics& metrics, const discovery::sources::StateStatus& state);
// Summed over workers.
void add(Metrics& metrics, const std::vector<const dns::Counters*>& workers);
void add(Metrics& metrics, const std::vector<const dns::net::TcpCounters*>& servers);
void add(Metrics& metrics, const forwarder::net::Totals& totals);
// The busiest by name, the rest as one.
void add(Metrics& metrics, const forwarder::net::TrafficTotals& traffic);

}  // namespace agent
