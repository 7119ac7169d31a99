// Certificates of a mesh: making a CA, issuing one for each cluster, and reading them back with
// errors that help.
//
// A CA is ca.pem and ca-key.pem in one folder; a cluster's identity is cert.pem, key.pem and ca.pem
// in a folder of its own, which goes to that cluster's agent (agent.yaml: gossip.tls.dir). The CA's
// key goes nowhere.
//
// Keys are EC P-256, files of keys 0600. Identity is the URI name alone (discovery/identity.hpp).
// Time: wall clock, given by the caller; certificates live by it.
// Errors: each names the file and what to do.
// Thread: any; files are written whole or not at all.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/rpc/security.hpp"

namespace agent::tls {

using WallTime = std::chrono::system_clock::time_point;

inline constexpr auto kCaLifetime = std::chrono::hours(24) * 3650;
inline constexpr auto kLeafLifetime = std::chrono::hours(24) * 365;
inline constexpr auto kClockSkew =
    std::chrono::minutes(5);  // certificates begin to hold this much earlier
inline constexpr const char* kDefaultTrustDomain = "nearmost";
inline constexpr std::size_t kMaxPemBytes = 256 * 1024;  // of any file read

enum class Existing { keep, overwrite };  // `overwrite`: --force

struct Written {
  std::vector<std::string> files;
  std::string next;  // the command or step to do now
};

// <dir>/ca.pem and <dir>/ca-key.pem.
base::Result<Written> init_ca(const std::string& dir, const std::string& trust_domain, WallTime now,
                              Existing existing = Existing::keep);
// {cert,key,ca}.pem in `out` ("" = <dir>/<cluster>, or <dir>/<cluster>/leaf), signed by the CA in
// `dir`, of the CA's trust domain.
enum class Bearer { agent, leaf };
base::Result<Written> issue(const std::string& dir, const std::string& cluster, WallTime now,
                            Existing existing = Existing::keep, const std::string& out = "",
                            Bearer bearer = Bearer::agent);

// What a certificate says of itself.
struct Certificate {
  std::string trust_domain, cluster;  // "" = a CA's
  WallTime not_before, not_after;
  bool leaf = false;  // it cannot speak for the cluster

  base::Duration left(WallTime now) const { return not_after - now; }
};

struct Files {
  std::string cert, key, ca;
  std::map<std::string, std::string> foreign_ca = {};  // by trust domain

  std::vector<std::string> paths() const;
};
struct Expected {
  std::string trust_domain, cluster;
  bool leaf = false;
};
// When something that links are proven by ends. A CA's is that of the one of its file which proves
// us and holds longest; of another domain's, of the one that holds longest.
struct Expiry {
  std::string what;  // "own", "ca", "ca of other.mesh"
  WallTime from, until;
};
// What serves, without its secrets.
struct Standing {
  Certificate certificate;
  std::vector<Expiry> expiries;
};
// The files as a whole that gRPC can serve with: key fits certificate, CA signed it, it holds now
// and is for this cluster of this mesh.
struct Loaded {
  discovery::rpc::Certificates certificates;
  Standing standing;
};
base::Result<Loaded> load(const Files& files, const Expected& expected, WallTime now);

// For Security: both in PEM.
std::string chain_objection(const std::string& chain, const std::string& ca, WallTime now);

}  // namespace agent::tls
