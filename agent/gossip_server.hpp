// The agent's one gRPC server: gossip links and grpc.health.v1 on the gossip port.
//
// Thread: make, set_ready and stop from any one thread at a time; gRPC's own threads serve.
#pragma once

#include <memory>

#include "base/address.hpp"
#include "base/result.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/security.hpp"
#include "discovery/rpc/server.hpp"

namespace grpc {
class Server;
}  // namespace grpc

namespace agent {

class GossipServer {
 public:
  // Errors: the address cannot be bound.
  static base::Result<std::unique_ptr<GossipServer>> make(
      const base::SocketAddress& listen, discovery::rpc::Links& links,
      std::shared_ptr<discovery::rpc::Security> security);
  ~GossipServer();
  GossipServer(const GossipServer&) = delete;
  GossipServer& operator=(const GossipServer&) = delete;

  std::uint16_t port() const { return port_; }
  enum class Readiness { ready, not_ready };
  void set(Readiness readiness);
  // After Links::stop(): no stream is left to wait for.
  void stop();

 private:
  GossipServer() = default;
  std::unique_ptr<discovery::rpc::Server> service_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace agent
