// What `nearmost check` and the agent's start say of a config and its documents: everything that is
// wrong, before anything serves.
//
// Goes all the way a running agent would go (documents, rows, view, routes), with this cluster
// alone, so that a route with a bad regex or a port that nobody can map is found too. Thread: pure
// but for reading the files named.
#pragma once

#include <string>
#include <vector>

#include "agent/config.hpp"
#include "agent/document_store.hpp"
#include "discovery/assemble.hpp"
#include "discovery/view/resolution.hpp"
#include "forwarder/compile.hpp"

namespace agent {

struct Checked {
  resources::Problems problems;
  std::shared_ptr<const AcceptedDocuments> documents;
  std::vector<forwarder::DocumentStatus> statuses;
  std::vector<std::string> conflicts;
};

// What the config means for assembling the view; the builder starts from the same.
discovery::AssemblyRules assembly_rules(const Config& config);

// What only turning documents into rows and routes finds: a bad regex, a service defined twice
// over.
resources::Problems judge(const Config& config, const resources::Documents& documents);

// The certificates as the agent's start would judge them: wrong name, wrong CA, ended, unreadable.
resources::Problems check_certificates(const Config& config,
                                       std::chrono::system_clock::time_point now);

Checked check(const Config& config, const std::vector<resources::File>& files);

}  // namespace agent
