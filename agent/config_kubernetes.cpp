#include "agent/config_kubernetes.hpp"

#include <cstdlib>
#include <string_view>

#include "agent/config_values.hpp"

namespace agent {
namespace {

using resources::Fields;
using resources::Value;

constexpr const char* kAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr std::string_view kPlain = "http://", kSecure = "https://";

// What a pod's environment says; "" = this is no pod.
std::string server_of_pod() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !port) return "";
  const bool v6 = std::string_view(host).find(':') != std::string_view::npos;
  return std::string(kSecure) + (v6 ? "[" + std::string(host) + "]" : host) + ":" + port;
}

bool is_loopback(const std::string& host) {
  const auto ip = base::IpAddress::parse(host);
  return host == "localhost" || (ip && ip->is_loopback());
}

void read_server(const Value& value, std::string& out) {
  resources::read(value, out);
  while (out.ends_with('/')) out.pop_back();
  const bool plain = out.starts_with(kPlain);
  const auto rest = plain                      ? out.substr(kPlain.size())
                    : out.starts_with(kSecure) ? out.substr(kSecure.size())
                                               : "";
  const auto address = base::HostPort::parse(rest);
  if (!address)
    return value.error(resources::quoted(out) + " is not where an API server is",
                       "write https://HOST:PORT");
  if (plain && !is_loopback(address->host))
    value.error("the token would go in plain text to another host", "write https://");
}

}  // namespace

void read_kubernetes(const Value& value, const std::string& folder,
                     std::optional<KubernetesConfig>& out) {
  KubernetesConfig config;
  if (value.node().is_scalar()) {
    bool on = false;
    const auto errors = value.report().errors();
    resources::read(value, on);
    if (!on || value.report().errors() != errors) return;
  } else {
    Fields fields(value);
    if (const auto server = fields.find("server")) read_server(*server, config.server);
    const ExistingPath path{folder};
    fields.optional("ca", config.ca, path);
    fields.optional("token", config.token, path);
  }
  // Another server's CA and token are not the pod's.
  if (config.server.empty()) {
    config.server = server_of_pod();
    if (config.server.empty())
      return value.error("this is no pod: KUBERNETES_SERVICE_HOST and _PORT are not set",
                         "write {server: https://HOST:PORT, ca: FILE, token: FILE}");
    if (config.ca.empty()) config.ca = std::string(kAccount) + "ca.crt";
    if (config.token.empty()) config.token = std::string(kAccount) + "token";
  }
  out = std::move(config);
}

}  // namespace agent
