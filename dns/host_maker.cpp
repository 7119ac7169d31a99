#include "dns/host_maker.hpp"

#include <algorithm>

#include "dns/dashed.hpp"
#include "dns/naming.hpp"

namespace dns {
namespace {

namespace view = discovery::view;

constexpr std::uint16_t kNoQuota = 0xffff;
constexpr std::uint32_t kNoName = ~std::uint32_t{0};  // for a pod: it would be too long

bool same_choices(const std::vector<view::Choice>& a, const std::vector<view::Choice>& b) {
  return std::ranges::equal(a, b, [](const view::Choice& x, const view::Choice& y) {
    return x.service == y.service && x.index == y.index && x.stale == y.stale;
  });
}

// Whether callers of two classes are answered alike.
bool same_answers(const view::Selection& a, const view::Selection& b) {
  return a.fail_open == b.fail_open && a.degraded == b.degraded &&
         a.left_out.size() == b.left_out.size() &&
         std::ranges::equal(a.tiers, b.tiers, [](const view::Tier& x, const view::Tier& y) {
           return x.share == y.share && same_choices(x.endpoints, y.endpoints);
         });
}

// A pod with two addresses is one target.
bool same_record(const Target& a, const Target& b) {
  return a.pod == b.pod && a.port == b.port && (a.pod != 0 || a.member == b.member);
}

}  // namespace

HostMaker::HostMaker(const ZoneConfig& config) : config_(config) {}

std::shared_ptr<const Host> HostMaker::destination(
    std::shared_ptr<const view::ResolvedDestination> resolved, const Name& name) {
  begin(*resolved, name);
  add_labels();
  if (destination_->door.kind == view::Door::Kind::forwarder) {
    answer_forwarder();
    return std::make_shared<const Host>(std::move(resolved), Host::Door::forwarder,
                                        writer_.finish());
  }
  if (destination_->headless) add_pods();
  std::vector<const view::Selection*> different;
  for (const auto& selection : resolved->by_class) {
    const auto same = std::ranges::find_if(
        different, [&](const auto* earlier) { return same_answers(*earlier, selection); });
    parts_.answer_of_class.push_back(static_cast<std::uint8_t>(same - different.begin()));
    if (same != different.end()) continue;
    different.push_back(&selection);
    answer_endpoints(selection);
  }
  return std::make_shared<const Host>(std::move(resolved), Host::Door::endpoints, writer_.finish());
}

std::shared_ptr<const Host> HostMaker::name_server(const std::vector<base::IpAddress>& addresses) {
  writer_.clear();
  add_addresses(addresses, kNoQuota);
  return std::make_shared<const Host>(nullptr, Host::Door::name_server, writer_.finish());
}

std::shared_ptr<const Host> HostMaker::reverse(const Reverse::Names& names) {
  writer_.clear();
  for (const auto& name : names) parts_.labels.push_back({writer_.put_text(name), 0});
  parts_.answers.push_back({.ttl = wire_ttl(config_.ttl)});
  return std::make_shared<const Host>(nullptr, Host::Door::reverse, writer_.finish());
}

void HostMaker::begin(const view::ResolvedDestination& resolved, const Name& name) {
  resolved_ = &resolved;
  destination_ = resolved.destination.get();
  room_ = room_before(name);
  services_.clear();
  pod_of_.clear();
  silent_.clear();
  writer_.clear();
}

void HostMaker::add_labels() {
  std::vector<std::vector<std::size_t>> different;
  for (const auto& [wire, ports] : port_labels(destination_->ports, room_)) {
    const auto same = std::ranges::find(different, ports) - different.begin();
    parts_.labels.push_back({writer_.put_text(wire), size32(static_cast<std::size_t>(same))});
    if (static_cast<std::size_t>(same) < different.size()) continue;
    different.push_back(ports);
    services_.emplace_back();
    for (const auto port : ports) services_.back().push_back(&destination_->ports[port]);
  }
}

// Those left out have names, too.
void HostMaker::add_pods() {
  std::vector<std::pair<base::Bytes, const view::Endpoint*>> named;
  const auto add = [&](const view::Endpoint& endpoint) {
    if (endpoint.traits->hostname.empty() || !pod_of_.emplace(&endpoint, kNoName).second) return;
    if (auto labels = pod_labels(endpoint, room_))
      named.emplace_back(std::move(*labels), &endpoint);
  };
  for (const auto& selection : resolved_->by_class) {
    for (const auto& tier : selection.tiers)
      for (const auto& choice : tier.endpoints) add(choice.endpoint());
    for (const auto& choice : selection.left_out) add(choice.endpoint());
  }
  std::ranges::sort(named);
  std::vector<std::string_view> clusters;
  for (std::size_t i = 0; i < named.size(); ++i) {
    const std::string_view labels = named[i].first;
    if (i == 0 || labels != named[i - 1].first) parts_.pods.push_back(writer_.put_text(labels));
    pod_of_[named[i].second] = size32(parts_.pods.size());
    clusters.push_back(labels.substr(static_cast<std::uint8_t>(labels[0]) + std::size_t{1}));
  }
  std::ranges::sort(clusters);
  clusters.erase(std::unique(clusters.begin(), clusters.end()), clusters.end());
  for (const auto cluster : clusters) parts_.clusters.push_back(writer_.put_text(cluster));
}

void HostMaker::add_addresses(const std::vector<base::IpAddress>& addresses, std::uint16_t quota) {
  Answer answer{.ttl = wire_ttl(config_.ttl)};
  items_.clear();
  for (const auto& ip : addresses) items_.push_back({.ip = &ip});
  const auto band = writer_.add_band(items_);
  if (!items_.empty()) parts_.bands.push_back(band);
  answer.bands.count = size32(parts_.bands.size());
  const auto family = [&](Range members) {
    drawn_.clear();
    if (members.count > 0) drawn_.push_back({writer_.tier_of(members, 0)});
    for (auto& [tier, share] : drawn_) tier.quota = quota;
    return writer_.put_tiers(drawn_);
  };
  answer.a = family({band.first, band.v4});
  answer.aaaa = family({band.first + band.v4, band.v6});
  parts_.answers.push_back(answer);
}

void HostMaker::answer_forwarder() {
  add_addresses(destination_->door.addresses, quota());
  for (const auto& service : services_) {
    drawn_.clear();
    parts_.service_errors.push_back(0);
    Range targets{size32(parts_.targets.size()), 0};
    for (const auto* port : service) {
      if (view::is_http1(port->protocol))
        parts_.targets.push_back({.port = port->number}), ++targets.count;
      else
        parts_.service_errors.back() = writer_.put_option(
            Ede::other, "port " + std::to_string(port->number) +
                            " is not served: the forwarder is the door and speaks HTTP/1.1 only");
    }
    if (targets.count > 0) drawn_.push_back({{.members = targets}});
    share_out();
    parts_.services.push_back(writer_.put_tiers(drawn_));
  }
}

void HostMaker::answer_endpoints(const view::Selection& selection) {
  Answer answer{.ttl = wire_ttl(selection.degraded ? config_.degraded_ttl : config_.ttl),
                .ede = say_state(selection),
                .bands = {size32(parts_.bands.size()), size32(selection.tiers.size())},
                .first_service = size32(parts_.services.size()),
                .fail_open = selection.fail_open};
  choices_.clear();
  items_.clear();
  tiers_.clear();
  for (const auto& tier : selection.tiers) {
    const auto begin = items_.size();
    for (const auto& choice : tier.endpoints) {
      const auto& endpoint = choice.endpoint();
      choices_.push_back(&choice);
      items_.push_back(
          {&endpoint.ip, tier.weight_of(choice), choice.stale ? stale_option(choice) : OptionNumber{0}});
    }
    tiers_.push_back({begin, items_.size()});
    parts_.bands.push_back(writer_.add_band(std::span(items_).subspan(begin)));
  }
  add_families(selection, answer);
  for (const auto& service : services_) add_service(service, selection, answer);
  add_pod_members(answer);
  parts_.answers.push_back(answer);
}

// What is to be said beside the endpoints, or instead of them.
OptionNumber HostMaker::say_state(const view::Selection& selection) {
  std::size_t members = 0;
  for (const auto& tier : selection.tiers) members += tier.endpoints.size();
  if (members == 0)
    return writer_.put_option(
        Ede::other,
        "no endpoint: " + std::to_string(selection.left_out.size()) + " left out, see _explain");
  if (!selection.fail_open) return 0;
  return writer_.put_option(Ede::other, "none of " + std::to_string(members) +
                                            " endpoints is healthy: answering what there is");
}

OptionNumber HostMaker::stale_option(const view::Choice& choice) {
  const std::string& cluster = choice.endpoint().traits->cluster;
  auto& option = silent_[cluster];
  if (option == 0)
    option = writer_.put_option(Ede::stale_answer, "cluster " + cluster + " is silent");
  return option;
}

// Nobody knows a best tier among those that are all ill; a headless caller wants to see everyone:
// so all tiers are one. Else a family's traffic goes to those of the tiers in use that have it: A
// and AAAA are asked and drawn apart, and if each could come from a tier that lacks it, a name with
// healthy endpoints would now and then have no address at all. Where none in use has it, it is
// NODATA.
void HostMaker::add_families(const view::Selection& selection, Answer& answer) {
  const bool merged = destination_->headless || selection.fail_open;
  std::vector<Band> bands(parts_.bands.begin() + answer.bands.first, parts_.bands.end());
  if (merged && bands.size() > 1) {
    auto all = items_;
    bands = {writer_.add_band(all)};
  }
  const auto family = [&](const auto& members_of) {
    drawn_.clear();
    for (std::size_t i = 0; i < bands.size(); ++i) {
      const double share = merged ? 1 : selection.tiers[i].share;
      const Range members = members_of(bands[i]);
      if (members.count == 0 || share <= 0) continue;
      drawn_.push_back({writer_.tier_of(members, i), share});
      drawn_.back().tier.quota = quota();
    }
    return writer_.put_tiers(drawn_);
  };
  answer.a = family([](const Band& band) { return Range{band.first, band.v4}; });
  answer.aaaa = family([](const Band& band) { return Range{band.first + band.v4, band.v6}; });
}

// Only tiers that serve it. An SRV answer holds them all, so it is as stale as the first of them
// that is.
void HostMaker::add_service(const Service& service, const view::Selection& selection,
                            const Answer& answer) {
  drawn_.clear();
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    const Band& band = parts_.bands[answer.bands.first + i];
    auto tier = writer_.tier_of({band.first, band.v4 + band.v6}, i);
    if (!serve_alike(service, tiers_[i], tier.port)) tier.members = add_targets(service, tiers_[i]);
    if (tier.members.count > 0) drawn_.push_back({tier, selection.tiers[i].share});
  }
  const auto stale = std::ranges::find_if(drawn_, [](const Drawn& d) { return d.tier.stale; });
  for (auto& [tier, share] : drawn_)
    if (stale != drawn_.end() && !tier.stale) tier.stale = stale->tier.stale;
  share_out();
  parts_.services.push_back(writer_.put_tiers(drawn_));
}

