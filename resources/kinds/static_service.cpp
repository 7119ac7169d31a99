#include <map>
#include <set>
#include <tuple>

#include "base/ascii.hpp"
#include "resources/kinds/health_check.hpp"
#include "resources/kinds/names.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/service.hpp"

namespace resources {
namespace {

constexpr std::int64_t kMaxWeight = 1'000'000;

// What the service's endpoints have unless they say otherwise.
struct Defaults {
  base::Locality locality;
  std::string network;
};

// A whole name, with a dot: a word is more likely somebody's service. What looks like a mistyped
// address ends in a number and is no name.
bool read_name(std::string_view text, StaticEndpoint& out) {
  auto name = base::lower(text);
  if (!host_fault(name, Wildcards::label).empty() || name.starts_with('*')) return false;
  if (name.ends_with('.')) name.pop_back();
  if (name.find('.') == name.npos) return false;
  out.name = std::move(name);
  return true;
}

void read_srv_name(const Value& value, std::string_view text, StaticEndpoint& out) {
  const std::string example = "_http._tcp.example.internal";
  auto name = base::lower(text);
  if (name.ends_with('.')) name.pop_back();
  if (name.find(':') != name.npos)
    value.error(quoted(text) + " is an SRV name with a port, which its records say",
                "write the name alone, as in " + example);
  else if (const auto fault = srv_name_fault(name); !fault.empty())
    value.error(quoted(text) + " is no SRV name: " + std::string(fault),
                "write _SERVICE._tcp.NAME, as in " + example);
  out.name = std::move(name);
}

// "10.0.0.5", "fd00::5", "10.0.0.5:9081", "[fd00::5]:9081", "db.example.com" or
// "db.example.com:5432" or "_http._tcp.example.com".
void read_address(const Value& value, StaticEndpoint& out) {
  std::string text;
  read(value, text);
  if (!value.node().is_scalar()) return;
  if (is_srv_name(text)) return read_srv_name(value, text, out);
  if (const auto ip = base::IpAddress::parse(text)) {
    out.ip = *ip;
  } else if (const auto socket = base::SocketAddress::parse(text)) {
    out.ip = socket->ip;
    out.port = socket->port;
    if (out.port == 0) value.error("port 0 is nobody's", "write a port from 1 to 65535");
  } else {
    const auto host = base::HostPort::parse(text);
    if (!read_name(host ? host->host : text, out))
      value.error(quoted(text) + " is neither an IP address nor a whole name",
                  "write 10.0.0.5, 10.0.0.5:9080, [fd00::5]:9080, db.example.com, "
                  "db.example.com:5432 or, of "
                  "SRV records, _http._tcp.example.com");
    if (host) out.port = host->port;
    if (host && out.port == 0) value.error("port 0 is nobody's", "write a port from 1 to 65535");
    return;
  }
  check_endpoint_address(value, out.ip);
}

void read_endpoint(const Value& value, StaticEndpoint& out) {
  out.place = value.place();
  if (value.node().is_scalar()) return read_address(value, out);
  Fields fields(value);
  if (const auto address = fields.find("address")) {
    read_address(*address, out);
  } else {
    fields.missing("address");
  }
  const bool is_srv = is_srv_name(out.name);
  if (const auto port = fields.find("port")) {
    if (is_srv) port->error("an SRV name's port is in its records", "leave it out");
    if (out.port != 0) port->error("a second port: the address has one", "keep one of the two");
    read(*port, out.port, between(1, 65535));
  }
  read_place(fields, out.locality);
  if (const auto network = fields.find("network")) read_network(*network, out.network);
  if (const auto hostname = fields.find("hostname")) read_dns_label(*hostname, out.hostname);
  fields.optional("labels", out.labels);
  if (const auto weight = fields.find("weight")) {
    if (is_srv) weight->error("an SRV name's weights are in its records", "leave it out");
    read(*weight, out.weight, between(0, kMaxWeight));
  }
  fields.optional("ready", out.ready);
}

void read_ports(Fields& fields, std::vector<ServicePort>& ports) {
  const auto which = fields.one_of({"port", "ports"});
  if (which.empty()) return fields.missing("port");
  ServicePort only;
  if (fields.optional("port", only.number, between(1, 65535))) ports.push_back(only);
  std::map<std::string, std::uint16_t, std::less<>> named;
  if (const auto list = fields.find("ports")) {
    read(*list, named, between(1, 65535));
    if (list->node().is_map() && named.empty()) list->error("no ports", "at least one is required");
  }
  for (auto& [name, number] : named) {
    ServicePort port;
    port.name = name;
    port.number = number;
    ports.push_back(std::move(port));
  }
}

void read_endpoints(const Value& list, const Defaults& defaults, StaticService& out) {
  if (!list.node().is_list()) return list.expected("a list");
  std::set<std::tuple<base::IpAddress, std::string, std::uint16_t>> seen;
  for (const Node& item : list.node().children) {
    const Value value(item, list);
    StaticEndpoint endpoint;
    endpoint.locality = defaults.locality;
    endpoint.network = defaults.network;
    const auto errors = value.report().errors();
    read_endpoint(value, endpoint);
    const bool readable = value.report().errors() == errors;
    if (out.ports.size() > 1 && (endpoint.port != 0 || is_srv_name(endpoint.name))) {
      const auto has = ", but the service has " + std::to_string(out.ports.size()) + " ports";
      if (endpoint.port != 0)
        value.error("an endpoint's own port" + has, "leave the port out, or split the service");
      else
        value.error("an SRV name, whose records say one port" + has, "split the service");
    }
    const auto port =
        endpoint.port == 0 && out.ports.size() == 1 ? out.ports[0].number : endpoint.port;
    if (readable && !seen.insert({endpoint.ip, endpoint.name, port}).second)
      value.error("the same endpoint twice", "remove one of them");
    out.endpoints.push_back(std::move(endpoint));
  }
}

}  // namespace

void read(const Value& document, StaticService& out) {
  out.metadata.place = document.place();
  Fields fields(document);
  const auto name = fields.find("service");
  if (name) read_dns_label(*name, out.metadata.name);
  if (!name || (name->node().is_scalar() && out.metadata.name.empty())) fields.missing("service");
  if (const auto space = fields.find("namespace")) {
    read_dns_label(*space, out.metadata.namespace_);
    if (out.metadata.namespace_.empty()) space->error("empty", "leave it out for \"default\"");
  }
  fields.optional("labels", out.metadata.labels);
  fields.optional("headless", out.headless);
  bool exported = true;
  if (fields.optional("export", exported))
    out.metadata.annotations[kExportAnnotation] = exported ? "true" : "false";
  read_ports(fields, out.ports);
  if (const auto check = fields.find("check")) read_check(*check, out);

  Defaults defaults;
  if (const auto locality = fields.find("locality")) {
    Fields parts(*locality);
    read_place(parts, defaults.locality);
  }
  if (const auto network = fields.find("network")) read_network(*network, defaults.network);
  if (const auto endpoints = fields.find("endpoints")) {
    read_endpoints(*endpoints, defaults, out);
  } else {
    document.warn("no endpoints", "write endpoints: [] if that is meant");
  }
}

}  // namespace resources
