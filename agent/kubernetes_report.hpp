// What an operator is told of the Kubernetes source: in status, in troubles and in /metrics.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "agent/metrics.hpp"
#include "agent/report.hpp"
#include "discovery/sources/kubernetes/source.hpp"

namespace agent {

using KubernetesStatus = discovery::sources::kubernetes::Source::Status;

Json report(const KubernetesStatus& status);
// One a resource that cannot be read, and what serves meanwhile; and that statuses are not written.
std::vector<std::string> troubles_of(const KubernetesStatus& status);
void add(Metrics& metrics, const KubernetesStatus& status);

}  // namespace agent
