// What the certificate of a link proves: a cluster, or a leaf of one.
//
// A leaf's SPIFFE ID is its cluster's with "/leaf" behind it. Whoever asks for a cluster's name by
// identity.hpp alone is refused such a certificate, so that a node which is taken over can neither
// speak for its cluster nor sign for it. Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "discovery/identity.hpp"

namespace discovery {

std::string leaf_uri(const std::string& cluster_uri);

// The URI names of a certificate, as its cluster's would be.
struct PeerNames {
  std::vector<std::string> of_cluster;
  bool leaf = false;
};
PeerNames peer_names(std::vector<std::string> uri_names);

struct ProvenPeer {
  std::string cluster;
  bool leaf = false;
  std::string trust_domain = {};
  friend bool operator==(const ProvenPeer&, const ProvenPeer&) = default;
};
// Errors, and what is left for the caller to prove, as identity.hpp's prove(): a leaf is of the
// trust domain that speaks for its cluster.
base::Result<ProvenPeer> prove_peer(std::vector<std::string> uri_names, const TrustRule& rule);

}  // namespace discovery
