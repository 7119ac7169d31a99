#include "discovery/proof.hpp"

#include "base/digest.hpp"

namespace discovery {

// Begins with what no other text begins with that a key of the mesh may sign.
std::string proof_text(const OriginId& origin, const base::Hash128& state_hash) {
  std::string text = "nearmost gossip state\n";
  base::append(text, origin.cluster.size());
  text += origin.cluster;
  base::append(text, origin.replica);
  base::append(text, state_hash);
  return text;
}

bool proves(Notary& notary, const Proof& proof, const OriginId& origin,
            const base::Hash128& state_hash) {
  if (proof.empty()) return false;
  return notary.signer(proof_text(origin, state_hash), proof) == origin.cluster;
}

}  // namespace discovery
