#include "resources/virtual_gateway.hpp"

#include "base/ascii.hpp"
#include "resources/kinds/names.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"
#include "resources/kinds/shapes.hpp"

namespace resources {
namespace {

using Kind = GatewayListener::Kind;

void read(const Value& value, AllowedRouteTables& out) {
  Fields fields(value);
  if (const auto host = fields.find("host")) {
    std::string text;
    read(*host, text);
    const auto slash = text.find('/');
    if (slash != std::string::npos) {
      out.namespace_ = text.substr(0, slash);
      if (out.namespace_ == "*") out.namespace_.clear();
      text.erase(0, slash + 1);
    }
    for (auto& c : text) c = base::lower(c);
    if (text.ends_with('.')) text.pop_back();
    if (const auto fault = host_fault(text, Wildcards::allowed); !fault.empty())
      host->warn(quoted(text) + " allows no host: " + std::string(fault));
    out.host = std::move(text);
  } else {
    fields.missing("host");
  }
  if (const auto selector = fields.find("selector")) read(*selector, out.selector.emplace());
  fields.unsupported({"allowedRoutes"});
}

void read_port(const Value& value, std::uint16_t& out) {
  Fields fields(value);
  std::string name;
  fields.optional("number", out, between(1, 65535));
  // In the wild ports have both; the number is enough.
  if (fields.optional("name", name) && out == 0)
    value.warn("a port by name is not supported: this listener is not opened",
               "give its number: there is no gateway Service here whose port has the name");
}

void read_listener(const Value& value, GatewayListener& out) {
  Fields fields(value);
  if (const auto port = fields.find("port"))
    read_port(*port, out.port);
  else
    fields.missing("port");
  fields.one_of({"http", "tcp"});
  fields.one_of({"tls", "httpsRedirect"});
  const bool http = fields.find("http").has_value();
  bool redirect = false;
  fields.optional("httpsRedirect", redirect);
  const auto tls = fields.find("tls");
  if (tls) check_shape(*tls, "GatewayTls");
  if (!http) {
    value.warn("only http listeners are served yet: this one is not opened");
    if (redirect) value.error("httpsRedirect is for http listeners", "write http: {}");
  } else if (tls) {
    tls->warn("TLS is not supported yet: this listener is not opened");
  } else {
    out.kind = redirect ? Kind::https_redirect : Kind::http;
  }
  fields.ignored({"tcp"});
  if (const auto allowed = fields.find("allowedRouteTables")) {
    auto& list = out.allowed.emplace();
    if (!allowed->node().is_list()) return allowed->expected("a list");
    for (const Node& item : allowed->node().children)
      read(Value(item, *allowed), list.emplace_back());
  }
  fields.unsupported({"exposedExternalServices"});
  fields.ignored({"appProtocol"});
}

}  // namespace

void read(const Value& document, VirtualGateway& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");
  Fields spec(*value);
  if (const auto workloads = spec.find("workloads")) check_shape(*workloads, "Workloads");
  const auto listeners = spec.find("listeners");
  if (!listeners) return value->warn("no listeners: it opens no port");
  if (!listeners->node().is_list()) return listeners->expected("a list");
  for (const Node& item : listeners->node().children)
    read_listener(Value(item, *listeners), out.listeners.emplace_back());
  if (out.listeners.empty()) listeners->warn("is empty: it opens no port");
}

}  // namespace resources
