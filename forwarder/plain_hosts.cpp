#include "forwarder/plain_hosts.hpp"

#include <algorithm>
#include <utility>

namespace forwarder {
namespace {

const std::string& host_of(const PlainHosts::Source& destination) {
  return destination->destination->host;
}

std::shared_ptr<const VirtualHost> virtual_host(std::vector<Entry> entries) {
  auto host = std::make_shared<VirtualHost>();
  host->entries = std::move(entries);
  for (const auto& entry : host->entries) host->index.add(entry.matcher);
  host->index.seal();
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

std::vector<Entry> own_entries(const KeptUpstreams::Source& destination, Upstreams& upstreams,
                               const std::shared_ptr<const Addresses>& only_from) {
  std::vector<Entry> entries;
  for (const auto& port : destination->destination->ports) {
    if (!discovery::view::is_http1(port.protocol)) continue;
    auto upstream = upstreams.of(destination, port);
    ForwardAction action;
    action.destinations.push_back({upstream->name, upstream, host_of(destination), 100, 0});
    fail_over(action.destinations);
    Entry entry;
    entry.matcher.port = port.number;
    entry.matcher.only_from = only_from;
    entry.route =
        std::make_shared<const Route>(Route{"destination " + upstream->name, std::move(action)});
    entries.push_back(std::move(entry));
  }
  return entries;
}

void PlainHosts::begin(const std::string& cluster) {
  before_ = std::exchange(known_, {});
  if (cluster_ != cluster) before_.clear();
  cluster_ = cluster;
  known_.reserve(before_.size());
  at_ = 0;
}

void PlainHosts::add(const Source& destination, bool named, Upstreams& upstreams,
                     KeptUpstreams& kept) {
  // As a rule the same one stands here, and is not looked at.
  while (at_ < before_.size() && before_[at_].destination != destination &&
         host_of(before_[at_].destination) < host_of(destination))
    ++at_;
  const bool same = at_ < before_.size() && before_[at_].destination == destination &&
                    before_[at_].named == named;
  if (!same) {
    known_.push_back(make(destination, named, upstreams, kept));
    return;
  }
  for (const auto upstream : before_[at_].upstreams) kept.keep(upstream);
  known_.push_back(std::move(before_[at_++]));
}

PlainHosts::Known PlainHosts::make(const Source& resolved, bool named, Upstreams& upstreams,
                                   KeptUpstreams& kept) const {
  const auto& destination = *resolved->destination;
  Known known{resolved, named, {}, {}, nullptr, notes_of(destination)};
  // Clients of a headless service choose an endpoint themselves and never come here.
  if (named || destination.headless) return known;
  auto entries = own_entries(resolved, upstreams, nullptr);
  if (entries.empty()) return known;
  for (const auto& entry : entries) {
    known.upstreams.push_back(
        kept.handle(std::get<ForwardAction>(entry.route->action).destinations.front().name));
    if (opens_ports(destination, cluster_)) known.ports.push_back(entry.matcher.port);
  }
  known.host = std::make_shared<const Routes::Host>(
      Routes::Host{destination.host, virtual_host(std::move(entries))});
  return known;
}

void PlainHosts::end() {
  before_.clear();
  const auto same_names = [&] {
    std::size_t n = 0;
    for (const auto& known : known_) {
      if (!known.host) continue;
      if (n == hosts_.size() ||
          (hosts_[n] != known.host && hosts_[n]->pattern != known.host->pattern))
        return false;
      ++n;
    }
    return n == hosts_.size();
  }();
  hosts_.clear();
  for (const auto& known : known_)
    if (known.host) hosts_.push_back(known.host);
  if (index_ && same_names) return;
  auto index = std::make_shared<HostIndex>();
  for (std::uint32_t n = 0; n < hosts_.size(); ++n) index->add(hosts_[n]->pattern, n);
  index->seal();
  index_ = std::move(index);
}

void PlainHosts::add_ports(std::set<std::uint16_t>& ports) const {
  for (const auto& known : known_) ports.insert(known.ports.begin(), known.ports.end());
}

void PlainHosts::add_statuses(std::vector<DocumentStatus>& statuses) const {
  for (const auto& known : known_)
    if (!known.notes.empty())
      statuses.push_back({known.destination->destination->defined_by,
                          DocumentStatus::State::accepted, known.notes});
}

}  // namespace forwarder
