#include "discovery/node.hpp"
#include "discovery/row.hpp"
#include "tests/bench/saved_mesh.hpp"
#include "tests/bench/wan.hpp"

namespace bench {

discovery::EncodedRow service_row(const std::string& name) {
  discovery::ServiceRow row{"shop", name, {{"app", name}}, {}, false};
  row.ports.push_back({"http", 8080, "", 8080, ""});
  return encode(discovery::RowValue(row));
}

discovery::OriginPublication origin_of(std::size_t cluster, std::size_t services,
                                       std::size_t endpoints) {
  discovery::NodeConfig config;
  config.self = {"c" + std::to_string(cluster), 0};
  const base::TimePoint now{std::chrono::hours(1)};
  discovery::Node node(config, base::Random(cluster), now);
  std::vector<discovery::EncodedRow> rows;
  for (std::size_t n = 0; n < services; ++n) {
    const auto service = cluster * services + n;
    rows.push_back(service_row("web" + std::to_string(service)));
    for (std::size_t e = 0; e < endpoints; ++e)
      rows.push_back(bench::endpoint_row(cluster, service, n * endpoints + e));
  }
  node.replace_local(now, "files", std::move(rows));
  node.local_ready(now);
  auto origin = node.publication(now)->origins.front();
  origin.local = false;
  return origin;
}

}  // namespace bench
