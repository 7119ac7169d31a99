#include "agent/config_pass_on.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "agent/config_values.hpp"

namespace agent {
namespace {

using resources::Fields;
using resources::Value;

// systemd-resolved listens there and asks the servers that its own file names; where this agent is
// one of them, a query would go round for ever.
const base::IpAddress kResolved = base::IpAddress::v4(0x7f000035);
constexpr std::string_view kResolvedsFile = "/run/systemd/resolve/resolv.conf";

struct ZoneName {};    // a name, or "." for all
struct NameServer {};  // an address, with port 53 unless it says another

void read(const Value& value, std::string& out, const ZoneName&) {
  std::string text;
  resources::read(value, text);
  if (text == ".")
    out = text;
  else
    read(value, out, kName);
}

void read(const Value& value, base::SocketAddress& out, const NameServer&) {
  std::string text;
  resources::read(value, text);
  if (!value.node().is_scalar()) return;
  if (const auto ip = base::IpAddress::parse(text))
    out = {*ip, kNameServerPort};
  else if (const auto address = base::SocketAddress::parse(text))
    out = *address;
  else
    return value.error(resources::quoted(text) + " is not the address of a DNS server",
                       "write it like 10.0.0.10 or 10.0.0.10:5353, or name a file: "
                       "/etc/resolv.conf");
  if (out.ip.is_unspecified() || out.ip.is_multicast() || out.port == 0)
    value.error(resources::quoted(text) + ": nobody can be asked there", "name one server");
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

void read_resolv_conf(const Value& value, PassOnConfig& out) {
  resources::read(value, out.file);
  if (!exists(out.file))
    return value.error(out.file + " does not exist", "name the servers: to: [10.0.0.10]");
  out.to = name_servers(text_of(out.file));
  const auto is_resolved = [](const auto& server) { return server.ip == kResolved; };
  if (std::ranges::any_of(out.to, is_resolved)) {
    const auto behind = name_servers(text_of(std::string(kResolvedsFile)));
    std::erase_if(out.to, is_resolved);
    out.to.insert(out.to.end(), behind.begin(), behind.end());
  }
  if (out.to.empty())
    value.error(out.file + " names no server that could be asked",
                "name the servers: to: [10.0.0.10]");
}

void read_rule(const Value& value, PassOnConfig& out) {
  Fields fields(value);
  fields.required("zone", out.zone, ZoneName{});
  const auto to = fields.find("to");
  if (!to) return fields.missing("to");
  const bool is_file = to->node().is_scalar() && to->node().text.starts_with('/');
  if (is_file)
    read_resolv_conf(*to, out);
  else
    read_one_or_more(*to, out.to, NameServer{});
  if (to->node().is_list() && out.to.empty()) to->error("no servers", "name one at the least");
  if (out.to.size() > kMaxUpstreams)
    to->error(std::to_string(out.to.size()) + " servers, at most " + std::to_string(kMaxUpstreams));
}

bool lies_in(std::string_view name, std::string_view zone) {
  return name == zone || (name.ends_with(zone) && name.size() > zone.size() &&
                          name[name.size() - zone.size() - 1] == '.');
}

}  // namespace

std::vector<base::Cidr> local_networks() {
  std::vector<base::Cidr> networks;
  for (const auto* text : {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                           "169.254.0.0/16", "::1/128", "fe80::/10", "fc00::/7"})
    networks.push_back(base::Cidr::parse(text).value());
  return networks;
}

std::vector<base::SocketAddress> name_servers(std::string_view resolv_conf) {
  std::vector<base::SocketAddress> servers;
  std::istringstream lines{std::string(resolv_conf)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword, address;
    if (!(words >> keyword >> address) || keyword != "nameserver") continue;
    const auto ip = base::IpAddress::parse(address);
    const base::SocketAddress server{ip.ok() ? *ip : base::IpAddress(), kNameServerPort};
    if (ip.ok() && std::ranges::find(servers, server) == servers.end()) servers.push_back(server);
  }
  return servers;
}

void read_pass_on(const Value& value, std::vector<PassOnConfig>& out) {
  if (!value.node().is_list()) return value.expected("a list");
  out.clear();
  for (const auto& item : value.node().children) {
    const Value rule(item, value);
    read_rule(rule, out.emplace_back());
    const auto before = out.end() - 1;
    if (std::find_if(out.begin(), before,
                     [&](const auto& other) { return other.zone == before->zone; }) != before)
      rule.error("zone " + before->zone + " twice", "name all its servers in one rule");
  }
}

void check_pass_on(const Value& value, const DnsConfig& dns) {
  for (std::size_t i = 0; i < std::min(dns.pass_on.size(), value.node().children.size()); ++i) {
    const Value rule(value.node().children[i], value);
    const auto& [zone, to, file] = dns.pass_on[i];
    const auto* node = resources::find_field(rule.node(), "to");
    const Value place(node ? *node : rule.node(), rule);
    for (const auto& server : to) {
      if (std::ranges::find(dns.listen, server) != dns.listen.end())
        place.error(server.to_string() + " is this agent's own dns.listen",
                    "name the servers that answer for other names" +
                        (file.empty() ? std::string() : ", in place of " + file));
      else if (server.ip == kResolved && file.empty())
        place.error(server.to_string() + " is systemd-resolved, which may ask this agent again",
                    "write `to: " + std::string(kResolvedsFile) + "`, or the servers in it");
    }
    for (const auto& ours : dns.zones)
      if (lies_in(zone, ours))
        rule.warn("names in " + zone + " are answered here: " + ours + " is in dns.zones",
                  "take it out of one of the two");
  }
}

}  // namespace agent
