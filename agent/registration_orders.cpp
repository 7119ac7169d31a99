#include "agent/registration_orders.hpp"

#include "resources/duration.hpp"

namespace agent {
namespace {

constexpr const char* kUsualLease = "30s";

HttpReply refused(const base::Error& error) {
  return refusal(error.code == base::Code::exhausted   ? 409
                 : error.code == base::Code::not_found ? 404
                                                       : 400,
                 error.message);
}

HttpReply refused_of_leaf() {
  return refusal(400, "a leaf publishes nothing: register with an agent of the cluster");
}

}  // namespace

HttpReply order_register(const HttpRequest& request, const Config& config, Registrar& registrar) {
  if (config.is_leaf()) return refused_of_leaf();
  const auto text = query_parameter(request.query, "lease").value_or(kUsualLease);
  const auto lease = resources::parse_duration(text);
  if (!lease) return refused(lease.error());
  if (const auto done = registrar.put(std::string(request.body), *lease); !done)
    return refused(done.error());
  return json_reply({{"registered", true}, {"leaseMs", base::to_ms(*lease)}});
}

HttpReply order_deregister(const HttpRequest& request, const Config& config, Registrar& registrar) {
  if (config.is_leaf()) return refused_of_leaf();
  if (const auto done = registrar.remove(std::string(request.body)); !done)
    return refused(done.error());
  return json_reply({{"registered", false}});
}

Json report_registrations(const Registrar& registrar) {
  Json all = Json::array();
  for (const auto& entry : registrar.entries())
    all.push_back({{"service", entry.service},
                   {"endpoints", entry.endpoints},
                   {"leaseMs", base::to_ms(entry.lease)},
                   {"restMs", entry.elsewhere ? Json() : Json(base::to_ms(entry.rest))},
                   {"elsewhere", entry.elsewhere}});
  return all;
}

void add(Metrics& metrics, const Registrar& registrar) {
  metrics.gauge("nearmost_registrations", "registrations whose lease has not ended",
                static_cast<double>(registrar.entries().size()));
}

}  // namespace agent
