#include "agent/config_kubernetes.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "agent/config_values.hpp"
#include "agent/kubeconfig.hpp"
#include "discovery/row_check.hpp"

namespace agent {
namespace {

using resources::Fields;
using resources::Value;

constexpr const char* kAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

// What a pod's environment says; "" = this is no pod.
std::string server_of_pod() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !port) return "";
  const bool v6 = std::string_view(host).find(':') != std::string_view::npos;
  return std::string("https://") + (v6 ? "[" + std::string(host) + "]" : host) + ":" + port;
}

void read_server(const Value& value, std::string& out) {
  resources::read(value, out);
  while (out.ends_with('/')) out.pop_back();
  if (const auto fault = fault_of_server(out); !fault.empty())
    value.error(fault, "write https://HOST:PORT");
}

// A list, or `false`: Pods are not read.
void read_pod_labels(const Value& value, KubernetesConfig& out) {
  if (value.node().is_scalar()) {
    const auto errors = value.report().errors();
    resources::read(value, out.reads_pods);
    if (out.reads_pods && value.report().errors() == errors)
      value.error("is the default", "write false, or the keys of labels: [version]");
    return;
  }
  resources::read(value, out.pod_labels);
  std::ranges::sort(out.pod_labels);
  out.pod_labels.erase(std::ranges::unique(out.pod_labels).begin(), out.pod_labels.end());
  if (out.pod_labels.size() > discovery::kMaxSubsetKeysInRow)
    value.error("more than " + std::to_string(discovery::kMaxSubsetKeysInRow) + " keys",
                "keep those that subsets name");
}

// That a file says all, and says it well.
void check_kubeconfig(const Value& value, const KubernetesConfig& config) {
  if (!config.server.empty() || !config.ca.empty() || !config.token.empty())
    value.error("the kubeconfig names the server, its CA and the token",
                "keep kubeconfig, or server, ca and token");
  resources::Problems problems;
  read_kubeconfig(config.kubeconfig, config.context, problems);
  for (const auto& problem : problems) value.error(problem.without_severity());
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
    fields.optional("kubeconfig", config.kubeconfig, path);
    fields.optional("context", config.context);
    if (const auto labels = fields.find("podLabels")) read_pod_labels(*labels, config);
    if (config.kubeconfig.empty() && !config.context.empty())
      value.error("a context of no kubeconfig", "name the file: kubeconfig");
  }
  if (!config.kubeconfig.empty()) {
    if (exists(config.kubeconfig)) check_kubeconfig(value, config);
    out = std::move(config);
    return;
  }
  // Another server's CA and token are not the pod's.
  if (config.server.empty()) {
    config.server = server_of_pod();
    if (config.server.empty())
      return value.error(
          "this is no pod: KUBERNETES_SERVICE_HOST and _PORT are not set",
          "write {kubeconfig: FILE}, or {server: https://HOST:PORT, ca: FILE, token: FILE}");
    if (config.ca.empty()) config.ca = std::string(kAccount) + "ca.crt";
    if (config.token.empty()) config.token = std::string(kAccount) + "token";
  }
  out = std::move(config);
}

}  // namespace agent
