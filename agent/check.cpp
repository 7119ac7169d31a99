#include "agent/check.hpp"

#include <algorithm>

#include "agent/config_values.hpp"
#include "agent/settings.hpp"
#include "agent/tls.hpp"
#include "base/net/socket.hpp"
#include "base/net/supervisor.hpp"
#include "discovery/sources/files.hpp"

namespace agent {

Checked check(const Config& config, const std::vector<resources::File>& files,
              forwarder::Others others) {
  Checked checked;
  DocumentStore store;
  Rehearsal rehearsal;
  // Judged last are the documents accepted.
  checked.documents = store.accept(files, {}, [&](const auto& documents) {
    checked.alone = rehearsal.serve(config, documents, others);
    return checked.alone.problems;
  });
  checked.problems = checked.documents->problems;
  forwarder::add_findings(checked.alone.statuses, checked.problems, checked.documents->held_back);
  return checked;
}

Checked check_all(const LoadedConfig& loaded, std::vector<std::string> paths,
                  forwarder::Others others, std::chrono::system_clock::time_point now) {
  // That one does not exist agent.yaml's own problems say.
  std::ranges::copy_if(loaded.config.resources, std::back_inserter(paths), exists);
  const auto read = discovery::sources::read_files(paths);
  auto checked = check(loaded.config, read.files, others);
  auto of_documents = std::exchange(checked.problems, loaded.problems);
  for (const auto& more :
       {check_certificates(loaded, now), read.unreadable, read.left_out, of_documents})
    checked.problems.insert(checked.problems.end(), more.begin(), more.end());
  return checked;
}

resources::Problems check_certificates(const LoadedConfig& loaded,
                                       std::chrono::system_clock::time_point now) {
  const auto& gossip = loaded.config.gossip;
  // Without a name there is nobody to prove; that it lacks is said.
  if (!gossip.tls || loaded.config.cluster.empty()) return {};
  const auto certificates =
      tls::load(certificate_files(loaded.config),
                {gossip.trust_domain, loaded.config.cluster, loaded.config.is_leaf()}, now);
  if (certificates) return {};
  return {{resources::Severity::error, loaded.place("gossip.tls"), "", "gossip.tls",
           certificates.error().message, ""}};
}

resources::Problems check_ports(const LoadedConfig& loaded,
                                const std::vector<base::SocketAddress>& forwarder,
                                const base::net::Supervisor& supervisor) {
  using resources::Severity;
  resources::Problems problems;
  const base::net::BindOptions options{.wildcard = base::net::Wildcard::allowed};
  std::vector<base::net::Fd>
      held;  // to the end, so that listeners which are in each other's way show
  const auto judge = [&](Severity severity, const char* field, const base::SocketAddress& address,
                         const auto& bind) {
    const int type = bind == base::net::bind_udp ? SOCK_DGRAM : SOCK_STREAM;
    if (supervisor.holds(type, address)) return;
    auto bound = bind(address, options);
    if (bound)
      held.push_back(std::move(*bound));
    else
      problems.push_back({severity, loaded.place(field), "", field, bound.error().message, ""});
  };
  const auto& config = loaded.config;
  if (!config.is_leaf())
    judge(Severity::error, "gossip.listen", config.gossip.listen, base::net::listen_tcp);
  for (const auto& listen : config.dns.listen) {
    judge(Severity::error, "dns.listen", listen, base::net::bind_udp);
    judge(Severity::error, "dns.listen", listen, base::net::listen_tcp);
  }
  judge(Severity::error, "admin.listen", config.admin, base::net::listen_tcp);
  judge(Severity::error, "probes.listen", config.probes, base::net::listen_tcp);
  for (const auto& listen : forwarder)
    judge(Severity::warning, "forwarder.listen", listen, base::net::listen_tcp);
  return problems;
}

}  // namespace agent
