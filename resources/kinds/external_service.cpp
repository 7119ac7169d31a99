#include "resources/external_service.hpp"

#include <set>

#include "resources/kinds/destination_fields.hpp"
#include "resources/kinds/names.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"
#include "resources/kinds/shapes.hpp"

namespace resources {
namespace {

void read_tls(const Value& tls, ExternalServicePort& port) {
  check_shape(tls, "ClientsideTls");
  const Node* mode = tls.node().find("mode");
  if (mode && mode->text == "DISABLE") return;
  port.protocol = kTlsProtocol;
  tls.warn("is not supported yet: the forwarder sends nothing to this port",
           "callers that speak TLS themselves reach it by DNS");
}

void read_port(const Value& value, ExternalServicePort& port) {
  port.place = value.place();
  Fields fields(value);
  fields.required("number", port.number, between(1, 65535));
  fields.optional("name", port.name);
  read_protocol(fields, port.protocol);
  fields.optional("targetPort", port.target_port);
  if (const auto tls = fields.find("clientsideTls")) read_tls(*tls, port);
  fields.unsupported({"egressGatewayRoutes"});
}

void read_ports(Fields& spec, std::vector<ExternalServicePort>& ports) {
  const auto list = spec.find("ports");
  if (!list) return spec.missing("ports");
  if (!list->node().is_list()) return list->expected("a list");
  if (list->node().children.empty()) return list->error("no ports", "at least one is required");
  std::set<std::uint16_t> numbers;
  std::set<std::string> names;
  for (const Node& item : list->node().children) {
    const Value value(item, *list);
    auto& port = ports.emplace_back();
    read_port(value, port);
    if (port.number != 0 && !numbers.insert(port.number).second)
      value.error("port " + std::to_string(port.number) + " is given twice", "keep one of them");
    if (!port.name.empty() && !names.insert(port.name).second)
      value.error("port name " + quoted(port.name) + " is given twice",
                  "give each port a name of its own");
  }
}

void read_addresses(const Value& list, std::vector<base::IpAddress>& addresses) {
  if (!list.node().is_list()) return list.expected("a list");
  for (const Node& item : list.node().children) {
    const Value value(item, list);
    std::string text;
    read(value, text);
    if (const auto ip = base::IpAddress::parse(text)) {
      addresses.push_back(*ip);
      check_endpoint_address(value, *ip);
    } else if (base::Cidr::parse(text)) {
      value.warn("a network is not supported: no name leads to it", "write the addresses");
    } else if (value.node().is_scalar()) {
      value.error(quoted(text) + " is no IP address", "write 192.0.2.7, or names under hosts");
    }
  }
}

void read_address(const Value& value, ExternalEndpoint& out) {
  std::string text;
  read(value, text);
  if (!value.node().is_scalar()) return;
  if (text.starts_with("unix:"))
    return value.error("a unix socket is not supported", "give an IP address or a name");
  if (const auto ip = base::IpAddress::parse(text)) {
    out.ip = *ip;
    return check_endpoint_address(value, out.ip);
  }
  read(value, out.name, Wildcards::label);
  if (out.name.starts_with('*'))
    value.error("a wildcard has no addresses", "give an IP address or a whole name");
}

}  // namespace

void read(const Value& document, ExternalService& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");
  Fields spec(*value);
  read_hosts(spec, out.hosts, out.host_places);
  spec.one_of({"hosts", "addresses"});
  const auto addresses = spec.find("addresses");
  if (addresses) read_addresses(*addresses, out.addresses);
  spec.optional("selector", out.selector);
  read_ports(spec, out.ports);
  spec.unsupported({"subjectAltNames"});
  if (out.hosts.empty() && !addresses && value->node().is_map())
    value->error("neither hosts nor addresses", "give the hosts that callers ask for");
}

void read(const Value& document, ExternalEndpoint& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");
  Fields spec(*value);
  if (const auto address = spec.find("address"))
    read_address(*address, out);
  else
    spec.missing("address");
  if (const auto ports = spec.find("ports")) {
    if (!ports->node().is_list()) return ports->expected("a list");
    for (const Node& item : ports->node().children) {
      const Value one(item, *ports);
      auto& port = out.ports.emplace_back();
      Fields of(one);
      of.optional("name", port.name);
      of.required("number", port.number, between(1, 65535));
      if (port.name.empty() && ports->node().children.size() > 1)
        one.error("a port without a name, beside others", "give each port a name of its own");
    }
  }
  if (const auto locality = spec.find("locality")) {
    Fields place(*locality);
    read_place(place, out.locality);
  }
}

}  // namespace resources
