#include "forwarder/gateways.hpp"

#include <algorithm>
#include <utility>

namespace forwarder {
namespace {

using resources::GatewayListener;
using resources::RouteTable;
using resources::Severity;
using resources::VirtualGateway;

std::string object(const VirtualGateway& gateway) {
  return "VirtualGateway " + name_of(gateway.metadata);
}

// Whether every name that `host` stands for is one of the pattern's.
bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == host || pattern == "*") return true;
  if (!pattern.starts_with('*')) return false;
  pattern.remove_prefix(1);
  return host.size() > pattern.size() && host.ends_with(pattern);
}

bool allows(const GatewayListener& listener, const RouteTable& table, std::string_view host) {
  return !listener.allowed || std::ranges::any_of(*listener.allowed, [&](const auto& one) {
    return (one.namespace_.empty() || one.namespace_ == table.metadata.namespace_) &&
           covers(one.host, host) &&
           (!one.selector || one.selector->matches(table.metadata, table.metadata.cluster));
  });
}

std::shared_ptr<const Hosts> all_to_https(const std::string& route) {
  auto entries = std::make_shared<Entries>();
  RedirectAction action;
  action.https = true;
  entries->emplace_back().route = std::make_shared<const Route>(Route{route, std::move(action)});
  auto host = std::make_shared<VirtualHost>();
  host->hold(entries);
  host->add(entries->front());
  host->seal();
  return std::make_shared<const Hosts>(
      Hosts::List{std::make_shared<const Host>(Host{"*", std::move(host)})}, Hosts());
}

}  // namespace

void Gateways::bind(const List& gateways, const KeptRoots& roots, resources::Problems& problems) {
  gateways_ = gateways;
  redirects_.clear();
  bound_.clear();
  notes_.clear();
  before_ = std::exchange(hosts_, {});
  for (const auto& gateway : gateways) bind(gateway, roots, problems);
  before_.clear();
  for (auto& [_, hosts] : hosts_) hosts.end();
  for (const auto& root : roots.roots())
    for (const auto& ref : root->table->virtual_gateways)
      if (std::ranges::none_of(gateways, [&](const auto& gateway) {
            return refers_to(ref, root->table->metadata, gateway.metadata);
          }))
        problems.push_back({Severity::warning, root->table->metadata.place,
                            "RouteTable " + name_of(*root->table), "spec.virtualGateways",
                            "VirtualGateway " + ref.name + " is not known here",
                            "put its document beside the table's"});
}

void Gateways::bind(const VirtualGateway& gateway, const KeptRoots& roots,
                    resources::Problems& problems) {
  served_.clear();
  for (std::size_t i = 0; i < gateway.listeners.size(); ++i) {
    const auto& listener = gateway.listeners[i];
    const auto field = "spec.listeners[" + std::to_string(i) + ']';
    if (listener.port == 0 || listener.kind == GatewayListener::Kind::unsupported) {
      notes_[&gateway].push_back(field + " is not opened");
      continue;
    }
    const auto port = "port " + std::to_string(listener.port);
    const bool redirects = listener.kind == GatewayListener::Kind::https_redirect;
    if (redirects ? hosts_.contains(listener.port) : redirects_.contains(listener.port)) {
      problems.push_back({Severity::warning, gateway.metadata.place, object(gateway), field,
                          port + " has a listener of the other kind, with httpsRedirect or "
                                 "without, which comes first: this one has no effect",
                          "give each a port of its own"});
      continue;
    }
    if (redirects) {
      redirects_[listener.port] = all_to_https(object(gateway) + ' ' + field + " httpsRedirect");
      notes_[&gateway].push_back(port + " leads to https");
      continue;
    }
    auto& hosts = open(listener.port);
    std::size_t tables = 0;
    for (const auto& root : roots.roots()) {
      if (!root->table->names(gateway)) continue;
      tables += bind(gateway, listener, *root, hosts, problems);
    }
    notes_[&gateway].push_back(port + " serves " + std::to_string(tables) +
                               (tables == 1 ? " route table" : " route tables"));
  }
  for (const auto& root : roots.roots())
    if (root->table->names(gateway)) warn_of_refused(gateway, *root, problems);
}

NamedHosts& Gateways::open(std::uint16_t port) {
  const auto [at, is_new] = hosts_.try_emplace(port);
  if (!is_new) return at->second;
  if (const auto before = before_.find(port); before != before_.end())
    at->second = std::move(before->second);
  at->second.begin();
  return at->second;
}

bool Gateways::bind(const VirtualGateway& gateway, const GatewayListener& listener,
                    const Root& root, NamedHosts& hosts, resources::Problems& problems) {
  const auto& table = *root.table;
  const auto allowed = [&](const std::string& host) {
    const bool is_allowed = allows(listener, table, host);
    if (is_allowed) served_.emplace(&table, host);
    return is_allowed;
  };
  const bool is_bound = hosts.add(root, problems, allowed);
  if (is_bound)
    bound_[&table].push_back(object(gateway) + " on port " + std::to_string(listener.port));
  return is_bound;
}

void Gateways::warn_of_refused(const VirtualGateway& gateway, const Root& root,
                               resources::Problems& problems) const {
  std::string refused;
  for (const auto& host : root.hosts)
    if (!served_.contains({root.table.get(), host}))
      refused += (refused.empty() ? "" : ", ") + host;
  if (!refused.empty())
    problems.push_back({Severity::warning, root.table->metadata.place,
                        "RouteTable " + name_of(*root.table), "spec.virtualGateways",
                        object(gateway) + " has no listener that allows it " + refused,
                        "see allowedRouteTables of the gateway"});
}

GatewayPorts Gateways::ports(const std::set<std::uint16_t>& mesh) const {
  std::map<std::uint16_t, std::shared_ptr<const Hosts>> all = redirects_;
  for (const auto& [port, hosts] : hosts_) all[port] = hosts.hosts();
  GatewayPorts ports;
  for (auto& [port, hosts] : all) ports.push_back({port, std::move(hosts), mesh.contains(port)});
  return ports;
}

std::vector<std::string> Gateways::bound(const RouteTable& table) const {
  const auto found = bound_.find(&table);
  return found == bound_.end() ? std::vector<std::string>() : found->second;
}

void Gateways::report(const resources::Problems& problems, Statuses& statuses) const {
  for (const auto& gateway : gateways_) {
    auto status = status_of(object(gateway), problems);
    if (const auto notes = notes_.find(&gateway); notes != notes_.end())
      status.notes = notes->second;
    statuses.push_back(std::move(status));
  }
}

}  // namespace forwarder
