#include "agent/name_report.hpp"

#include <algorithm>

namespace agent {

Json report(const NameStatus& names) {
  Json json = Json::array();
  for (const auto& name : names) {
    Json addresses = Json::array();
    for (const auto& ip : name.addresses) addresses.push_back(ip.to_string());
    Json records = Json::array();
    for (const auto& to : name.to)
      records.push_back({{"address", base::SocketAddress{to.ip, to.port}.to_string()},
                         {"priority", to.priority},
                         {"weight", to.weight}});
    json.push_back({{"name", name.name},
                    {"addresses", std::move(addresses)},
                    {"srv", std::move(records)},
                    {"trouble", name.trouble},
                    {"troubleMs", name.trouble.empty() ? Json() : Json(base::to_ms(name.since))}});
  }
  return json;
}

std::vector<std::string> troubles_of(const NameStatus& names, std::size_t left_out) {
  std::vector<std::string> troubles;
  for (const auto& [name, addresses, trouble, since, to] : names) {
    if (trouble.empty()) continue;
    troubles.push_back(
        "names: for " + base::to_string(since) + ": " + trouble +
        (addresses.empty() ? ": it has no endpoints" : ": the addresses that are known serve"));
  }
  if (left_out > 0)
    troubles.push_back("names: " + std::to_string(left_out) + " are beyond the limit of " +
                       std::to_string(discovery::sources::Names::kMaxNames) +
                       " and have no endpoints; write addresses, or leave some to other agents");
  return troubles;
}

void add(Metrics& metrics, const NameStatus& names) {
  const auto without =
      std::ranges::count_if(names, [](const auto& n) { return n.addresses.empty(); });
  const auto in_trouble =
      std::ranges::count_if(names, [](const auto& n) { return !n.trouble.empty(); });
  const auto gauge = [&](std::string_view state, auto count) {
    metrics.gauge("nearmost_names", "names that documents give instead of addresses",
                  static_cast<double>(count), {{"state", std::string(state)}});
  };
  gauge("all", names.size());
  gauge("failing", in_trouble);
  gauge("without_addresses", without);
}

}  // namespace agent
