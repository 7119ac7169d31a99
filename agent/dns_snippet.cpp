#include "agent/dns_snippet.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "discovery/import_rule.hpp"
#include "resources/suggest.hpp"

namespace agent {
namespace {

constexpr std::uint16_t kPort = kNameServerPort;

bool is_reverse(std::string_view name) {
  return name.ends_with(".in-addr.arpa") || name.ends_with(".ip6.arpa");
}

bool is_on_loopback(const Stub& stub) {
  return std::ranges::any_of(stub.to, [](const auto& to) { return to.ip.is_loopback(); });
}

// "PREFIX10.0.0.1MARK7753", the addresses joined by `between`; the usual port is left out.
std::string addresses(const Stub& stub, std::string_view prefix, std::string_view mark,
                      std::string_view between) {
  std::string out;
  for (const auto& [ip, port] : stub.to) {
    if (!out.empty()) out += between;
    const bool bracketed = mark == ":" && ip.is_v6() && port != kPort;
    out += prefix;
    out += bracketed ? "[" + ip.to_string() + "]" : ip.to_string();
    if (port != kPort) out += std::string(mark) + std::to_string(port);
  }
  return out;
}

std::string notes(const Stub& stub, std::string_view of_loopback) {
  std::string out;
  if (is_on_loopback(stub)) out += of_loopback;
  for (const auto& wildcard : stub.wildcards)
    out += "# import.hosts has " + wildcard + ": add the names of it that are asked for.\n";
  return out;
}

// What is kept is kept as long as the agent says and not longer. The least is zero: answers of a
// second, given while endpoints change, stay so.
std::string coredns_cache(const Stub& stub) {
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(stub.ttl).count();
  if (ttl < 1) return "    # No cache: dns.ttl is less than a second.\n";
  return "    cache " + std::to_string(ttl) + " {\n        success 1000 " + std::to_string(ttl) +
         " 0\n        denial 500 1 0\n    }\n";
}

std::string coredns_block(const Stub& stub) {
  std::string out;
  for (const auto& name : stub.names)
    out += (out.empty() ? "" : " ") + name + ":" + std::to_string(kPort);
  out += " {\n    errors\n";
  if (!stub.bind.empty()) {
    out += "    bind";
    for (const auto& ip : stub.bind) out += " " + ip.to_string();
    out += "\n";
  }
  out += coredns_cache(stub) + "    forward . " + addresses(stub, "", ":", " ") + " {\n";
  // Of one that is not asked any more there would be no answer at all.
  if (stub.to.size() == 1) out += "        max_fails 0\n";
  return out + "        prefer_udp\n    }\n}\n";
}

constexpr std::string_view kInPods =
    "# A pod has a loopback of its own: say with --to where pods reach the agent.\n";
constexpr std::string_view kOnNodes =
    "# It is on its node's network: each node's own agent is asked, a leaf with hostNetwork.\n";

std::string coredns_notes(const Stub& stub, std::string_view of_loopback = kInPods) {
  auto out = notes(stub, of_loopback) +
             "# Without `loadbalance`: the order of SRV records carries the tiers.\n";
  if (std::ranges::any_of(stub.names, is_reverse))
    out += "# Reverse names of these zones then come to the agent alone, which knows its endpoints.\n";
  return out;
}

std::string coredns(const Stub& stub) {
  return "# CoreDNS: a block of its own in the Corefile (in Kubernetes: ConfigMap coredns in "
         "kube-system).\n" +
         coredns_notes(stub) + coredns_block(stub);
}

std::string coredns_custom(const Stub& stub) {
  std::string out =
      "# CoreDNS whose Corefile imports custom/*.server (AKS, k3s): kubectl apply -f FILE, then\n"
      "# kubectl -n kube-system rollout restart deployment coredns\n" +
      coredns_notes(stub) +
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns-custom\n"
      "  namespace: kube-system\ndata:\n  nearmost.server: |\n";
  const auto block = coredns_block(stub);
  for (std::size_t at = 0; at < block.size();) {
    const auto end = block.find('\n', at);
    out += "    " + block.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string nodelocaldns(const Stub& stub) {
  return "# NodeLocal DNSCache: a block of its own in the Corefile of ConfigMap node-local-dns in\n"
         "# kube-system; it binds what the other blocks there bind.\n" +
         coredns_notes(stub, kOnNodes) + coredns_block(stub);
}

std::string dnsmasq(const Stub& stub) {
  std::string out =
      "# dnsmasq: /etc/dnsmasq.d/nearmost.conf\n" + notes(stub, "") +
      "# The second line of each name: its answers may be private addresses (stop-dns-rebind).\n";
  for (const auto& name : stub.names)
    out +=
        addresses(stub, "server=/" + name + "/", "#", "\n") + "\nrebind-domain-ok=/" + name + "/\n";
  return out;
}

std::string unbound(const Stub& stub) {
  std::string out =
      "# unbound: /etc/unbound/unbound.conf.d/nearmost.conf\n" + notes(stub, "") +
      "server:\n    # Nobody signs these names, and their addresses may be private.\n";
  for (const auto& name : stub.names) {
    out += "    domain-insecure: \"" + name + "\"\n    private-domain: \"" + name + "\"\n";
    // unbound has them itself, empty, where their addresses are private.
    if (is_reverse(name)) out += "    local-zone: \"" + name + ".\" transparent\n";
  }
  if (is_on_loopback(stub)) out += "    do-not-query-localhost: no\n";
  for (const auto& name : stub.names)
    out += "forward-zone:\n    name: \"" + name + "\"\n    " +
           addresses(stub, "forward-addr: ", "@", "\n    ") + "\n";
  return out;
}

std::string systemd_resolved(const Stub& stub) {
  std::string names;
  for (const auto& name : stub.names) names += (names.empty() ? "~" : " ~") + name;
  auto out =
      "# systemd-resolved: /etc/systemd/resolved.conf.d/nearmost.conf, then\n"
      "# systemctl restart systemd-resolved\n" +
      notes(stub, "");
  if (std::ranges::any_of(stub.to, [](const auto& to) { return to.port != kPort; }))
    out += "# A port takes systemd 246 or newer.\n";
  return out +
         "# With DNSSEC=yes: the names, one a line, in "
         "/etc/dnssec-trust-anchors.d/nearmost.negative\n"
         "[Resolve]\nDNS=" +
         addresses(stub, "", ":", " ") + "\nDomains=" + names + "\n";
}

struct Kind {
  std::string_view name;
  std::string (*write)(const Stub&);
  bool binds;
};

constexpr std::array kKinds{
    Kind{"coredns", coredns, false},          Kind{"coredns-custom", coredns_custom, false},
    Kind{"nodelocaldns", nodelocaldns, true}, Kind{"dnsmasq", dnsmasq, false},
    Kind{"unbound", unbound, false},          Kind{"systemd-resolved", systemd_resolved, false},
};

}  // namespace

std::vector<std::string_view> snippet_kinds() {
  std::vector<std::string_view> names;
  for (const auto& kind : kKinds) names.push_back(kind.name);
  return names;
}

Stub stub_of(const Config& config, const resources::Documents& documents) {
  const auto& zones = config.dns.zones;
  Stub stub;
  stub.names = zones;
  stub.to = config.dns.listen;
  stub.ttl = config.dns.ttl;
  std::vector<std::string> hosts;
  for (const auto& destination : documents.virtual_destinations)
    for (const auto& host : destination.hosts)
      if (!host.starts_with('*')) hosts.push_back(host);  // outside the zones none is answered
  for (const auto& host : config.import_.hosts)
    (host.starts_with('*') ? stub.wildcards : hosts).push_back(host);
  std::erase_if(hosts, [&](const auto& host) { return discovery::is_inside(host, zones); });
  std::ranges::sort(hosts);
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  stub.names.insert(stub.names.end(), hosts.begin(), hosts.end());
  return stub;
}

base::Result<std::string> snippet(std::string_view kind, const Stub& stub) {
  const auto at = std::ranges::find(kKinds, kind, &Kind::name);
  if (at == kKinds.end())
    return base::invalid("no kind " + std::string(kind) + ": one of " +
                         resources::joined(snippet_kinds()));
  if (at->binds && stub.bind.empty())
    return base::invalid(std::string(kind) +
                         " needs --bind: the addresses that the other blocks of its Corefile bind "
                         "(169.254.20.10, and often the address of the kube-dns Service)");
  if (!at->binds && !stub.bind.empty()) return base::invalid("--bind is for nodelocaldns alone");
  return at->write(stub);
}

}  // namespace agent
