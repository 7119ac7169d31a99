// A Notary without OpenSSL: a signature is a digest over the text and its cluster's secret. A
// certificate names the cluster, and how often it has been renewed.
#pragma once

#include <string>

#include "base/digest.hpp"
#include "discovery/proof.hpp"

namespace sim {

inline constexpr std::size_t kSignatureBytes = 71;  // as ECDSA over P-256 mostly has

class ToyNotary : public discovery::Notary {
 public:
  explicit ToyNotary(std::string cluster) : cluster_(std::move(cluster)) {}

  discovery::Proof sign(std::string_view text) override {
    ++signatures;
    return {signature(cluster_, text), certificate()};
  }
  std::string signer(std::string_view text, const discovery::Proof& proof) override {
    const auto cluster = proof.certificate.substr(0, proof.certificate.find('#'));
    return proof.signature == signature(cluster, text) ? cluster : "";
  }
  bool is_current(const discovery::Proof& proof) override {
    return proof.certificate == certificate();
  }

  int renewed = 0;
  std::size_t signatures = 0;

 private:
  std::string certificate() const { return cluster_ + "#" + std::to_string(renewed); }
  static std::string signature(std::string_view cluster, std::string_view text) {
    std::string bytes;
    base::append(bytes, base::digest({"the secret of ", cluster, "\n", text}));
    bytes.resize(kSignatureBytes);
    return bytes;
  }

  std::string cluster_;
};

}  // namespace sim
