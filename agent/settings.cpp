#include "agent/settings.hpp"

#include <algorithm>
#include <thread>

#include "agent/version.hpp"
#include "discovery/node.hpp"

namespace agent {
namespace {

// What callers are told: loopback only where there is nothing else, for it is each caller's own.
std::vector<base::IpAddress> reachable(std::vector<base::IpAddress> addresses) {
  const auto loopback = [](const base::IpAddress& ip) { return ip.is_loopback(); };
  if (!std::ranges::all_of(addresses, loopback)) std::erase_if(addresses, loopback);
  return addresses;
}

// Others than loopback's own can neither dial us nor be dialled by a leaf.
bool is_on_one_machine(const Config& config) {
  if (!config.is_leaf()) return config.gossip.listen.ip.is_loopback();
  return std::ranges::all_of(config.gossip.peers, [](const base::HostPort& peer) {
    const auto ip = base::IpAddress::parse(peer.host);
    return ip && ip->is_loopback();
  });
}

// Nobody is dialled and nobody else's host can dial us.
bool is_unheard(const Config& config) {
  const auto& gossip = config.gossip;
  return gossip.peers.empty() && !gossip.advertise && gossip.listen.ip.is_loopback();
}

}  // namespace

tls::Files certificate_files(const Config& config) {
  const auto& files = config.gossip.tls.value();
  tls::Files all{files.cert, files.key, files.ca};
  for (const auto& [domain, trusted] : config.gossip.trusted_domains)
    all.foreign_ca[domain] = trusted.ca;
  return all;
}

discovery::TrustRule trust_rule(const Config& config) {
  discovery::TrustRule rule{config.gossip.trust_domain};
  for (const auto& [domain, trusted] : config.gossip.trusted_domains)
    for (const auto& cluster : trusted.clusters) rule.foreign[cluster] = domain;
  return rule;
}

discovery::AssemblyRules assembly_rules(const Config& config) {
  discovery::AssemblyRules rules;
  rules.cluster = config.cluster;
  rules.locality = config.locality;
  rules.networks = config.networks;
  rules.caller_networks = config.dns.localities;
  rules.zones = config.dns.zones;
  rules.forwarders = reachable(config.forwarder.listen);
  rules.own_forwarder_only = config.is_leaf();
  rules.hosts = config.import_.hosts;
  rules.cluster_networks = config.import_.networks;
  using Loopback = discovery::AssemblyRules::Loopback;
  rules.remote_loopback = is_on_one_machine(config) ? Loopback::allowed : Loopback::refused;
  rules.own_addresses = {config.admin.ip, config.probes.ip};
  if (!config.is_leaf()) rules.own_addresses.push_back(config.gossip.listen.ip);
  for (const auto& listen : config.dns.listen) rules.own_addresses.push_back(listen.ip);
  rules.own_addresses.insert(rules.own_addresses.end(), config.forwarder.listen.begin(),
                             config.forwarder.listen.end());
  return rules;
}

discovery::sources::ExportRule export_rule(const Config& config) {
  return {config.export_.except_namespaces};
}

dns::ZoneConfig zone_config(const Config& config) {
  dns::ZoneConfig zone;
  zone.zones = config.dns.zones;
  zone.ttl = config.dns.ttl;
  zone.degraded_ttl = config.dns.degraded_ttl;
  zone.negative_ttl = config.dns.negative_ttl;
  zone.max_answers = static_cast<std::uint16_t>(config.dns.max_answers);
  zone.agent = config.cluster;
  zone.software = "nearmost " + std::string(version());
  for (const auto& listen : config.dns.listen) zone.ns_addresses.push_back(listen.ip);
  zone.ns_addresses = reachable(std::move(zone.ns_addresses));
  for (const auto& rule : config.dns.pass_on) zone.pass_on.push_back({rule.zone, rule.to});
  zone.clients = config.dns.clients;
  zone.trusted_forwarders = config.dns.trusted_forwarders;
  return zone;
}

std::vector<base::SocketAddress> name_servers_of(const Config& config) {
  for (const auto& one : config.dns.pass_on)
    if (one.zone == ".") return one.to;
  return {};
}

forwarder::ForwarderConfig forwarder_config(const Config& config) {
  return {config.cluster, config.forwarder.listen, others_of(config)};
}

forwarder::Others others_of(const Config& config) {
  return is_unheard(config) && !config.kubernetes ? forwarder::Others::none
                                                  : forwarder::Others::may_be_heard;
}

base::Duration sync_patience(const Config& config, bool disk_is_whole) {
  const bool alone = !config.is_leaf() && is_unheard(config);
  return alone && disk_is_whole ? base::Duration::zero() : discovery::NodeConfig{}.sync_patience;
}

forwarder::net::Limits forwarder_limits(const Config& config, std::size_t descriptors,
                                        std::uint32_t workers) {
  auto limits = config.forwarder.limits;
  const auto each = std::max<std::size_t>(1, descriptors / 4 / std::max(1u, workers));
  limits.connections = std::min(limits.connections, each);
  limits.idle_upstream = std::min(limits.idle_upstream, each);
  return limits;
}

std::string advertised(const Config& config) {
  if (config.is_leaf()) return "";
  const auto& gossip = config.gossip;
  if (gossip.advertise) return gossip.advertise->to_string();
  return gossip.listen.ip.is_unspecified() ? "" : gossip.listen.to_string();
}

std::uint32_t workers_of(std::uint32_t workers, std::uint32_t at_most) {
  const auto wanted = workers ? workers : std::max(1u, std::thread::hardware_concurrency());
  return std::min(wanted, at_most);
}

}  // namespace agent
