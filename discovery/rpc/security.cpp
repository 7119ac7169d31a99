#include "discovery/rpc/security.hpp"

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

namespace discovery::rpc {

std::shared_ptr<Security> Security::insecure() { return std::make_shared<Security>(); }

std::shared_ptr<grpc::ServerCredentials> Security::server_credentials() const {
  return grpc::InsecureServerCredentials();
}

std::shared_ptr<grpc::ChannelCredentials> Security::channel_credentials() const {
  return grpc::InsecureChannelCredentials();
}

base::Result<std::string> Security::proven_cluster(const grpc::AuthContext&) const {
  return std::string();
}

}  // namespace discovery::rpc
