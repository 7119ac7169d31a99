#include "agent/gossip_server.hpp"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

namespace agent {
namespace {

// When there are no descriptors or no memory, until there may be some again.
constexpr base::Duration kAcceptPause = std::chrono::milliseconds(50);

}  // namespace

base::Result<std::unique_ptr<GossipServer>> GossipServer::make(
    base::net::EventLoop& loop, const Config& config, discovery::rpc::Links& links,
    std::shared_ptr<discovery::rpc::Security> security,
    const std::unique_ptr<Registrar>& registrar) {
  using Acceptors = grpc::ServerBuilder::experimental_type;
  auto listener = base::net::Listener::open(loop, config.gossip.listen,
                                            {.wildcard = base::net::Wildcard::allowed});
  if (!listener)
    return base::Error{listener.error().code, "gossip.listen: " + listener.error().message +
                                                  ": is another agent running, is the address "
                                                  "this machine's?"};
  grpc::EnableDefaultHealthCheckService(true);
  std::unique_ptr<GossipServer> made(new GossipServer(loop, registrar));
  made->listener_ = std::move(*listener);
  made->service_ = std::make_unique<discovery::rpc::Server>(links, security);
  grpc::ServerBuilder builder;
  made->service_->add_to(builder);
  made->registry_ = std::make_unique<discovery::rpc::Registry>(
      config.cluster, security,
      discovery::rpc::Registry::Callbacks{[to = &made->registrations_](auto order, auto done) {
                                            to->take(std::move(order), std::move(done));
                                          },
                                          [&links](std::string address, std::string why) {
                                            links.refuse({std::move(address), std::move(why)});
                                          }});
  made->registry_->add_to(builder);
  made->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      Acceptors::ExternalConnectionType::FROM_FD, made->service_->credentials());
  made->server_ = builder.BuildAndStart();
  if (!made->server_) return base::unavailable("gossip: gRPC's server does not start");
  made->set(Readiness::not_ready);
  made->accepting_ = std::make_unique<base::net::Scope>(loop);
  made->accepting_->spawn(made->accept());
  return made;
}

base::net::Task<void> GossipServer::accept() {
  for (;;) {
    auto accepted = co_await listener_->accept(base::net::kNoDeadline);
    if (accepted) {
      ++counts_.accepted;
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.listener_fd = -1;
      connection.fd = accepted->fd.release();
      acceptor_->HandleNewConnection(&connection);
    } else {
      ++counts_.accept_errors;
      co_await base::net::sleep_until(loop_, loop_.now() + kAcceptPause);
    }
  }
}

GossipServer::GossipServer(base::net::EventLoop& loop, const std::unique_ptr<Registrar>& registrar)
    : loop_(loop), registrations_(loop, registrar) {}

GossipServer::~GossipServer() { stop(); }

void GossipServer::set(Readiness readiness) {
  if (!server_) return;
  if (auto* health = server_->GetHealthCheckService())
    health->SetServingStatus(readiness == Readiness::ready);
}

void GossipServer::stop() {
  accepting_.reset();
  registrations_.stop();
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  server_->Wait();
  server_.reset();
}

}  // namespace agent
