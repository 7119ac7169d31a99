#include "resources/documents.hpp"

#include "resources/kept_documents.hpp"

namespace resources {

void Documents::append(const Documents& more) {
  virtual_destinations.append(more.virtual_destinations);
  route_tables.append(more.route_tables);
  virtual_gateways.append(more.virtual_gateways);
  services.append(more.services);
  endpoint_slices.append(more.endpoint_slices);
  static_services.append(more.static_services);
  external_services.append(more.external_services);
  external_endpoints.append(more.external_endpoints);
  retry_timeout_policies.append(more.retry_timeout_policies);
  header_manipulation_policies.append(more.header_manipulation_policies);
  load_balancer_policies.append(more.load_balancer_policies);
  outlier_detection_policies.append(more.outlier_detection_policies);
  connection_policies.append(more.connection_policies);
  failover_policies.append(more.failover_policies);
}

Loaded load(const std::vector<File>& files) { return KeptDocuments().load(files); }

}  // namespace resources
