#include "resources/service.hpp"

#include <map>
#include <optional>
#include <set>

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "resources/kinds/names.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"

namespace resources {
namespace {

constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";

// Kubernetes writes a port that may be named as one scalar: 8080 or "http".
void read_int_or_name(const Value& value, PortSelector& out) {
  const auto& text = value.node().text;
  if (!value.node().is_scalar()) return value.expected("a port number or name");
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    read(value, out.number, between(1, 65535));
  } else {
    out.name = text;
  }
}

void read_port(const Value& value, std::vector<ServicePort>& ports) {
  ServicePort port;
  std::string protocol = "TCP";
  Fields fields(value);
  fields.optional("name", port.name);
  fields.required("port", port.number, between(1, 65535));
  if (const auto target = fields.find("targetPort")) read_int_or_name(*target, port.target_port);
  fields.optional("protocol", protocol);
  fields.optional("appProtocol", port.app_protocol);
  fields.ignored({"nodePort"});
  if (protocol == "TCP") {
    ports.push_back(std::move(port));
  } else {
    value.warn("a port with protocol " + protocol + " is not supported yet: left out");
  }
}

// What Kubernetes takes for a name may be an address, which no DNS server has.
void read_external_name(const Value& spec, const std::optional<Value>& value, std::string& out) {
  if (!value) return spec.warn("type ExternalName without externalName: it has no endpoints");
  std::string name;
  read(*value, name);
  name = base::lower(std::move(name));
  if (name.ends_with('.')) name.pop_back();
  if (const auto fault = host_fault(name, Wildcards::label);
      !fault.empty() || name.starts_with('*'))
    return value->warn(quoted(value->node()) + " is no name of a host: it has no endpoints");
  out = std::move(name);
}

}  // namespace

void read(const Value& document, Service& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  if (const Node* metadata = find_field(document.node(), "metadata")) {
    const Value above(*metadata, document);
    if (const Node* name = find_field(*metadata, "name"))
      check_dns_label(Value(*name, above), out.metadata.name);
  }
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");

  Fields spec(*value);
  if (const auto ports = spec.find("ports")) {
    if (!ports->node().is_list()) return ports->expected("a list");
    std::set<std::string> names;
    for (const Node& item : ports->node().children) {
      const Value port(item, *ports);
      const auto before = out.ports.size();
      read_port(port, out.ports);
      if (out.ports.size() == before || names.insert(out.ports.back().name).second) continue;
      const auto& name = out.ports.back().name;
      port.error(name.empty() ? "a second port without a name"
                              : "port name \"" + name + "\" is given twice",
                 "give each port a name of its own");
    }
  }
  spec.optional("selector", out.selector);
  spec.optional("publishNotReadyAddresses", out.publish_not_ready);
  std::string cluster_ip, type;
  spec.optional("clusterIP", cluster_ip);
  spec.optional("type", type);
  out.headless = cluster_ip == "None";
  const auto external = spec.find("externalName");
  if (type == "ExternalName") read_external_name(*value, external, out.external_name);
  spec.ignored({"clusterIPs", "externalIPs", "externalTrafficPolicy", "internalTrafficPolicy",
                "sessionAffinity", "sessionAffinityConfig", "ipFamilies", "ipFamilyPolicy",
                "loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges",
                "allocateLoadBalancerNodePorts", "healthCheckNodePort", "trafficDistribution"});
}

