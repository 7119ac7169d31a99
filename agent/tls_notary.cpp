#include "agent/tls_notary.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <map>

#include "agent/tls_x509.hpp"
#include "discovery/identity.hpp"

namespace agent::tls {
namespace {

using DigestPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

constexpr std::size_t kMaxChain = 8;

// Ed25519 brings its own.
const EVP_MD* digest_for(EVP_PKEY& key) {
  return EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string sign_with(EVP_PKEY& key, std::string_view text) {
  const DigestPtr context(EVP_MD_CTX_new());
  std::string signature(discovery::kMaxSignatureBytes, '\0');
  auto size = signature.size();
  const bool made =
      EVP_DigestSignInit(context.get(), nullptr, digest_for(key), nullptr, &key) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(text), text.size()) == 1;
  ERR_clear_error();
  signature.resize(made ? size : 0);
  return signature;
}

bool is_signed(EVP_PKEY& key, std::string_view signature, std::string_view text) {
  const DigestPtr context(EVP_MD_CTX_new());
  const bool holds =
      EVP_DigestVerifyInit(context.get(), nullptr, digest_for(key), nullptr, &key) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                       text.size()) == 1;
  ERR_clear_error();
  return holds;
}

// One after another, nothing behind them; empty where they are not that.
std::vector<X509Ptr> read_chain(std::string_view der) {
  std::vector<X509Ptr> chain;
  const auto* at = bytes_of(der);
  const auto* end = at + der.size();
  while (at != end && chain.size() < kMaxChain) {
    X509Ptr one(d2i_X509(nullptr, &at, end - at));
    ERR_clear_error();
    if (!one) return {};
    chain.push_back(std::move(one));
  }
  return at == end ? std::move(chain) : std::vector<X509Ptr>();
}

}  // namespace

struct Notary::Own {
  std::shared_ptr<const discovery::rpc::Certificates> of;
  std::string chain;                                        // DER
  KeyPtr key;                                               // null: none that serves
  std::map<std::string, std::vector<X509Ptr>> authorities;  // by trust domain
};

struct Notary::Signer {
  std::string cluster;
  KeyPtr key;
  WallTime from, until;
};

Notary::Notary(std::shared_ptr<const discovery::rpc::Security> security, discovery::TrustRule rule,
               Clock clock)
    : security_(std::move(security)), rule_(std::move(rule)), clock_(std::move(clock)) {}
Notary::~Notary() = default;

// load() has accepted these texts: what is missing here could not serve there.
const Notary::Own& Notary::own() {
  auto certificates = security_->current().certificates;
  if (own_ && own_->of == certificates) return *own_;
  auto own = std::make_unique<Own>();
  own->of = std::move(certificates);
  signers_.clear();  // whom another CA had proven
  if (own->of) {
    if (auto chain = parse_certificates(own->of->chain, "cert.pem"))
      for (const auto& one : *chain) own->chain += to_der(*one);
    if (auto key = parse_key(own->of->key, "key.pem")) own->key = std::move(*key);
    if (auto found = parse_certificates(own->of->ca, "ca.pem"))
      own->authorities[rule_.own] = std::move(*found);
    for (const auto& [domain, ca] : own->of->foreign_ca)
      if (auto found = parse_certificates(ca, domain)) own->authorities[domain] = std::move(*found);
  }
  own_ = std::move(own);
  return *own_;
}

discovery::Proof Notary::sign(std::string_view text) {
  const auto& self = own();
  if (!self.key || self.chain.empty()) return {};
  return {sign_with(*self.key, text), self.chain};
}

bool Notary::is_current(const discovery::Proof& proof) { return proof.certificate == own().chain; }

const Notary::Signer* Notary::find_signer(const base::Bytes& certificate) {
  const auto& self = own();
  const auto now = clock_();
  if (const auto at = signers_.find(certificate); at != signers_.end())
    return at->second->from <= now && now < at->second->until ? at->second.get() : nullptr;
  const auto chain = read_chain(certificate);
  if (chain.empty()) return nullptr;
  auto& leaf = *chain.front();
  if (X509_check_ca(&leaf) != 0 || !(X509_get_key_usage(&leaf) & KU_DIGITAL_SIGNATURE))
    return nullptr;
  auto identity = discovery::prove(uri_names(leaf), rule_);
  if (!identity) return nullptr;
  const auto authorities = self.authorities.find(identity->trust_domain);
  if (authorities == self.authorities.end() ||
      !chain_objection(chain, authorities->second, now).empty())
    return nullptr;
  Signer signer{std::move(identity->cluster), KeyPtr(X509_get_pubkey(&leaf)), WallTime::min(),
                WallTime::max()};
  if (!signer.key) return nullptr;
  for (const auto& one : chain) {
    signer.from = std::max(signer.from, to_wall_time(X509_get0_notBefore(one.get())));
    signer.until = std::min(signer.until, to_wall_time(X509_get0_notAfter(one.get())));
  }
  if (signers_.size() >= kMaxSigners) signers_.clear();
  auto kept = std::make_unique<const Signer>(std::move(signer));
  return (signers_[certificate] = std::move(kept)).get();
}

std::string Notary::signer(std::string_view text, const discovery::Proof& proof) {
  const auto* signer = find_signer(proof.certificate);
  return signer && is_signed(*signer->key, proof.signature, text) ? signer->cluster : "";
}

}  // namespace agent::tls
