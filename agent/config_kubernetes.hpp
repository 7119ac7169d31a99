// `kubernetes` of agent.yaml: which API server is read, and as whom.
//
// In a pod `true` says all: the environment names the server, the service account's folder holds
// the CA and the token. Elsewhere a kubeconfig may (kubeconfig.hpp). Thread: pure functions but for
// the look at both.
#pragma once

#include <optional>
#include <string>

#include "agent/config.hpp"
#include "resources/binder.hpp"

namespace agent {

void read_kubernetes(const resources::Value& value, const std::string& folder,
                     std::optional<KubernetesConfig>& out);

}  // namespace agent
