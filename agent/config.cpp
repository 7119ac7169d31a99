#include "agent/config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/config_callers.hpp"
#include "agent/config_environment.hpp"
#include "agent/config_forwarder.hpp"
#include "agent/config_kubernetes.hpp"
#include "agent/config_pass_on.hpp"
#include "agent/config_values.hpp"
#include "discovery/identity.hpp"
#include "discovery/origin.hpp"
#include "resources/binder.hpp"

namespace agent {
namespace {

using resources::Fields;
using resources::Value;

constexpr resources::Choice<base::LogLevel> kLevels[] = {{"debug", base::LogLevel::debug},
                                                         {"info", base::LogLevel::info},
                                                         {"warn", base::LogLevel::warn},
                                                         {"error", base::LogLevel::error},
                                                         {"off", base::LogLevel::off}};
constexpr resources::Choice<Role> kRoles[] = {{"agent", Role::agent}, {"leaf", Role::leaf}};
constexpr resources::Choice<base::LogFormat> kFormats[] = {{"text", base::LogFormat::text},
                                                           {"json", base::LogFormat::json}};

void read_locality(const Value& value, base::Locality& out) {
  Fields fields(value);
  fields.optional("region", out.region);
  fields.optional("zone", out.zone);
  if (!out.zone.empty() && out.region.empty()) {
    value.warn("a zone without a region", "name the region too: tiers compare regions, then zones");
  }
}

// The namespace of the pod that this agent runs in; "" = it runs in none.
std::string own_namespace() {
  std::ifstream file("/var/run/secrets/kubernetes.io/serviceaccount/namespace");
  std::string name;
  file >> name;
  return name;
}

TlsFiles files_in(const std::string& dir) {
  return {dir + "/cert.pem", dir + "/key.pem", dir + "/ca.pem"};
}

void read_tls(const Value& value, const ExistingPath& path, std::optional<TlsFiles>& out) {
  Fields fields(value);
  TlsFiles files;
  std::string dir;
  const bool by_folder = fields.optional("dir", dir, path);
  const bool named = fields.optional("cert", files.cert, path) |
                     fields.optional("key", files.key, path) |
                     fields.optional("ca", files.ca, path);
  if (by_folder && named)
    return value.error("either dir, or cert, key and ca", "keep one of the two");
  if (!by_folder && (files.cert.empty() || files.key.empty() || files.ca.empty())) {
    return value.error("cert, key and ca belong together",
                       "name all three, or `dir` with all three in it");
  }
  out = by_folder ? files_in(dir) : files;
  if (!by_folder || !exists(dir)) return;
  for (const std::string& file : {out->cert, out->key, out->ca}) {
    if (!exists(file)) value.error(file + " does not exist", "`nearmost tls issue` writes it");
  }
}

// Where `nearmost tls issue` leaves them, copied to the agent's host or not.
std::optional<TlsFiles> certificates_beside(const std::string& folder, const std::string& cluster,
                                            Role role) {
  const auto own = "tls/" + cluster + (role == Role::leaf ? "/leaf" : "");
  for (const std::string& dir : {below(folder, "tls"), below(folder, own)}) {
    if (exists(files_in(dir).cert)) return files_in(dir);
  }
  return std::nullopt;
}

void read_trusted_domain(const Value& value, const ExistingPath& path, TrustedDomain& out) {
  Fields fields(value);
  fields.required("ca", out.ca, path);
  const auto clusters = fields.find("clusters");
  if (!clusters) return fields.missing("clusters");
  resources::read(*clusters, out.clusters, kLabel);
  if (clusters->node().is_list() && clusters->node().children.empty())
    clusters->error("no clusters", "name those that may come from this domain");
}

void read_trusted_domains(const Value& value, const ExistingPath& path, GossipConfig& out) {
  if (!value.node().is_map()) return value.expected("a map");
  for (const auto& member : value.node().children)
    read_trusted_domain(Value(member, value), path, out.trusted_domains[member.key]);
}

// A cluster's name belongs to one trust domain, or it could be taken by another's CA.
void check_trusted_domains(const Value& value, const std::string& cluster,
                           const GossipConfig& config) {
  std::map<std::string, std::string_view> owners{{cluster, config.trust_domain}};
  for (const auto& member : value.node().children) {
    const Value domain(member, value);
    const auto at = config.trusted_domains.find(member.key);
    if (!discovery::is_trust_domain(member.key))
      domain.error(resources::quoted(member.key) + " is not a trust domain",
                   "a-z, 0-9, '.', '-' and '_', as in spiffe://DOMAIN/cluster/NAME");
    if (member.key == config.trust_domain)
      domain.error("this is gossip.trustDomain, the agent's own", "it is trusted by gossip.tls.ca");
    if (at == config.trusted_domains.end()) continue;
    for (const auto& name : at->second.clusters)
      if (const auto [owner, is_new] = owners.emplace(name, member.key); !is_new)
        domain.error("cluster " + name + " belongs to trust domain " + std::string(owner->second),
                     "a name belongs to one: take it out of one of the two");
  }
  if (!config.tls)
    value.error("trust domains are proven by certificates, and there are none",
                "name them in gossip.tls");
}

void read_limits(const Value& value, discovery::Limits& out) {
  using discovery::kMinFrameBytes, discovery::kMaxFrameBytes, discovery::kMaxRowBytes,
      discovery::kMaxRowsPerOrigin, discovery::kMaxBytesPerOrigin;
  const auto up_to = [](std::size_t least, std::size_t most) {
    return resources::between(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
  };
  Fields fields(value);
  fields.optional("frameBytes", out.frame_bytes, up_to(kMinFrameBytes, kMaxFrameBytes));
  fields.optional("rowBytes", out.row_bytes, up_to(1024, kMaxRowBytes));
  fields.optional("rowsPerOrigin", out.rows, up_to(1, kMaxRowsPerOrigin));
  fields.optional("bytesPerOrigin", out.bytes, up_to(1024, kMaxBytesPerOrigin));
  fields.optional("changesPerSecond", out.changes_per_second, up_to(10, 10'000'000));
}

// A listener that others can reach carries endpoints and opens the door to more: it proves who
// speaks, or says that it does not.
void check_gossip_identity(const Value& gossip, const std::optional<Value>& listen,
                           const GossipConfig& config) {
  if (config.insecure && config.tls) {
    gossip.error("insecure: true beside tls: either the links prove who speaks, or they do not",
                 "remove one of the two");
  }
  if (config.listen.ip.is_loopback() || config.tls || config.insecure) return;
  (listen ? *listen : gossip)
      .error("a gossip listener off loopback needs certificates",
             "issue them (`nearmost tls init`, `nearmost tls issue`) and name them in gossip.tls, "
             "or say `insecure: true`");
}

// A leaf is dialled by nobody, and it believes whom it dials.
void check_leaf_gossip(const Value& gossip, const std::optional<Value>& listen,
                       const std::optional<Value>& advertise, const GossipConfig& config) {
  for (const auto& listener : {listen, advertise})
    if (listener)
      listener->error("a leaf takes no links", "remove it: a leaf dials its homes, gossip.peers");
  const auto is_loopback = [](const base::HostPort& peer) {
    const auto ip = base::IpAddress::parse(peer.host);
    return peer.host == "localhost" || (ip && ip->is_loopback());
  };
  if (config.tls || config.insecure || std::ranges::all_of(config.peers, is_loopback)) return;
  gossip.error("a leaf believes its home, which is not on loopback and has no certificate to show",
               "issue certificates (`nearmost tls issue --cluster NAME --leaf`) and name them in "
               "gossip.tls, or say `insecure: true`");
}

void read_gossip(const Value& value, const std::string& folder, const Config& config,
                 GossipConfig& out) {
  Fields fields(value);
  const auto listen = fields.find("listen");
  if (listen) read(*listen, out.listen, kAddress);
  const auto advertise = fields.find("advertise");
  if (advertise) read(*advertise, out.advertise, kAddress);
  const auto peers = fields.find("peers");
  if (peers) read(*peers, out.peers, kAddress);
  if (out.peers.size() > kMaxPeers) {
    peers->error(std::to_string(out.peers.size()) + " peers, at most " + std::to_string(kMaxPeers));
  }
  fields.optional("insecure", out.insecure);
  if (const auto tls = fields.find("tls")) {
    read_tls(*tls, ExistingPath{folder}, out.tls);
  } else if (!out.insecure) {
    out.tls = certificates_beside(folder, config.cluster, config.role);
  }
  fields.optional("trustDomain", out.trust_domain, kName);
  if (const auto domains = fields.find("trustedDomains")) {
    read_trusted_domains(*domains, ExistingPath{folder}, out);
    check_trusted_domains(*domains, config.cluster, out);
  }
  if (const auto limits = fields.find("limits")) read_limits(*limits, out.limits);
  if (config.is_leaf()) return check_leaf_gossip(value, listen, advertise, out);
  if (out.listen.ip.is_unspecified() && !out.advertise) {
    (listen ? *listen : value)
        .warn("listens on every address but names none that others reach it at",
              "add gossip.advertise: HOST:PORT, or only links that this agent dials will work");
  }
  check_gossip_identity(value, listen, out);
}

void read_zones(const Value& value, std::vector<std::string>& out) {
  resources::read(value, out, kName);
  if (!value.node().is_list()) return;
  if (out.empty()) return value.error("no zones", "leave `zones` out for mesh.internal");
  if (out.size() != value.node().children.size()) return;
  for (std::size_t i = 1; i < out.size(); ++i) {
    const auto before = out.begin() + static_cast<std::ptrdiff_t>(i);
    if (!out[i].empty() && std::find(out.begin(), before, out[i]) != before)
      Value(value.node().children[i], value)
          .error("zone " + out[i] + " twice", "name each zone once");
  }
}

void read_dns(const Value& value, DnsConfig& out) {
  Fields fields(value);
  if (const auto listen = fields.find("listen"))
    read_one_or_more(*listen, out.listen, kSourceOfAnswers);
  if (const auto zones = fields.find("zones")) read_zones(*zones, out.zones);
  const auto ttl = resources::between(base::Duration(0), kMaxTtl);
  fields.optional("ttl", out.ttl, ttl);
  fields.optional("degradedTtl", out.degraded_ttl, ttl);
  fields.optional("negativeTtl", out.negative_ttl, ttl);
  fields.optional("maxAnswers", out.max_answers, resources::between(1, kMaxAnswers));
  fields.optional("workers", out.workers, resources::between(0, kMaxWorkers));
  if (out.listen.size() * (out.workers + 1) > kMaxDnsThreads)
    value.error(std::to_string(out.listen.size()) + " addresses with " +
                    std::to_string(out.workers) + " workers each are more than " +
                    std::to_string(kMaxDnsThreads) + " threads",
                "one worker answers some 300,000 queries a second");
  fields.optional("clients", out.clients, kNetwork);
  if (const auto localities = fields.find("localities"))
    read_localities(*localities, out.localities);
  if (const auto forwarders = fields.find("trustedForwarders"))
    read_trusted_forwarders(*forwarders, out.trusted_forwarders);
  const auto pass_on = fields.find("passOn");
  if (!pass_on) return;
  read_pass_on(*pass_on, out.pass_on);
  check_pass_on(*pass_on, out);
}

void read_admin(const Value& value, base::SocketAddress& out) {
  Fields fields(value);
  const auto listen = fields.find("listen");
  if (!listen) return;
  read(*listen, out, kAddress);
  if (!out.ip.is_loopback()) {
    listen->error("admin takes orders: it listens on loopback only",
                  "probes.listen may be elsewhere; it answers probes and metrics");
  }
}

void read_import(const Value& value, const std::string& cluster, ImportConfig& out) {
  Fields fields(value);
  fields.optional("hosts", out.hosts, kHostPattern);
  const auto networks = fields.find("networks");
  if (!networks) return;
  read(*networks, out.networks, kNetwork);
  if (!networks->node().is_map()) return;
  for (const auto& member : networks->node().children) {
    const Value listed(member, *networks);
    if (!discovery::is_cluster_name(member.key))
      listed.error(resources::quoted(member.key) + " is no cluster's name",
                   "write `CLUSTER: [NETWORK, …]`");
    if (member.key == cluster)
      listed.error("this is the agent's own cluster", "nothing of it is imported: leave it out");
    if (member.is_list() && member.children.empty())
      listed.error("no networks: nothing of " + member.key + " could serve",
                   "list its networks, or leave it out to take all");
  }
}

void read_log(const Value& value, LogConfig& out) {
  Fields fields(value);
  fields.optional("level", out.level, kLevels);
  fields.optional("format", out.format, kFormats);
}

void read_root(const Value& value, const std::string& folder, Config& out) {
  Fields fields(value);
  fields.required("cluster", out.cluster, kLabel);
  const auto role = fields.find("role");
  if (role) resources::read(*role, out.role, kRoles);
  const auto replica = fields.find("replica"), replicas = fields.find("replicas");
  if (replica) resources::read(*replica, out.replica, resources::between(0, kMaxReplica));
  if (replicas) resources::read(*replicas, out.replicas, resources::between(1, kMaxReplica + 1));
  if (replica && replicas)
    replica->error("beside `replicas`, by which each agent takes a number by itself",
                   "write one of the two");
  for (const auto& number : {replica, replicas})
    if (number && out.is_leaf())
      number->error("a leaf is no replica: it publishes nothing", "remove it");
  if (const auto locality = fields.find("locality")) read_locality(*locality, out.locality);
  if (const auto gossip = fields.find("gossip"))
    read_gossip(*gossip, folder, out, out.gossip);
  else
    out.gossip.tls = certificates_beside(folder, out.cluster, out.role);
  if (out.is_leaf() && out.gossip.peers.empty())
    role->error("a leaf without a home knows nothing",
                "name agents of cluster " + out.cluster +
                    ": gossip: {peers: [HOST:" + std::to_string(kGossipPort) + "]}");
  if (const auto dns = fields.find("dns")) read_dns(*dns, out.dns);
  if (const auto forwarder = fields.find("forwarder"))
    read_forwarder(*forwarder, folder, out.forwarder);
  if (const auto admin = fields.find("admin")) read_admin(*admin, out.admin);
  if (const auto probes = fields.find("probes")) {
    Fields probes_fields(*probes);
    probes_fields.optional("listen", out.probes, kAddress);
  }
  if (const auto paths = fields.find("resources"))
    read_one_or_more(*paths, out.resources, ExistingPath{folder});
  fields.optional("checks", out.checks);
  if (const auto kubernetes = fields.find("kubernetes")) {
    read_kubernetes(*kubernetes, folder, out.kubernetes);
    if (out.kubernetes && out.is_leaf())
      kubernetes->error("a leaf publishes nothing", "give it to an agent of the cluster");
  }
  fields.optional("networks", out.networks, kName);
  if (auto own = own_namespace(); !own.empty())
    out.export_.except_namespaces.push_back(std::move(own));
  if (const auto exports = fields.find("export")) {
    Fields export_fields(*exports);
    export_fields.optional("exceptNamespaces", out.export_.except_namespaces, kNamespacePattern);
  }
  if (const auto imports = fields.find("import")) read_import(*imports, out.cluster, out.import_);
  if (const auto log = fields.find("log")) read_log(*log, out.log);
  if (const auto state = fields.find("state")) {
    Fields state_fields(*state);
    if (state_fields.optional("dir", out.state_dir)) out.state_dir = below(folder, out.state_dir);
  }
}

void note_places(const Value& value, std::map<std::string, resources::Place>& out) {
  if (!value.node().is_map()) return;
  for (const auto& member : value.node().children) {
    const Value field(member, value);
    out.emplace(field.path(), field.place());
    note_places(field, out);
  }
}

// Two listeners at one place would be told "address in use" by the kernel, one at a time.
void check_listeners_differ(LoadedConfig& loaded) {
  const auto& config = loaded.config;
  std::vector<std::pair<base::SocketAddress, std::string>> listeners{
      {config.gossip.listen, "gossip.listen"},
      {config.admin, "admin.listen"},
      {config.probes, "probes.listen"}};
  if (config.is_leaf()) listeners.erase(listeners.begin());
  for (const auto& address : config.dns.listen) listeners.emplace_back(address, "dns.listen");
  std::ranges::stable_sort(listeners, {}, [](const auto& listener) { return listener.first; });
  for (std::size_t i = 1; i < listeners.size(); ++i) {
    const auto& [address, field] = listeners[i];
    const auto& [before, other] = listeners[i - 1];
    if (address != before || address.port == 0) continue;
    // Told where it is written: the other one may be a default.
    const auto& told = loaded.places.contains(field) ? field : other;
    loaded.problems.push_back({resources::Severity::error, loaded.place(told), "", told,
                               other + " and " + field + " are both " + address.to_string(),
                               "give one of them another port"});
  }
}

// Names whose door is the forwarder answer with its address, to whoever asks.
void check_door_is_reachable(LoadedConfig& loaded) {
  const auto loopback = [](const base::IpAddress& ip) { return ip.is_loopback(); };
  const auto& config = loaded.config;
  const auto& door = config.forwarder.listen;
  const bool asked_from_afar = !std::ranges::all_of(config.dns.listen, loopback,
                                                    [](const auto& address) { return address.ip; });
  if (!asked_from_afar || door.empty() || !std::ranges::all_of(door, loopback)) return;
  loaded.problems.push_back(
      {resources::Severity::warning, loaded.place("dns.listen"), "", "dns.listen",
       "it is not loopback, every forwarder.listen is: callers on other hosts are told an address "
       "that only this one has",
       "add `forwarder: {listen: ADDRESS}` that callers reach, or `forwarder: false`"});
}

}  // namespace

resources::Place LoadedConfig::place(std::string_view field) const {
  for (;;) {
    if (const auto at = places.find(std::string(field)); at != places.end()) return at->second;
    const auto dot = field.rfind('.');
    if (dot == field.npos) return {path, 0, 0};
    field = field.substr(0, dot);
  }
}

LoadedConfig load_config(const std::string& path) {
  const auto unread = [&](const std::string& what) {
    LoadedConfig loaded;
    loaded.path = path;
    loaded.problems = {{resources::Severity::error, {path, 0, 0}, "", "", what, ""}};
    return loaded;
  };
  // Looked at first: to open a pipe is to wait for its writer, for ever.
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return unread("cannot be read: " + error.message());
  if (!std::filesystem::is_regular_file(status)) return unread("is no regular file");
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file.is_open() || file.bad())
    return unread("cannot be read: " + base::from_errno("open", errno).message);
  return parse_config(path, text.str());
}

LoadedConfig parse_config(const std::string& path, std::string_view text) {
  LoadedConfig loaded;
  loaded.path = path;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  int documents = 0;
  const auto unreadable = resources::read_trees(path, text, [&](resources::Tree&& tree) {
    std::ranges::move(tree.problems, std::back_inserter(loaded.problems));
    resources::Report report(path, loaded.problems, resources::UnknownFields::refuse);
    fill_in_variables(tree.root, report);
    const Value root(tree.root, report);
    if (++documents > 1)
      return root.error("a second document", "agent.yaml holds one; documents go to `resources`");
    read_root(root, folder, loaded.config);
    note_places(root, loaded.places);
  });
  loaded.problems.insert(loaded.problems.end(), unreadable.begin(), unreadable.end());
  check_listeners_differ(loaded);
  check_door_is_reachable(loaded);
  if (documents == 0 && unreadable.empty()) {
    loaded.problems.push_back({resources::Severity::error,
                               {path, 0, 0},
                               "",
                               "cluster",
                               "the file says nothing",
                               "the least that an agent needs is `cluster: NAME`"});
  }
  std::ranges::stable_sort(loaded.problems, {},
                           [](const resources::Problem& p) { return p.place.line; });
  return loaded;
}

}  // namespace agent