// The usual case, for which no targets are kept: the service is one port, every member serves it
// under the same number, and is called by its address.
bool HostMaker::serve_alike(const Service& service, Place tier, std::uint16_t& port) const {
  if (service.size() != 1 || !parts_.pods.empty() || room_ <= kMaxDashed) return false;
  view::TargetPorts targets(*service[0]);
  for (auto i = tier.begin; i < tier.end; ++i) {
    const auto number = targets.of(*choices_[i]->service, choices_[i]->endpoint()).value_or(0);
    if (number == 0 || (port != 0 && number != port)) return port = 0, false;
    port = number;
  }
  return true;
}

Range HostMaker::add_targets(const Service& service, Place tier) {
  auto& targets = parts_.targets;
  const auto first = targets.size();
  for (const auto* port : service) {
    view::TargetPorts target_ports(*port);
    for (auto i = tier.begin; i < tier.end; ++i) {
      const auto& endpoint = choices_[i]->endpoint();
      const auto number = target_ports.of(*choices_[i]->service, endpoint);
      const auto pod = pod_of(endpoint);
      if (number && has_name(items_[i], pod)) targets.push_back({pod, *number, items_[i].member});
    }
  }
  const auto begin = targets.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, targets.end());
  targets.erase(std::unique(begin, targets.end(), same_record), targets.end());
  return {size32(first), size32(targets.size() - first)};
}

