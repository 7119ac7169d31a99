// The name that a certificate proves: the SPIFFE ID "spiffe://<trust domain>/cluster/<cluster>",
// and nothing else of it.
//
// Source: SPIFFE-ID §2. Thread: values and pure functions.
#pragma once

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

// The cluster, when the certificate is of our mesh.
base::Result<std::string> prove(const std::vector<std::string>& uri_names,
                                std::string_view our_trust_domain);

}  // namespace discovery
