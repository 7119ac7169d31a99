#include "resources/virtual_destination.hpp"

#include <algorithm>
#include <set>

#include "resources/external_aliases.hpp"
#include "resources/kinds/destination_fields.hpp"
#include "resources/kinds/names.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"

namespace resources {
namespace {

constexpr std::string_view kClusterPrefix = "cluster:";
constexpr std::string_view kPreferences[] = {"zone", "cluster", "region", "any"};

void read_port(const Value& value, std::vector<VirtualDestinationPort>& ports) {
  VirtualDestinationPort port;
  Fields fields(value);
  const bool numbered = fields.optional("number", port.number, between(1, 65535));
  read_protocol(fields, port.protocol);
  fields.optional("targetPort", port.target_port);
  // Before 2.3 a port had a name and no number; such a document still loads.
  const bool old = value.node().find("name") != nullptr;
  fields.renamed("name", "targetPort.name");
  if (numbered) {
    ports.push_back(std::move(port));
  } else if (old) {
    value.warn("a port without a number: left out", "add number: the port that clients connect to");
  } else {
    fields.missing("number");
  }
}

void read_ports(Fields& spec, std::vector<VirtualDestinationPort>& ports) {
  const auto list = spec.find("ports");
  if (!list) return spec.missing("ports");
  if (!list->node().is_list()) return list->expected("a list");
  if (list->node().children.empty()) return list->error("no ports", "at least one is required");
  std::set<std::uint16_t> numbers;
  for (const Node& item : list->node().children) {
    const Value value(item, *list);
    const auto before = ports.size();
    read_port(value, ports);
    if (ports.size() == before || ports.back().number == 0) continue;  // told already
    if (!numbers.insert(ports.back().number).second) {
      value.error("port " + std::to_string(ports.back().number) + " is given twice",
                  "keep one of them");
    }
  }
}

void read_prefer(Fields& spec, std::vector<std::string>& prefer) {
  const auto list = spec.find("prefer");
  if (!list) return;
  read(*list, prefer);
  if (!list->node().is_list() || list->node().children.size() != prefer.size()) return;
  for (std::size_t i = 0; i < prefer.size(); ++i) {
    const std::string& step = prefer[i];
    const Value item(list->node().children[i], *list);
    const bool known = std::find(std::begin(kPreferences), std::end(kPreferences), step) !=
                           std::end(kPreferences) ||
                       (step.starts_with(kClusterPrefix) && step.size() > kClusterPrefix.size());
    if (!known) {
      item.error(quoted(step) + " is no place to prefer",
                 "one of zone, cluster, region, cluster:NAME, any");
    } else if (std::find(prefer.begin(), prefer.begin() + static_cast<std::ptrdiff_t>(i), step) !=
               prefer.begin() + static_cast<std::ptrdiff_t>(i)) {
      item.error(quoted(step) + " is given twice", "keep the first");
    }
  }
}

}  // namespace

void read(const Value& document, VirtualDestination& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");

  if (kind_of(out.metadata.name) != DestinationKind::virtual_destination)
    document.error(
        "a name that begins like " + quoted(external_alias("NAME")) + " is an ExternalService's",
        "call it otherwise");
  Fields spec(*value);
  read_hosts(spec, out.hosts, out.host_places);
  spec.optional("services", out.services);
  spec.optional("externalServices", out.external_services);
  read_ports(spec, out.ports);
  read_prefer(spec, out.prefer);
  spec.unsupported({"externalWorkloads", "clientMode"});
  const bool old_selectors = value->node().find("selectors") != nullptr;
  spec.renamed("selectors", "services");

  const Node& node = value->node();
  const bool selects = !out.services.empty() || !out.external_services.empty() ||
                       find_field(node, "externalWorkloads");
  if (out.hosts.empty() && !selects && !old_selectors && node.is_map()) {
    value->error("neither hosts nor services",
                 "give the hosts to serve, and the services that serve them");
  } else if (!selects) {
    value->warn("selects no services: only a RouteTable can answer for it",
                "add services, such as {labels: {app: reviews}}");
  }
}

}  // namespace resources
