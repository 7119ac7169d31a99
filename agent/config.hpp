// agent.yaml: all that one agent is told, typed, with its defaults beside the fields.
//
// Every mistake is reported at once with file, line, field and remedy; an unknown key is an error
// with a did-you-mean. A field is either fixed for the life of the process or may change at a
// reload: changes_that_need_a_restart says which of two configs' differences are of the first kind,
// and a reload that holds one is refused loudly.
//
// Invariants of a config without errors: a gossip listener off loopback has certificates or says
// `insecure: true`, and so does a leaf whose homes are off loopback; a leaf has homes and no gossip
// listener; the forwarder listens on no wildcard; admin is on loopback; every file named
// exists. Thread: values and pure functions but for the look at the files named.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/locality.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "discovery/limits.hpp"
#include "discovery/view/caller_networks.hpp"
#include "forwarder/net/access_log.hpp"
#include "forwarder/net/limits.hpp"
#include "resources/problem.hpp"

namespace agent {

inline constexpr std::uint16_t kGossipPort = 7700;
inline constexpr std::uint16_t kDnsPort = 7753;
inline constexpr std::uint16_t kAdminPort = 7780;
inline constexpr std::uint16_t kProbesPort = 7781;
inline constexpr std::size_t kMaxPeers = 256;
inline constexpr std::uint32_t kMaxReplica = 15;  // slots 0..15
inline constexpr std::uint32_t kMaxWorkers = 128;
inline constexpr std::uint32_t kMaxDnsThreads = 256;  // one a worker and one for TCP, each address
inline constexpr std::uint16_t kNameServerPort = 53;
inline constexpr std::size_t kMaxUpstreams = 8;  // of a zone
inline constexpr base::Duration kMaxTtl = std::chrono::hours(24);

// PEM files. `tls: {dir: D}` means D/cert.pem, D/key.pem and D/ca.pem; without `tls`, ./tls or
// ./tls/CLUSTER (of a leaf ./tls/CLUSTER/leaf) beside agent.yaml is taken where it holds a
// certificate. Relative paths stand below
// the folder of agent.yaml.
struct TlsFiles {
  std::string cert, key, ca;
  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// Another mesh whose agents may take part: proven by its own CA, and only as the clusters named
// here.
struct TrustedDomain {
  std::string ca;  // a PEM file
  std::vector<std::string> clusters;
  friend bool operator==(const TrustedDomain&, const TrustedDomain&) = default;
};

struct GossipConfig {
  base::SocketAddress listen{base::IpAddress::v4(0x7f000001), kGossipPort};
  std::optional<base::HostPort>
      advertise;  // where others reach it; absent = `listen`, unless that is a wildcard
  std::vector<base::HostPort> peers;  // at most kMaxPeers
  std::optional<TlsFiles> tls;
  bool insecure = false;  // plain text and no proof of identity, said in so many words
  std::string trust_domain = "nearmost";
  std::map<std::string, TrustedDomain, std::less<>> trusted_domains;
  discovery::Limits limits;
  friend bool operator==(const GossipConfig&, const GossipConfig&) = default;
};

// Names of others and the DNS servers that know them.
struct PassOnConfig {
  std::string zone;  // lower case; "." = all
  std::vector<base::SocketAddress> to;
  std::string file;  // the resolv.conf that `to` was read from; "" = written here
  friend bool operator==(const PassOnConfig&, const PassOnConfig&) = default;
};

// Loopback, private, link-local and unique-local: an agent is no open resolver.
std::vector<base::Cidr> local_networks();

struct DnsConfig {
  std::vector<base::SocketAddress> listen{{base::IpAddress::v4(0x7f000001), kDnsPort}};
  std::vector<std::string> zones{"mesh.internal"};  // lower case, no trailing dot
  base::Duration ttl = std::chrono::seconds(5);
  base::Duration degraded_ttl = std::chrono::seconds(1);
  base::Duration negative_ttl = std::chrono::seconds(5);
  std::uint32_t max_answers = 8;      // so that nothing truncates
  std::uint32_t workers = 1;          // UDP threads an address; 0 = one a processor
  std::vector<PassOnConfig> pass_on;  // none: names of others are refused
  std::vector<base::Cidr> clients = local_networks();  // whose queries are passed on
  std::vector<discovery::view::CallerNetwork> localities;
  std::vector<base::Cidr> trusted_forwarders;  // whose client subnets (ECS) are believed
  friend bool operator==(const DnsConfig&, const DnsConfig&) = default;
};

struct ForwarderConfig {
  // The ports are the destinations'. Empty = off (`forwarder: false`).
  std::vector<base::IpAddress> listen{base::IpAddress::v4(0x7f000001)};
  std::uint32_t workers = 0;  // 0 = one a processor
  forwarder::net::Limits limits;
  forwarder::net::Timeouts timeouts;
  std::optional<forwarder::net::AccessLog::Config> access_log;  // nothing: none
  friend bool operator==(const ForwarderConfig&, const ForwarderConfig&) = default;
};

// What of this cluster others are told, and what this agent takes of others.
struct ExportConfig {
  // "kube-*": those that begin like this. Default: these and, in a pod, the agent's own.
  std::vector<std::string> except_namespaces{"kube-*"};
  friend bool operator==(const ExportConfig&, const ExportConfig&) = default;
};
struct ImportConfig {
  std::vector<std::string> hosts;  // beside those in dns.zones; "*.shop.example"
  std::map<std::string, std::vector<base::Cidr>, std::less<>> networks;  // by cluster
  friend bool operator==(const ImportConfig&, const ImportConfig&) = default;
};

// Whose Services and EndpointSlices are this cluster's.
struct KubernetesConfig {
  std::string server;     // "https://10.0.0.1:6443"
  std::string ca, token;  // files; "" = the system's CAs, no token
  // Instead: a file that says all this, and of which of its contexts; "" = its current one.
  std::string kubeconfig = {}, context = {};
  bool reads_pods = true;                    // podLabels: false
  std::vector<std::string> pod_labels = {};  // keys, beside those that subsets name
  friend bool operator==(const KubernetesConfig&, const KubernetesConfig&) = default;
};

struct LogConfig {
  base::LogLevel level = base::LogLevel::info;
  base::LogFormat format = base::LogFormat::text;
  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

// `leaf`: for one node or sidecar; it follows an agent of its cluster and publishes nothing.
enum class Role : std::uint8_t { agent, leaf };

struct Config {
  std::string cluster;  // a DNS label; the only field without a default
  Role role = Role::agent;
  std::uint32_t replica = 0;   // which of the cluster's agents this is
  std::uint32_t replicas = 0;  // how many there may be: it takes a number by itself; 0 = `replica`

