// The agent's one gRPC server: gossip links, registrations and grpc.health.v1 on the gossip port.
//
// Connections are accepted on the agent's own loop and handed over: gRPC 1.51 gives a listener up
// for good after one EMFILE, which anybody who reaches the port can bring about. Thread: make, set
// and stop from any one thread at a time, stop when the loop has ended; gRPC's own threads serve.
#pragma once

#include <atomic>
#include <memory>

#include "agent/config.hpp"
#include "agent/remote_registrations.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "base/result.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/security.hpp"
#include "discovery/rpc/server.hpp"

namespace grpc {
class Server;
namespace experimental {
class ExternalConnectionAcceptor;
}
}  // namespace grpc

namespace agent {

class GossipServer {
 public:
  // Errors: the address cannot be bound. Loop and registrar outlive this.
  static base::Result<std::unique_ptr<GossipServer>> make(
      base::net::EventLoop& loop, const Config& config, discovery::rpc::Links& links,
      std::shared_ptr<discovery::rpc::Security> security,
      const std::unique_ptr<Registrar>& registrar);
  ~GossipServer();
  GossipServer(const GossipServer&) = delete;
  GossipServer& operator=(const GossipServer&) = delete;

  struct Counts {
    std::atomic<std::uint64_t> accepted = 0, accept_errors = 0;
  };
  const Counts& counts() const { return counts_; }
  const discovery::rpc::Registry::Counts& orders() const { return registry_->counts(); }
  enum class Readiness { ready, not_ready };
  void set(Readiness readiness);
  // After Links::stop(): no stream is left to wait for.
  void stop();

 private:
  GossipServer(base::net::EventLoop& loop, const std::unique_ptr<Registrar>& registrar);
  base::net::Task<void> accept();

  base::net::EventLoop& loop_;
  Counts counts_;
  std::unique_ptr<base::net::Listener> listener_;
  std::unique_ptr<discovery::rpc::Server> service_;
  RemoteRegistrations registrations_;
  std::unique_ptr<discovery::rpc::Registry> registry_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<base::net::Scope> accepting_;
};

}  // namespace agent
