#include <algorithm>

#include "agent/tls.hpp"
#include "agent/tls_x509.hpp"
#include "base/time.hpp"
#include "discovery/identity.hpp"
#include "discovery/leaf_identity.hpp"
#include "discovery/proof.hpp"

namespace agent::tls {
namespace {

constexpr std::string_view kIssueHint = "issue one with nearmost tls issue --cluster ";

base::Result<Certificate> describe(X509& x, const std::string& path) {
  Certificate certificate;
  certificate.not_before = to_wall_time(X509_get0_notBefore(&x));
  certificate.not_after = to_wall_time(X509_get0_notAfter(&x));
  if (X509_check_ca(&x) != 0) return certificate;
  const auto names = discovery::peer_names(uri_names(x));
  auto identity = discovery::Identity::of(names.of_cluster);
  if (!identity) return base::invalid(path + ": " + identity.error().message);
  certificate.trust_domain = std::move(identity->trust_domain);
  certificate.cluster = std::move(identity->cluster);
  certificate.leaf = names.leaf;
  return certificate;
}

base::Result<void> check_identity(const Certificate& certificate, const Expected& expected,
                                  const std::string& path) {
  const auto hint = std::string(kIssueHint) + expected.cluster + (expected.leaf ? " --leaf" : "");
  if (certificate.cluster.empty())
    return base::invalid(path + " is a CA's certificate, not a cluster's: " + hint);
  if (certificate.cluster != expected.cluster)
    return base::invalid(path + " is for cluster " + certificate.cluster + ", this agent is " +
                         expected.cluster + ": " + hint);
  if (expected.leaf && !certificate.leaf)
    return base::invalid(path + " can speak for cluster " + expected.cluster +
                         ", which a leaf must not: " + hint);
  if (certificate.leaf && !expected.leaf)
    return base::invalid(path + " is a leaf's and cannot speak for cluster " + expected.cluster +
                         ": " + hint);
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
                         certificate.cluster + (certificate.leaf ? " --leaf" : "") + " --force");
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

Expiry expiry_of_chain(const std::vector<X509Ptr>& chain) {
  Expiry expiry{"own", to_wall_time(X509_get0_notBefore(chain.front().get())), WallTime::max()};
  for (const auto& one : chain)
    expiry.until = std::min(expiry.until, to_wall_time(X509_get0_notAfter(one.get())));
  return expiry;
}

Expiry longest(std::string what, const std::vector<X509Ptr>& authorities) {
  Expiry expiry{std::move(what), {}, WallTime::min()};
  for (const auto& one : authorities)
    if (const auto until = to_wall_time(X509_get0_notAfter(one.get())); until > expiry.until)
      expiry = {expiry.what, to_wall_time(X509_get0_notBefore(one.get())), until};
  return expiry;
}

Expiry expiry_of_ca(const std::vector<X509Ptr>& chain, const std::vector<X509Ptr>& authorities,
                    WallTime now) {
  std::vector<X509Ptr> proving;
  for (const auto& one : authorities) {
    std::vector<X509Ptr> alone;
    X509_up_ref(one.get());
    alone.emplace_back(one.get());
    if (chain_objection(chain, alone, now).empty()) proving.push_back(std::move(alone.front()));
  }
  return longest("ca", proving.empty() ? authorities : proving);  // empty: by several together
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
  loaded.standing.certificate = std::move(*certificate);
  if (X509_check_private_key(chain->front().get(), key->get()) != 1)
    return base::invalid(files.key + " is not the key of " + files.cert +
                         ": both must come from one nearmost tls issue");
  for (const auto& checked : {check_identity(loaded.standing.certificate, expected, files.cert),
                              check_time(loaded.standing.certificate, now, files.cert),
                              check_chain(*chain, *authorities, now, files)})
    if (!checked) return checked.error();
  auto& expiries = loaded.standing.expiries;
  expiries = {expiry_of_chain(*chain), expiry_of_ca(*chain, *authorities, now)};
  for (const auto& [domain, path] : files.foreign_ca) {
    auto pem = read_pem_file(path);
    if (!pem) return pem.error();
    const auto theirs = parse_certificates(*pem, path);
    if (!theirs) return theirs.error();
    expiries.push_back(longest("ca of " + domain, *theirs));
    loaded.certificates.foreign_ca[domain] = std::move(*pem);
  }
  return loaded;
}

std::vector<std::string> Files::paths() const {
  std::vector<std::string> all{cert, key, ca};
  for (const auto& [domain, path] : foreign_ca) all.push_back(path);
  return all;
}

std::string chain_objection(const std::string& chain, const std::string& ca, WallTime now) {
  const auto leaf_first = parse_certificates(chain, "the peer");
  if (!leaf_first) return leaf_first.error().message;
  const auto authorities = parse_certificates(ca, "the CA");
  return authorities ? chain_objection(*leaf_first, *authorities, now)
                     : authorities.error().message;
}

}  // namespace agent::tls
