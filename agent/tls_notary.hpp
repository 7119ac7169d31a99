// Signs what this cluster says of itself with the key of its certificate, and tells by their
// certificates which clusters signed what others say (discovery/proof.hpp).
//
// A signature is over SHA-256, as the certificate's key makes it: ECDSA in DER, RSA with PKCS#1
// v1.5, or Ed25519. Its certificate goes along in DER, those that lead from it to the CA behind it.
// Who is trusted is asked of Security at each call: key, certificate and CA change together and at
// once. A name counts as on links: by the CA of the one trust domain that speaks for it.
// Certificates that held are remembered, kMaxSigners of them.
//
// Costs (P-256): about 30 µs to sign, 80 µs to check, 200 µs more for a certificate not seen yet.
// Errors: what does not hold is nobody's. Thread: one, control.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/tls.hpp"
#include "discovery/proof.hpp"

namespace agent::tls {

inline constexpr std::size_t kMaxSigners = 4'096;

class Notary : public discovery::Notary {
 public:
  using Clock = std::function<WallTime()>;
  Notary(std::shared_ptr<const discovery::rpc::Security> security, discovery::TrustRule rule,
         Clock clock);
  ~Notary() override;

  discovery::Proof sign(std::string_view text) override;
  std::string signer(std::string_view text, const discovery::Proof& proof) override;
  bool is_current(const discovery::Proof& proof) override;

 private:
  struct Own;     // the own certificates, read
  struct Signer;  // somebody's, proven
  const Own& own();
  const Signer* find_signer(const base::Bytes& certificate);

  const std::shared_ptr<const discovery::rpc::Security> security_;
  const discovery::TrustRule rule_;
  const Clock clock_;
  std::unique_ptr<const Own> own_;
  std::unordered_map<base::Bytes, std::unique_ptr<const Signer>> signers_;  // by certificate
};

}  // namespace agent::tls
