#include "discovery/rpc/security.hpp"

#include <grpc/grpc_security.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <atomic>
#include <vector>

namespace discovery::rpc {
namespace {

std::vector<std::string> copies(const std::vector<grpc::string_ref>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) texts.emplace_back(name.data(), name.size());
  return texts;
}

std::string text_of(const grpc::string_ref& text) { return {text.data(), text.size()}; }

std::string first_of(const std::vector<grpc::string_ref>& texts) {
  return texts.empty() ? std::string() : text_of(texts.front()) + "\n";
}

// What the verifier said, kept for whoever hears only "handshake failed" of it.
class Verdict {
 public:
  void refuse(std::string why) {
    const std::lock_guard lock(mutex_);
    why_ = std::move(why);
  }
  std::string why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  mutable std::mutex mutex_;
  std::string why_;
};

// After gRPC has proven the chain: is it a cluster of our mesh?
class ClusterVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  ClusterVerifier(std::shared_ptr<const Security> security, std::shared_ptr<Verdict> verdict)
      : security_(std::move(security)), verdict_(std::move(verdict)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* status) override {
    const auto peer =
        security_->proven(copies(request->uri_names()),
                          text_of(request->peer_cert()) + text_of(request->peer_cert_full_chain()));
    if (!peer) {
      verdict_->refuse(peer.error().message);
      *status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, peer.error().message);
    }
    return true;  // decided here and now
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::shared_ptr<const Security> security_;
  const std::shared_ptr<Verdict> verdict_;
};

// gRPC's C API under a C++ face: the C++ one has no certificate config fetcher.
class FetchingServerCredentials final : public grpc::ServerCredentials {
 public:
  explicit FetchingServerCredentials(std::shared_ptr<const Security> security)
      : security_(std::move(security)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch, this))) {}
  ~FetchingServerCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    auto& credentials = *static_cast<FetchingServerCredentials*>(self);
    const auto current = credentials.security_->current();
    if (credentials.fetched_.exchange(current.generation) == current.generation)
      return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair{current.certificates->key.c_str(),
                                          current.certificates->chain.c_str()};
    const auto bundle = current.certificates->bundle();
    *config = grpc_ssl_server_certificate_config_create(bundle.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<const Security> security_;
  std::atomic<std::uint64_t> fetched_ = 0;
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::string Certificates::bundle() const {
  auto all = ca;
  for (const auto& [domain, theirs] : foreign_ca) all += "\n" + theirs;
  return all;
}

std::shared_ptr<Security> Security::insecure() {
  return std::shared_ptr<Security>(new Security({}, nullptr, {}));
}

std::shared_ptr<Security> Security::mutual_tls(TrustRule rule, Certificates certificates,
                                               ChainObjection objection) {
  INVARIANT(objection || rule.foreign.empty());
  return std::shared_ptr<Security>(
      new Security(std::move(rule), std::make_shared<const Certificates>(std::move(certificates)),
                   std::move(objection)));
}

Security::Current Security::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Security::replace(Certificates certificates) {
  auto next = std::make_shared<const Certificates>(std::move(certificates));
  const std::lock_guard lock(mutex_);
  INVARIANT(current_.certificates);  // an insecure agent does not become a secure one by a file
  current_ = {std::move(next), current_.generation + 1};
}

std::shared_ptr<grpc::ServerCredentials> Security::server_credentials() const {
  if (!current().certificates) return grpc::InsecureServerCredentials();
  return std::make_shared<FetchingServerCredentials>(shared_from_this());
}

Security::Dialling Security::dialling() const {
  const auto certificates = current().certificates;
  if (!certificates) return {grpc::InsecureChannelCredentials(), [] { return std::string(); }};
  const auto verdict = std::make_shared<Verdict>();
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          certificates->bundle(), std::vector<grpc::experimental::IdentityKeyCertPair>{
                                      {certificates->key, certificates->chain}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<ClusterVerifier>(shared_from_this(),
                                                                               verdict));
  options.set_check_call_host(false);
  return {grpc::experimental::TlsCredentials(options), [verdict] { return verdict->why(); }};
}

base::Result<ProvenPeer> Security::proven(const grpc::AuthContext& peer) const {
  if (!current().certificates) return ProvenPeer{};
  return proven(copies(peer.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)),
                first_of(peer.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) +
                    first_of(peer.FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME)));
}

// With one CA for all TLS has proven the chain; with more, that it leads to some of them.
base::Result<ProvenPeer> Security::proven(const std::vector<std::string>& uri_names,
                                          const std::string& chain) const {
  auto peer = prove_peer(uri_names, rule_);
  if (!peer || rule_.foreign.empty()) return peer;
  const auto certificates = current().certificates;
  const auto foreign = certificates->foreign_ca.find(peer->trust_domain);
  const bool own = peer->trust_domain == rule_.own;
  if (!own && foreign == certificates->foreign_ca.end())
    return base::invalid("no CA of trust domain " + peer->trust_domain + " is known here");
  if (const auto why = objection_(chain, own ? certificates->ca : foreign->second); !why.empty())
    return base::invalid("cluster " + peer->cluster + " is not proven by the CA of trust domain " +
                         peer->trust_domain + ": " + why);
  return peer;
}

}  // namespace discovery::rpc
