// forwarder of agent.yaml: where it listens, how much it takes, how long it waits.
//
// The names under `limits` and `timeouts` are those of forwarder/net/limits.hpp, which says what
// each is for. Thread: pure functions.
#pragma once

#include <string>

#include "agent/config.hpp"
#include "resources/binder.hpp"

namespace agent {

// Relative paths stand below `folder`.
void read_forwarder(const resources::Value& value, const std::string& folder, ForwarderConfig& out);

// As YAML that is read back: `{header: 10s, idle: 60s, …}`.
std::string written(const forwarder::net::Limits& limits);
std::string written(const forwarder::net::Timeouts& timeouts);
std::string written(const forwarder::net::AccessLog::Config& log);

}  // namespace agent
