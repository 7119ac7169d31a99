#include "resources/kinds/health_check.hpp"

#include <algorithm>

#include "resources/kinds/names.hpp"
#include "resources/kinds/references.hpp"

namespace resources {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMostInARow = 100;

void read_path(const Value& value, std::string& out) {
  read(value, out);
  const auto is_odd = [](char c) { return c <= ' ' || c > '~' || c == '#'; };
  if (!out.starts_with('/') || std::ranges::any_of(out, is_odd))
    value.error(quoted(out) + " is no path", "write it from its \"/\" on: /healthz");
}

void read_port(const Value& value, const StaticService& service, PortSelector& out) {
  if (value.node().is_scalar()) {
    std::string text;
    read(value, text);
    if (std::ranges::count(service.ports, text, &ServicePort::name) > 0) {
      out.name = std::move(text);
      return;
    }
  }
  read(value, out.number, between(1, 65535));
}

}  // namespace

void read_check(const Value& value, StaticService& out) {
  if (value.node().is_scalar()) return read(value, out.checked);
  auto& check = out.check;
  Fields fields(value);
  const auto which = fields.one_of({"tcp", "http", "grpc"});
  if (const auto path = fields.find("http")) {
    check.kind = HealthCheck::Kind::http;
    read_path(*path, check.path);
  }
  if (const auto host = fields.find("host")) {
    read(*host, check.host);
    if (!host_fault(check.host, Wildcards::label).empty() || check.host.starts_with('*'))
      host->error(quoted(check.host) + " is no host", "write a name: shop.example.com");
    if (which != "http") host->error("a host, but no http", "leave it out, or write http: /PATH");
  }
  if (fields.optional("grpc", check.service)) check.kind = HealthCheck::Kind::grpc;
  bool tcp = true;
  if (fields.optional("tcp", tcp) && !tcp) out.checked = false;
  if (const auto port = fields.find("port")) read_port(*port, out, check.port);
  fields.optional("every", check.every, between(100ms, 1h));
  fields.optional("patience", check.patience, between(10ms, 60s));
  fields.optional("fall", check.fall, between(1, kMostInARow));
  fields.optional("rise", check.rise, between(1, kMostInARow));
  if (!out.checked) out.checked = true;
}

}  // namespace resources
