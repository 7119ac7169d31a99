// Routes whose destination is not among the documents, or lacks the port.
#include <unordered_map>

#include "resources/cross_checks.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {

struct Port {
  std::uint16_t number;
  std::string_view name;
};
using Targets = std::unordered_map<std::string, std::vector<Port>>;  // by namespace/name

std::string listed(const std::vector<Port>& ports) {
  std::string text;
  for (const Port& port : ports) {
    if (!text.empty()) text += ", ";
    text += std::to_string(port.number);
    if (!port.name.empty()) text += " (" + std::string(port.name) + ')';
  }
  return text;
}

bool has_port(const std::vector<Port>& ports, const PortSelector& wanted) {
  for (const Port& port : ports) {
    if (wanted.number == 0 ? port.name == wanted.name : port.number == wanted.number) return true;
  }
  return false;
}

class Check {
 public:
  Check(const Documents& documents, Problems& problems) : problems_(problems) {
    for (const auto& service : documents.services) add(services_, service);
    for (const auto& service : documents.static_services) add(services_, service);
    for (const auto& destination : documents.virtual_destinations) {
      auto& ports = virtual_destinations_[name_of(destination.metadata)];
      for (const auto& port : destination.ports) ports.push_back({port.number, ""});
    }
  }

  void table(const RouteTable& table) {
    if (table.default_destination)
      destination(table, *table.default_destination, "spec.defaultDestination");
    for (std::size_t i = 0; i < table.http.size(); ++i) {
      const auto* forward = std::get_if<ForwardTo>(&table.http[i].action);
      if (!forward) continue;
      for (std::size_t j = 0; j < forward->destinations.size(); ++j) {
        destination(table, forward->destinations[j],
                    "spec.http[" + std::to_string(i) + "].forwardTo.destinations[" +
                        std::to_string(j) + ']');
      }
    }
  }

 private:
  template <class T>
  static void add(Targets& targets, const T& service) {
    auto& ports = targets[name_of(service.metadata)];
    for (const auto& port : service.ports) ports.push_back({port.number, port.name});
  }

  // What other clusters have is not known here; nor is anything when no document defines such
  // objects.
  const Targets* targets_for(const RouteTable& table, const DestinationRef& to) const {
    const bool elsewhere = !to.ref.cluster.empty() && to.ref.cluster != table.metadata.cluster;
    const Targets* targets = to.kind == DestinationKind::service ? &services_
                             : to.kind == DestinationKind::virtual_destination
                                 ? &virtual_destinations_
                                 : nullptr;
    return elsewhere || !targets || targets->empty() ? nullptr : targets;
  }

  void destination(const RouteTable& table, const DestinationRef& to, const std::string& field) {
    const Targets* targets = targets_for(table, to);
    if (!targets) return;
    const auto kind = std::string(targets == &services_ ? "service " : "VirtualDestination ");
    const auto& space = to.ref.namespace_.empty() ? table.metadata.namespace_ : to.ref.namespace_;
    const auto name = space + '/' + to.ref.name;
    const auto warn = [&](std::string message, std::string hint) {
      problems_.push_back(about(Severity::warning, "RouteTable", table.metadata, to.place, field,
                                std::move(message), std::move(hint)));
    };
    const auto found = targets->find(name);
    if (found == targets->end())
      return warn(kind + name + " is not in these documents", similar(*targets, name));
    const auto& ports = found->second;
    if (to.port.unset() && ports.size() > 1) {
      warn(kind + name + " has several ports", "choose one: port: {number: …} of " + listed(ports));
    } else if (!to.port.unset() && !has_port(ports, to.port)) {
      const auto wanted = to.port.number == 0 ? to.port.name : std::to_string(to.port.number);
      warn(kind + name + " has no port " + wanted, "it has " + listed(ports));
    }
  }

  static std::string similar(const Targets& targets, std::string_view name) {
    std::vector<std::string_view> names;
    for (const auto& target : targets) names.push_back(target.first);
    return did_you_mean(name, names);
  }

  Targets services_, virtual_destinations_;
  Problems& problems_;
};

}  // namespace

void check_destinations(const Documents& documents, Problems& problems) {
  Check check(documents, problems);
  for (const auto& table : documents.route_tables) check.table(table);
}

}  // namespace resources
