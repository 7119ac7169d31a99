// How links are proven: mutual TLS with the cluster's name in the certificate, or not at all.
//
// Both sides show a certificate of the mesh's CA, or of another trust domain's where its clusters
// are taken (TrustRule). gRPC knows one bundle of CAs for all; that the CA which has signed is that
// of the domain in the name is proven here, behind it. Who they are is the SPIFFE ID alone: host
// names and addresses are not compared, for a peer may be reached by any name. Certificates are
// swapped as a whole; handshakes from then on use the new ones and standing links stay.
//
// The server asks for them at each handshake (gRPC's certificate config fetcher): no file that gRPC
// reads halfway through a change, no copy of the key on disk. gRPC 1.51 offers that for its SSL
// credentials only; these can't leave out the comparison of host names on the dialling side, which
// so uses the TLS credentials with a verifier of ours.
//
// Errors: a peer that is refused is told why where TLS lets us; where it ends the handshake the
// reason is in gRPC's own log line ("Handshake failed"). Thread: any; immutable but for replace(),
// which is safe against all.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "discovery/leaf_identity.hpp"

namespace grpc {
class AuthContext;
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace discovery::rpc {

// PEM texts that belong together; agent/tls reads and checks them.
struct Certificates {
  std::string chain, key, ca;
  std::map<std::string, std::string> foreign_ca = {};  // by trust domain

  std::string bundle() const;  // of all CAs
  friend bool operator==(const Certificates&, const Certificates&) = default;
};

class Security : public std::enable_shared_from_this<Security> {
 public:
  // Anybody who reaches the port is believed: `insecure: true`.
  static std::shared_ptr<Security> insecure();
  // Why a chain of certificates (PEM, the leaf first) does not lead to a CA of a bundle; "" = it
  // does. Any thread.
  using ChainObjection =
      std::function<std::string(const std::string& chain, const std::string& ca)>;
  // `objection` is asked only where `rule` takes clusters of other domains.
  static std::shared_ptr<Security> mutual_tls(TrustRule rule, Certificates certificates,
                                              ChainObjection objection = {});

  void replace(Certificates certificates);

  // Outlives the gRPC server that uses it: gRPC keeps only its own half and calls back into this.
  std::shared_ptr<grpc::ServerCredentials> server_credentials() const;

  // For one attempt, with the certificates of now.
  struct Dialling {
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    std::function<std::string()>
        refusal;  // why we refused the server's certificate; "" = we did not
  };
  Dialling dialling() const;

  // What the other side has proven to be; of no cluster where links are insecure.
  base::Result<ProvenPeer> proven(const grpc::AuthContext& peer) const;
  // The same by what TLS has shown; `chain` is PEM, its end entity first.
  base::Result<ProvenPeer> proven(const std::vector<std::string>& uri_names,
                                  const std::string& chain) const;

  // The certificates and how often they were replaced.
  struct Current {
    std::shared_ptr<const Certificates> certificates;  // null: insecure
    std::uint64_t generation = 0;
  };
  Current current() const;

 private:
  Security(TrustRule rule, std::shared_ptr<const Certificates> certificates,
           ChainObjection objection)
      : rule_(std::move(rule)),
        objection_(std::move(objection)),
        current_{std::move(certificates), 1} {}

  const TrustRule rule_;
  const ChainObjection objection_;
  mutable std::mutex mutex_;
  Current current_;
};

}  // namespace discovery::rpc
