#include "agent/tls_identity.hpp"

#include "agent/tls_x509.hpp"

namespace agent::tls {

base::Result<Expected> identity_in(const std::string& certificate_path) {
  const auto pem = read_pem_file(certificate_path);
  if (!pem) return pem.error();
  const auto certificate = parse_certificate(*pem, certificate_path);
  if (!certificate) return certificate.error();
  const auto names = discovery::peer_names(uri_names(**certificate));
  const auto identity = discovery::Identity::of(names.of_cluster);
  if (!identity) return base::invalid(certificate_path + ": " + identity.error().message);
  return Expected{identity->trust_domain, identity->cluster, names.leaf};
}

}  // namespace agent::tls
