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

#include "discovery/identity.hpp"

namespace discovery::rpc {
namespace {

std::vector<std::string> copies(const std::vector<grpc::string_ref>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) texts.emplace_back(name.data(), name.size());
  return texts;
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
  ClusterVerifier(std::string trust_domain, std::shared_ptr<Verdict> verdict)
      : trust_domain_(std::move(trust_domain)), verdict_(std::move(verdict)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* status) override {
    const auto cluster = prove(copies(request->uri_names()), trust_domain_);
    if (!cluster) {
      verdict_->refuse(cluster.error().message);
      *status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, cluster.error().message);
    }
    return true;  // decided here and now
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string trust_domain_;
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
    *config = grpc_ssl_server_certificate_config_create(current.certificates->ca.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<const Security> security_;
  std::atomic<std::uint64_t> fetched_ = 0;
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<Security> Security::insecure() {
  return std::shared_ptr<Security>(new Security("", nullptr));
}

std::shared_ptr<Security> Security::mutual_tls(std::string trust_domain,
                                               Certificates certificates) {
  return std::shared_ptr<Security>(new Security(
      std::move(trust_domain), std::make_shared<const Certificates>(std::move(certificates))));
}

Security::Current Security::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Security::replace(Certificates certificates) {
  auto next = std::make_shared<const Certificates>(std::move(certificates));
  const std::lock_guard lock(mutex_);
  CHECK(current_.certificates);  // an insecure agent does not become a secure one by a file
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
          certificates->ca, std::vector<grpc::experimental::IdentityKeyCertPair>{
                                {certificates->key, certificates->chain}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<ClusterVerifier>(trust_domain_,
                                                                               verdict));
  options.set_check_call_host(false);
  return {grpc::experimental::TlsCredentials(options), [verdict] { return verdict->why(); }};
}

base::Result<std::string> Security::proven_cluster(const grpc::AuthContext& peer) const {
  if (!current().certificates) return std::string();
  return prove(copies(peer.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)), trust_domain_);
}

}  // namespace discovery::rpc
