// What `nearmost check` and the agent's start say of a config and its documents: everything that is
// wrong, before anything serves.
//
// Goes all the way a running agent would go, with this cluster alone. Thread: any;
// check_certificates reads the files named, check_ports binds.
#pragma once

#include <memory>
#include <vector>

#include "agent/alone.hpp"
#include "agent/config.hpp"
#include "agent/document_store.hpp"
#include "base/net/supervisor.hpp"

namespace agent {

struct Checked {
  resources::Problems problems;
  std::shared_ptr<const AcceptedDocuments> documents;
  Alone alone;
};

// The certificates as the agent's start would judge them: wrong name, wrong CA, ended, unreadable.
resources::Problems check_certificates(const LoadedConfig& loaded,
                                       std::chrono::system_clock::time_point now);

// The listeners that cannot be bound now: each is bound and let go again. Those of agent.yaml are
// errors: an agent without them is none. The forwarder's, which its documents ask for, are
// warnings: it serves on, and tries again each second. What the supervisor holds is there.
resources::Problems check_ports(const LoadedConfig& loaded,
                                const std::vector<base::SocketAddress>& forwarder,
                                const base::net::Supervisor& supervisor);

// What documents are, and what is wrong with them. `others` as for a Rehearsal; of documents
// without an agent.yaml nobody knows.
Checked check(const Config& config, const std::vector<resources::File>& files,
              forwarder::Others others);

// All but the ports: agent.yaml as loaded, its certificates, the documents that it or `paths` name.
Checked check_all(const LoadedConfig& loaded, std::vector<std::string> paths,
                  forwarder::Others others, std::chrono::system_clock::time_point now);

}  // namespace agent
