// The accepting side: the Gossip service, to be added to the agent's one gRPC server.
//
// Order of ends: Links::stop() first, then the server's Shutdown, then this.
// Thread: gRPC's; construct and destroy from the owner of the server.
#pragma once

#include <memory>

#include "discovery/rpc/links.hpp"
#include "discovery/rpc/security.hpp"

namespace grpc {
class ServerBuilder;
class ServerCredentials;
}  // namespace grpc

namespace discovery::rpc {

class Server {
 public:
  Server(Links& links, std::shared_ptr<const Security> security);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Registers the service and sets the transport's options. The builder's owner adds the port.
  void add_to(grpc::ServerBuilder& builder);
  // For that port.
  std::shared_ptr<grpc::ServerCredentials> credentials() const { return credentials_; }

 private:
  class Service;
  const std::unique_ptr<Service> service_;
  const std::shared_ptr<grpc::ServerCredentials> credentials_;
};

}  // namespace discovery::rpc