namespace {

void read_slice_port(const Value& value, std::vector<SlicePort>& ports) {
  SlicePort port;
  std::string protocol = "TCP";
  Fields fields(value);
  fields.optional("name", port.name);
  const bool numbered = fields.optional("port", port.number, between(1, 65535));
  fields.optional("protocol", protocol);
  fields.optional("appProtocol", port.app_protocol);
  // Without a number an entry speaks of "all ports": nothing to connect to.
  if (numbered && protocol == "TCP") ports.push_back(std::move(port));
}

void read_conditions(const Value& value, SliceEndpoint& out) {
  Fields fields(value);
  fields.optional("ready", out.ready);
  out.serving = out.ready;
  fields.optional("serving", out.serving);
  fields.optional("terminating", out.terminating);
}

void read_address(const Value& value, SliceEndpoint& out) {
  std::string text;
  read(value, text);
  if (!value.node().is_scalar()) return;
  const auto ip = base::IpAddress::parse(text);
  if (!ip) return value.error(quoted(text) + " is no IP address");
  check_endpoint_address(value, *ip);
  if (!out.address) out.address = *ip;
}

// Of what else an endpoint may be nothing is known.
void read_target(const Value& value, const std::string& namespace_, SliceEndpoint& out) {
  std::string kind, name, uid, of = namespace_;
  Fields fields(value);
  fields.optional("kind", kind);
  fields.optional("name", name);
  fields.optional("namespace", of);
  fields.optional("uid", uid);
  fields.ignored({"apiVersion", "fieldPath", "resourceVersion"});
  if (kind == "Pod" && !name.empty()) out.pod = PodRef::of(of, name, uid);
}

// Texts of one slice, of which many are the same.
using Texts = std::map<std::string, base::SharedText>;

base::SharedText shared(const std::string& text, Texts& texts) {
  return texts.try_emplace(text, text).first->second;
}

void read_endpoint(const Value& value, const std::string& namespace_, Texts& texts,
                   SliceEndpoint& out) {
  Fields fields(value);
  if (const auto addresses = fields.find("addresses")) {
    if (!addresses->node().is_list()) return addresses->expected("a list");
    for (const Node& item : addresses->node().children) read_address(Value(item, *addresses), out);
  } else {
    fields.missing("addresses");
  }
  if (const auto conditions = fields.find("conditions")) read_conditions(*conditions, out);
  std::string hostname, node, zone;
  fields.optional("hostname", hostname);
  fields.optional("nodeName", node);
  fields.optional("zone", zone);
  base::Labels topology;  // v1beta1
  fields.optional("topology", topology);
  fields.optional("deprecatedTopology", topology);
  if (const auto said = topology.find("topology.kubernetes.io/zone");
      said != topology.end() && zone.empty())
    zone = said->second;
  out.node = node_number(node);
  out.hostname = shared(hostname, texts);
  out.zone = shared(zone, texts);
  if (const auto target = fields.find("targetRef")) read_target(*target, namespace_, out);
  fields.ignored({"hints"});
}

// No number of something is that of nothing.
std::uint64_t number_of(std::string_view text) {
  return text.empty() ? 0 : base::hash64(text) | 1u;
}

}  // namespace

PodRef PodRef::of(std::string_view namespace_, std::string_view name, std::string_view uid) {
  return {number_of(std::string(namespace_) + '/' + std::string(name)), number_of(uid)};
}

std::uint64_t node_number(std::string_view name) { return number_of(name); }

void read(const Value& document, EndpointSlice& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto& labels = out.metadata.labels;
  if (const auto service = labels.find(kServiceNameLabel); service != labels.end()) {
    out.service = service->second;
  } else {
    document.warn("belongs to no service: ignored",
                  "set the label " + std::string(kServiceNameLabel));
  }
  std::string type;
  fields.required("addressType", type);
  if (type == "FQDN") {
    document.warn("addressType FQDN is not supported yet: its endpoints are left out");
    fields.ignored({"endpoints", "ports"});
    return;
  }
  if (const auto ports = fields.find("ports")) {
    if (!ports->node().is_list()) return ports->expected("a list");
    for (const Node& item : ports->node().children) read_slice_port(Value(item, *ports), out.ports);
  }
  if (const auto endpoints = fields.find("endpoints")) {
    if (!endpoints->node().is_list()) return endpoints->expected("a list");
    out.endpoints.reserve(endpoints->node().children.size());
    Texts texts;
    for (const Node& item : endpoints->node().children)
      read_endpoint(Value(item, *endpoints), out.metadata.namespace_, texts,
                    out.endpoints.emplace_back());
  }
}

}  // namespace resources
