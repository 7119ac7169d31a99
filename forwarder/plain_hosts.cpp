#include "forwarder/plain_hosts.hpp"

#include <algorithm>
#include <utility>

#include "forwarder/destination_names.hpp"

namespace forwarder {
namespace {

const std::string& host_of(const PlainHosts::Source& destination) {
  return destination->destination->host;
}

std::shared_ptr<const VirtualHost> virtual_host(Entries entries) {
  auto host = std::make_shared<VirtualHost>();
  const auto list = std::make_shared<const Entries>(std::move(entries));
  host->hold(list);
  for (const auto& entry : *list) host->add(entry);
  host->seal();
  return host;
}

// What no forwarder can do for it.
std::vector<std::string> notes_of(const discovery::view::Destination& destination) {
  std::vector<std::string> notes;
  for (const auto& port : destination.ports)
    if (!discovery::view::is_http1(port.protocol))
      notes.push_back("port " + std::to_string(port.number) + " (" + port.protocol + ") of " +
                      destination.host + " is not forwarded");
  return notes;
}

}  // namespace

bool opens_ports(const discovery::view::Destination& destination, std::string_view cluster) {
  return destination.cluster == cluster ||
         destination.door.kind == discovery::view::Door::Kind::forwarder ||
         std::any_of(destination.services.begin(), destination.services.end(),
                     [&](const auto& service) { return service->cluster == cluster; });
}

Entries own_entries(const KeptUpstreams::Source& destination, Upstreams& upstreams,
                    const std::shared_ptr<const Addresses>& only_from) {
  Entries entries;
  for (const auto& port : destination->destination->ports) {
    if (!discovery::view::is_http1(port.protocol)) continue;
    const auto upstream = upstreams.of(destination, port);
    const auto& name = upstreams.name(upstream);
    ForwardAction action;
    action.destinations.push_back({name, upstream, host_of(destination), 100});
    Entry entry;
    entry.matcher.port = port.number;
    entry.matcher.only_from = only_from;
    entry.route = std::make_shared<const Route>(Route{"destination " + name, std::move(action)});
    entries.push_back(std::move(entry));
  }
  return entries;
}

UpstreamId upstream_of(const Entry& entry) {
  return std::get<ForwardAction>(entry.route->action).destinations.front().upstream;
}

void PlainHosts::begin(const std::string& cluster) {
  before_ = std::exchange(known_, {});
  changed_ = cluster_ != cluster;
  if (changed_) before_.clear();
  cluster_ = cluster;
  known_.reserve(before_.size());
  at_ = 0;
}

void PlainHosts::add(const Source& destination, bool named, Upstreams& upstreams,
                     KeptUpstreams& kept) {
  // As a rule the same one stands here, and is not looked at.
  while (at_ < before_.size() && before_[at_].destination != destination &&
         host_of(before_[at_].destination) < host_of(destination))
    leave_out(before_[at_++], kept);
  auto* before = at_ < before_.size() && (before_[at_].destination == destination ||
                                          host_of(before_[at_].destination) == host_of(destination))
                     ? &before_[at_++]
                     : nullptr;
  if (!before || before->destination != destination) kept.outdate(host_of(destination));
  const bool same = before && before->named == named &&
                    (before->destination == destination ||
                     (look_alike(*before->destination->destination, *destination->destination) &&
                      before->opens_ports == opens_ports(*destination->destination, cluster_)));
  if (!same) {
    changed_ = true;
    known_.push_back(make(destination, named, upstreams));
    return;
  }
  for (const auto upstream : before->upstreams) kept.keep(upstream);
  known_.push_back(std::move(*before));
  known_.back().destination = destination;
}

PlainHosts::Known PlainHosts::make(const Source& resolved, bool named, Upstreams& upstreams) const {
  const auto& destination = *resolved->destination;
  if (!destination.has_host()) return {resolved, named, false, {}, nullptr, {}};
  Known known{resolved, named,   opens_ports(destination, cluster_),
              {},       nullptr, notes_of(destination)};
  // Clients of a headless service choose an endpoint themselves and never come here.
  if (named || destination.headless) return known;
  auto entries = own_entries(resolved, upstreams, nullptr);
  if (entries.empty()) return known;
  for (const auto& entry : entries) known.upstreams.push_back(upstream_of(entry));
  known.host =
      std::make_shared<const Host>(Host{destination.host, virtual_host(std::move(entries))});
  return known;
}

void PlainHosts::leave_out(const Known& gone, KeptUpstreams& kept) {
  kept.outdate(host_of(gone.destination));
  changed_ = true;
}

void PlainHosts::end(KeptUpstreams& kept) {
  while (at_ < before_.size()) leave_out(before_[at_++], kept);
  before_.clear();
  if (!changed_) return;
  Hosts::List hosts;
  ports_.clear();
  for (const auto& known : known_) {
    if (!known.host) continue;
    hosts.push_back(known.host);
    if (!known.opens_ports) continue;
    for (const auto* entry : known.host->routes->entries()) ports_.insert(entry->matcher.port);
  }
  hosts_ = std::make_shared<const Hosts>(std::move(hosts), *hosts_);
}

void PlainHosts::add_statuses(Statuses& statuses) const {
  for (const auto& known : known_)
    if (!known.notes.empty())
      statuses.push_back(DocumentStatus{known.destination->destination->defined_by,
                                        DocumentStatus::State::accepted, known.notes});
}

}  // namespace forwarder
