#include "agent/gossip_server.hpp"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

namespace agent {

base::Result<std::unique_ptr<GossipServer>> GossipServer::make(
    const base::SocketAddress& listen, discovery::rpc::Links& links,
    std::shared_ptr<discovery::rpc::Security> security) {
  grpc::EnableDefaultHealthCheckService(true);
  std::unique_ptr<GossipServer> made(new GossipServer);
  made->service_ = std::make_unique<discovery::rpc::Server>(links, security);
  grpc::ServerBuilder builder;
  made->service_->add_to(builder);
  int port = 0;
  builder.AddListeningPort(listen.to_string(), made->service_->credentials(), &port);
  made->server_ = builder.BuildAndStart();
  if (!made->server_ || port == 0)
    return base::unavailable(
        "gossip.listen " + listen.to_string() +
        " cannot be bound: is another agent running, is the address this machine's?");
  made->port_ = static_cast<std::uint16_t>(port);
  made->set(Readiness::not_ready);
  return made;
}

GossipServer::~GossipServer() { stop(); }

void GossipServer::set(Readiness readiness) {
  if (!server_) return;
  if (auto* health = server_->GetHealthCheckService())
    health->SetServingStatus(readiness == Readiness::ready);
}

void GossipServer::stop() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  server_->Wait();
  server_.reset();
}

}  // namespace agent
