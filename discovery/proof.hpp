// What proves rows that come through a third: the signature of their origin's cluster over the hash
// of their state.
//
// The hash binds rows and stamp, the text signed binds the hash to the origin; who signed it only a
// Notary can tell, which holds the keys. Direct links need none of this: there the link is the
// proof. Thread: values; a Notary is called by control only.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "discovery/origin.hpp"

namespace discovery {

inline constexpr std::size_t kMaxSignatureBytes = 512;  // of an RSA key of 4096 bits
inline constexpr std::size_t kMaxCertificateBytes = 16 * 1024;

// Opaque to everybody but notaries.
struct Proof {
  base::Bytes signature;    // empty: not proven
  base::Bytes certificate;  // whose key it was, with what leads from it to the mesh's CA

  bool empty() const { return signature.empty(); }
  friend bool operator==(const Proof&, const Proof&) = default;
};

class Notary {
 public:
  virtual ~Notary() = default;
  // With the own cluster's key; empty when it has none that serves.
  virtual Proof sign(std::string_view text) = 0;
  // The cluster whose key has signed this text, by a certificate that the mesh trusts; "" =
  // nobody's.
  virtual std::string signer(std::string_view text, const Proof& proof) = 0;
  // False where an own proof was made with a certificate that has been replaced since.
  virtual bool is_current(const Proof& proof) = 0;
};

// What an origin signs.
std::string proof_text(const OriginId& origin, const base::Hash128& state_hash);

// The origin has had the state with this hash.
bool proves(Notary& notary, const Proof& proof, const OriginId& origin,
            const base::Hash128& state_hash);

}  // namespace discovery
