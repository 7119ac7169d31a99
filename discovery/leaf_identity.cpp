#include "discovery/leaf_identity.hpp"

#include <string_view>

namespace discovery {
namespace {

constexpr std::string_view kLeaf = "/leaf";

}  // namespace

std::string leaf_uri(const std::string& cluster_uri) { return cluster_uri + std::string(kLeaf); }

PeerNames peer_names(std::vector<std::string> uri_names) {
  PeerNames names{std::move(uri_names), false};
  if (names.of_cluster.size() != 1 || !names.of_cluster.front().ends_with(kLeaf)) return names;
  auto stem = names.of_cluster.front();
  stem.resize(stem.size() - kLeaf.size());
  // A cluster may be called "leaf".
  if (Identity::parse(stem)) names = {{std::move(stem)}, true};
  return names;
}

base::Result<ProvenPeer> prove_peer(std::vector<std::string> uri_names, const TrustRule& rule) {
  const auto names = peer_names(std::move(uri_names));
  auto identity = prove(names.of_cluster, rule);
  if (!identity) return identity.error();
  return ProvenPeer{std::move(identity->cluster), names.leaf, std::move(identity->trust_domain)};
}

}  // namespace discovery