void HostMaker::add_pod_members(Answer& answer) {
  if (parts_.pods.empty()) return;
  auto& members = parts_.pod_members;
  const auto first = members.size();
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (const auto pod = pod_of(choices_[i]->endpoint()); pod != kNoName)
      members.push_back({pod, items_[i].member});
  const auto begin = members.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, members.end());
  members.erase(std::unique(begin, members.end()), members.end());
  answer.pod_members = {size32(first), size32(members.size() - first)};
}

// How many SRV records each tier gives, so that fall-backs show beside a large best tier: an even
// part first, what is left over to the better ones.
void HostMaker::share_out() {
  const bool all = destination_->headless || config_.max_answers == 0;
  std::size_t left = all ? kNoQuota : config_.max_answers;
  const auto even = std::max<std::size_t>(1, left / std::max<std::size_t>(1, drawn_.size()));
  for (auto& [tier, share] : drawn_) {
    tier.quota = static_cast<std::uint16_t>(std::min<std::size_t>(tier.members.count, even));
    left -= std::min<std::size_t>(left, tier.quota);
  }
  for (auto& [tier, share] : drawn_) {
    const auto more = std::min<std::size_t>(left, tier.members.count - tier.quota);
    tier.quota = static_cast<std::uint16_t>(tier.quota + more);
    left -= more;
  }
}

// 0 = by its address.
std::uint32_t HostMaker::pod_of(const view::Endpoint& endpoint) const {
  const auto found = pod_of_.find(&endpoint);
  return found == pod_of_.end() ? 0 : found->second;
}

bool HostMaker::has_name(const Item& item, std::uint32_t pod) const {
  if (pod != 0) return pod != kNoName;
  return Dashed(item.ip->bytes()).text().size() < room_;
}

std::uint16_t HostMaker::quota() const {
  return destination_->headless || config_.max_answers == 0 ? kNoQuota : config_.max_answers;
}

}  // namespace dns
