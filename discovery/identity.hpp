// The name that a certificate proves: the SPIFFE ID "spiffe://<trust domain>/cluster/<cluster>",
// and nothing else of it.
//
// Source: SPIFFE-ID §2. Thread: values and pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace discovery {

// A host name in lower case, by which all certificates of one mesh begin (SPIFFE-ID §2.1).
bool is_trust_domain(std::string_view name);

struct Identity {
  std::string trust_domain, cluster;

  std::string uri() const;
  static base::Result<Identity> parse(std::string_view uri);
  // Of the URI names of one certificate: exactly one is allowed (X509-SVID §2), or who speaks would
  // be a choice.
  static base::Result<Identity> of(const std::vector<std::string>& uri_names);
  friend bool operator==(const Identity&, const Identity&) = default;
};

// Which trust domain speaks for which cluster: our own for every one, but for those that the
// operator takes from another. So a name belongs to one domain, and no other's CA can take it.
struct TrustRule {
  std::string own;
  std::map<std::string, std::string, std::less<>> foreign = {};  // cluster → trust domain

  const std::string& domain_of(std::string_view cluster) const;
};

// Who the certificate is for, when its trust domain speaks for that cluster. That a CA of that very
// domain has signed it is for the caller to prove.
base::Result<Identity> prove(const std::vector<std::string>& uri_names, const TrustRule& rule);

}  // namespace discovery
