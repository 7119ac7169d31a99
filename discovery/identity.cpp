#include "discovery/identity.hpp"

#include <algorithm>

#include "discovery/origin.hpp"

namespace discovery {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::string_view kPath = "/cluster/";
constexpr std::size_t kMaxShownBytes = 200;

// What a peer's certificate says, fit for a log line.
std::string shown(std::string_view name) {
  std::string text = "\"";
  for (const char c : name.substr(0, kMaxShownBytes)) text += c >= ' ' && c <= '~' ? c : '?';
  return text + "\"";
}

}  // namespace

bool is_trust_domain(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), allowed);
}

std::string Identity::uri() const {
  return std::string(kScheme) + trust_domain + std::string(kPath) + cluster;
}

base::Result<Identity> Identity::parse(std::string_view uri) {
  const auto wrong = [&] {
    return base::invalid(shown(uri) + " is not spiffe://<trust domain>/cluster/<name>");
  };
  if (!uri.starts_with(kScheme)) return wrong();
  const auto rest = uri.substr(kScheme.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || !rest.substr(slash).starts_with(kPath)) return wrong();
  Identity identity{std::string(rest.substr(0, slash)),
                    std::string(rest.substr(slash + kPath.size()))};
  if (!is_trust_domain(identity.trust_domain) || !is_cluster_name(identity.cluster)) return wrong();
  return identity;
}

base::Result<Identity> Identity::of(const std::vector<std::string>& uri_names) {
  if (uri_names.empty())
    return base::invalid("the certificate names no cluster (no URI name in it)");
  if (uri_names.size() > 1)
    return base::invalid("the certificate has " + std::to_string(uri_names.size()) +
                         " URI names, " + shown(uri_names[0]) + " and " + shown(uri_names[1]) +
                         "; exactly one is allowed");
  return parse(uri_names.front());
}

const std::string& TrustRule::domain_of(std::string_view cluster) const {
  const auto at = foreign.find(cluster);
  return at == foreign.end() ? own : at->second;
}

base::Result<Identity> prove(const std::vector<std::string>& uri_names, const TrustRule& rule) {
  auto identity = Identity::of(uri_names);
  if (!identity) return identity.error();
  const auto& domain = rule.domain_of(identity->cluster);
  if (identity->trust_domain == domain) return identity;
  return base::invalid("cluster " + identity->cluster + " is of trust domain " +
                       shown(identity->trust_domain) + ", here the name belongs to " +
                       shown(domain) + " (gossip.trustedDomains)");
}

}  // namespace discovery
