#include "agent/tls.hpp"
#include "agent/tls_x509.hpp"
#include "base/time.hpp"
#include "discovery/identity.hpp"
#include "discovery/proof.hpp"

namespace agent::tls {
namespace {

constexpr std::string_view kIssueHint = "issue one with nearmost tls issue --cluster ";

base::Result<Certificate> describe(X509& x, const std::string& path) {
  Certificate certificate;
  certificate.not_before = to_wall_time(X509_get0_notBefore(&x));
  certificate.not_after = to_wall_time(X509_get0_notAfter(&x));
  if (X509_check_ca(&x) != 0) return certificate;
  auto identity = discovery::Identity::of(uri_names(x));
  if (!identity) return base::invalid(path + ": " + identity.error().message);
  certificate.trust_domain = std::move(identity->trust_domain);
  certificate.cluster = std::move(identity->cluster);
  return certificate;
}

base::Result<void> check_identity(const Certificate& certificate, const Expected& expected,
                                  const std::string& path) {
  const std::string hint(kIssueHint);
  if (certificate.cluster.empty())
    return base::invalid(path + " is a CA's certificate, not a cluster's: " + hint +
                         expected.cluster);
  if (certificate.cluster != expected.cluster)
    return base::invalid(path + " is for cluster " + certificate.cluster + ", this agent is " +
                         expected.cluster + ": " + hint + expected.cluster);
  if (certificate.trust_domain != expected.trust_domain)
    return base::invalid(path + " is of trust domain " + certificate.trust_domain +
                         ", agent.yaml says " + expected.trust_domain + " (gossip.trustDomain)");
  return {};
}

base::Result<void> check_time(const Certificate& certificate, WallTime now,
                              const std::string& path) {
  if (certificate.not_after <= now)
    return base::invalid(path + " expired " + base::to_string(now - certificate.not_after) +
                         " ago: issue a new one with nearmost tls issue --cluster " +
                         certificate.cluster + " --force");
  if (certificate.not_before > now)
    return base::invalid(path + " holds only in " + base::to_string(certificate.not_before - now) +
                         ": is the clock of this machine right?");
  return {};
}

// By the CA file alone, as the other side will.
base::Result<void> check_chain(const std::vector<X509Ptr>& chain,
                               const std::vector<X509Ptr>& authorities, WallTime now,
                               const Files& files) {
  std::size_t bytes = 0;
  for (const auto& one : chain) bytes += to_der(*one).size();
  if (bytes > discovery::kMaxCertificateBytes)
    return base::invalid(files.cert + " holds " + std::to_string(bytes) +
                         " bytes of certificates, at most " +
                         std::to_string(discovery::kMaxCertificateBytes) +
                         " go with a signature: leave out those that " + files.ca + " holds");
  const auto objection = chain_objection(chain, authorities, now);
  if (objection.empty()) return {};
  return base::invalid(files.cert + " is not proven by " + files.ca + ": " + objection);
}

}  // namespace

base::Result<Loaded> load(const Files& files, const Expected& expected, WallTime now) {
  Loaded loaded;
  for (const auto& [path, text] : {std::pair{&files.cert, &loaded.certificates.chain},
                                   {&files.key, &loaded.certificates.key},
                                   {&files.ca, &loaded.certificates.ca}}) {
    auto pem = read_pem_file(*path);
    if (!pem) return pem.error();
    *text = std::move(*pem);
  }
  auto chain = parse_certificates(loaded.certificates.chain, files.cert);
  if (!chain) return chain.error();
  auto authorities = parse_certificates(loaded.certificates.ca, files.ca);
  if (!authorities) return authorities.error();
  const auto key = parse_key(loaded.certificates.key, files.key);
  if (!key) return key.error();
  auto certificate = describe(*chain->front(), files.cert);
  if (!certificate) return certificate.error();
  loaded.certificate = std::move(*certificate);
  if (X509_check_private_key(chain->front().get(), key->get()) != 1)
    return base::invalid(files.key + " is not the key of " + files.cert +
                         ": both must come from one nearmost tls issue");
  for (const auto& checked : {check_identity(loaded.certificate, expected, files.cert),
                              check_time(loaded.certificate, now, files.cert),
                              check_chain(*chain, *authorities, now, files)})
    if (!checked) return checked.error();
  return loaded;
}

}  // namespace agent::tls
