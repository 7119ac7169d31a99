// The wiring diagram: every part of a running agent, constructed in the order of the members and
// stopped in reverse.
//
//   files, Kubernetes ─┐
//                      ↓            ┌─ Published<dns::Table> ─────── DNS workers
//   links ─┬→ control ⇄ builder ────┼─ Published<forwarder::Table> ─ forwarder workers
//   probes ┤   (node)    (view)     └─ Published<Served> ─────────── admin, probes (io)
//   disk ──┘      └────→ disk
//
// Thread: make, start, reload and stop from the main thread. The parts' own threads are in
// docs/ARCHITECTURE.md.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/api.hpp"
#include "agent/builder.hpp"
#include "agent/condition.hpp"
#include "agent/config.hpp"
#include "agent/control.hpp"
#include "agent/drainer.hpp"
#include "agent/gossip_server.hpp"
#include "agent/http_server.hpp"
#include "agent/refusals.hpp"
#include "agent/registrar.hpp"
#include "agent/siblings.hpp"
#include "agent/tls_watch.hpp"
#include "base/log.hpp"
#include "base/net/event_loop.hpp"
#include "base/net/supervisor.hpp"
#include "base/published.hpp"
#include "discovery/rpc/grpc_log.hpp"
#include "discovery/sources/checker.hpp"
#include "discovery/sources/files.hpp"
#include "discovery/sources/kubernetes/source.hpp"
#include "discovery/sources/name_source.hpp"
#include "discovery/sources/prober.hpp"
#include "discovery/sources/resolver.hpp"
#include "discovery/sources/state_writer.hpp"
#include "dns/net/pass_on.hpp"
#include "dns/net/tcp_server.hpp"
#include "dns/net/udp_server.hpp"
#include "forwarder/net/forwarder.hpp"

namespace agent {

class Agent {
 public:
  // Binds every listener that the config names; the first that cannot be bound is the error. Errors
  // in documents are the caller's to have checked.
  // `supervisor` and `log` outlive it.
  static base::Result<std::unique_ptr<Agent>> make(Config config, std::string config_path,
                                                   base::net::Supervisor& supervisor,
                                                   base::Logger& log);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  base::Result<void> start();
  // Reads agent.yaml and the documents again; what may change changes, the rest is refused loudly.
  void reload();
  // To be called before stop(), which is to come after the time returned: until then all is served
  // as before while siblings take the callers over; at once where nobody does.
  base::Duration hand_over(discovery::Goodbye::Reason reason);
  // Leaves the mesh, lets requests in flight finish, ends every thread.
  void stop(discovery::Goodbye::Reason reason);

 private:
  // How long requests in flight have at a stop.
  static constexpr base::Duration kDrainPatience = std::chrono::seconds(10);

  struct Dns {
    std::unique_ptr<dns::net::UdpServer> udp;
    std::unique_ptr<dns::net::TcpServer> tcp;
  };

  Agent(Config config, std::string config_path, base::net::Supervisor& supervisor,
        base::Logger& log);
  base::Result<void> secure();
  base::Result<void> open_state();
  void make_control();
  void make_builder();
  base::Result<void> open_gossip();
  base::Result<void> open_dns();
  base::Result<void> make_forwarder();
  base::Result<void> open_files();
  base::Result<void> open_kubernetes();
  base::Result<void> open_admin();
  base::Result<void> watch_certificates();
  base::Result<void> watch_config();
  void post_agent_row(const Config& config);
  void post_drains(discovery::DrainStates drains, std::vector<discovery::DrainOrder> orders);
  void post_registrations();
  void hear_sibling(SiblingWord word);
  void hear_grpc(const std::string& line);
  std::vector<std::string> troubles() const;
  base::net::Task<void> keep_health();
  void tell_supervisor();
  void publish_rows(SourceRows rows, std::string stuck);
  void add_worker_metrics(Metrics& metrics) const;

  base::net::Supervisor& supervisor_;
  base::Logger& log_;
  const std::string config_path_;
  Config config_;        // main thread, and whoever starts after it
  Config shown_config_;  // io thread, for the admin API
  std::uint64_t seed_;
  Refusals refusals_;
  discovery::rpc::GrpcLog grpc_log_;
  Siblings siblings_;  // control thread

  base::Published<dns::Table> dns_table_;
  base::Published<forwarder::Table> forwarder_table_;
  base::Published<Served> served_;

  std::unique_ptr<base::net::EventLoop> io_;
  std::shared_ptr<discovery::rpc::Security> security_;
  discovery::sources::Resolver resolver_;
  discovery::sources::StateFolder::Opened saved_;  // until control has it
  std::unique_ptr<discovery::sources::StateWriter> state_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<Builder> builder_;
  std::unique_ptr<GossipServer> gossip_;  // none of a leaf
  std::unique_ptr<dns::net::PassOn> pass_on_;
  std::vector<Dns> dns_;
  std::unique_ptr<forwarder::net::AccessLog> access_log_;
  std::unique_ptr<forwarder::net::Forwarder> forwarder_;
  std::unique_ptr<discovery::sources::Prober> prober_;
  std::unique_ptr<discovery::sources::NameSource> names_;
  std::unique_ptr<discovery::sources::Checker> checker_;
  std::unique_ptr<discovery::sources::Files> files_;
  std::unique_ptr<discovery::sources::kubernetes::Source> kubernetes_;
  std::unique_ptr<Drainer> drainer_;
  std::unique_ptr<Registrar> registrar_;
  std::unique_ptr<tls::Watch> certificates_;
  std::unique_ptr<discovery::sources::Files> config_file_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> admin_, probes_;
  std::unique_ptr<base::net::Scope> health_;
  std::thread io_thread_;
  // Builder thread: sources whose first rows did not go out yet, and why some cannot be read.
  std::set<std::string> unsaid_;
  std::map<std::string, std::string> stuck_;
  std::atomic<bool> stopping_{false};
  bool ready_ = false;  // io thread: as last told
  Condition condition_;
};

}  // namespace agent