  bool is_leaf() const { return role == Role::leaf; }

  base::Locality locality;
  GossipConfig gossip;
  DnsConfig dns;
  ForwarderConfig forwarder;
  base::SocketAddress admin{base::IpAddress::v4(0x7f000001), kAdminPort};    // admin.listen
  base::SocketAddress probes{base::IpAddress::v4(0x7f000001), kProbesPort};  // probes.listen
  bool checks = true;  // whether endpoints of files answer, where a document does not say
  std::vector<std::string> resources;  // files and folders of documents, resolved as TlsFiles are
  std::optional<KubernetesConfig> kubernetes;  // none = nothing is read there
  std::vector<std::string> networks;  // names of the networks reachable from here; empty = all
  ExportConfig export_;               // export
  ImportConfig import_;               // import
  LogConfig log;
  std::string state_dir;  // state.dir; "" = no state on disk
  friend bool operator==(const Config&, const Config&) = default;
};

struct LoadedConfig {
  Config config;                 // what could be read; defaults where a field is wrong
  resources::Problems problems;  // in the order of lines
  // Of every field that is written, by its path ("gossip.listen"): for what only a later look finds
  // wrong.
  std::map<std::string, resources::Place> places;
  // Where a field is written, or else where one above it is, or else the file.
  resources::Place place(std::string_view field) const;
  std::string path;
};

// Reads the file; one that cannot be opened is a problem like any other.
LoadedConfig load_config(const std::string& path);
// The same of a text already read; `path` names it and says what relative paths stand below.
LoadedConfig parse_config(const std::string& path, std::string_view text);

// The effective config as YAML, every field in it; parse_config reads it back.
std::string print(const Config& config);

// The paths of the fields that differ and cannot change while the agent runs: "gossip.listen".
std::vector<std::string> changes_that_need_a_restart(const Config& before, const Config& after);
// `before` with those fields of `after` that may change while the agent runs.
Config with_live_changes(Config before, const Config& after);
// The paths of all fields that differ, for the log of a reload.
std::vector<std::string> changes(const Config& before, const Config& after);

}  // namespace agent
