// How links are proven: mutual TLS with the cluster's name in the certificate, or not at all
// (`insecure: true`).
//
// Thread: any; immutable but for the certificates, which reload() swaps as a whole under a lock.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace grpc {
class AuthContext;
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace discovery::rpc {

class Security {
 public:
  // Anybody who reaches the port is believed.
  static std::shared_ptr<Security> insecure();

  std::shared_ptr<grpc::ServerCredentials> server_credentials() const;
  std::shared_ptr<grpc::ChannelCredentials> channel_credentials() const;
  // The cluster that the other side has proven to be; "" where links are insecure.
  base::Result<std::string> proven_cluster(const grpc::AuthContext& peer) const;
};

}  // namespace discovery::rpc
