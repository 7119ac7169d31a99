#include "dns/table_builder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dns/dashed.hpp"
#include "dns/record.hpp"

namespace dns {
namespace {

namespace view = discovery::view;

std::string_view host_of(const std::shared_ptr<const view::ResolvedDestination>& resolved) {
  return resolved->destination->host;
}

// All names that derive() knows.
std::set<Name> derived_names(const Host& host, const Name& name) {
  std::set<Name> names;
  const auto text = [](std::span<const std::uint8_t> label) {
    return base::as_text(label.subspan(1, label[0]));
  };
  const auto add = [&](const std::optional<Name>& parent, std::string_view label) {
    if (const auto child = parent ? parent->child(label) : std::nullopt) names.insert(*child);
  };
  add(name, "_explain");
  for (const auto& label : host.labels()) add(name.child("_tcp"), text(host.label(label.text)));
  for (std::uint32_t pod = 1; pod <= host.pods(); ++pod) {
    const auto labels = host.pod(pod);
    add(name.child(text(parent_of(labels))), text(labels));
  }
  if (host.door() != Host::Door::endpoints) return names;
  for (const auto& answer : host.answers())
    for (const auto& band : host.bands(answer))
      for (auto member = band.first; member < band.first + band.v4 + band.v6; ++member)
        if (host.is_called_by_address(answer, member))
          add(name, Dashed(host.address(band, member)).text());
  return names;
}

}  // namespace

std::unique_ptr<const Table> TableBuilder::build(std::shared_ptr<const view::Resolution> resolution,
                                                 const ZoneConfig& config) {
  if (config_ != config) configure(config);
  auto changes = renew(resolution->destinations);
  if (zones_ && std::ranges::none_of(changes, [&](const Change& c) { return moves_zones(c); }))
    index(std::move(changes));
  else
    index_anew();

  std::unique_ptr<Table> table(new Table);
  table->resolution_ = std::move(resolution);
  table->index_ = index_;
  table->nested_ = nested_;
  table->wildcards_ = wildcards_ > 0;
  table->zones_ = zones_;
  if (!config.software.empty())
    table->chaos_version_ = text_record(config.software, Class::chaos, 0);
  if (!config.agent.empty()) table->chaos_identity_ = text_record(config.agent, Class::chaos, 0);
  table->pass_on_ = pass_on_;
  table->trusted_forwarders_ = config.trusted_forwarders;
  table->narrower_ = narrower_;
  table->problems_ = problems();
  return table;
}

// Forgets all: every record may look otherwise.
void TableBuilder::configure(const ZoneConfig& config) {
  config_ = config;
  maker_.emplace(config);
  name_server_ = maker_->name_server(config.ns_addresses);
  pass_on_ = PassOnRules::make(config);
  narrower_ = std::make_shared<const Narrower>(config);
  configured_.clear();
  config_problems_.clear();
  for (const auto& zone : config.zones) {
    if (const auto name = Name::parse(zone); name.ok())
      configured_.push_back(*name);
    else
      config_problems_.push_back("dns.zones: " + name.error().message);
  }
  reverse_.emplace(configured_);
  kept_.clear();
  wildcards_ = 0;
  bad_hosts_.clear();
  zones_ = nullptr;
}

std::vector<TableBuilder::Change> TableBuilder::renew(const std::vector<Resolved>& destinations) {
  std::vector<Change> changes;
  // As a rule the same hosts are there, most of them the same objects.
  std::size_t same = 0;
  for (; same < std::min(kept_.size(), destinations.size()); ++same) {
    auto& kept = kept_[same];
    if (kept.resolved == destinations[same]) continue;
    if (host_of(kept.resolved) != host_of(destinations[same])) break;
    kept.resolved = destinations[same];
    make(kept, true, changes);
  }
  if (same == kept_.size() && same == destinations.size()) return changes;

  const auto from = kept_.begin() + static_cast<std::ptrdiff_t>(same);
  std::vector<Kept> old(std::make_move_iterator(from), std::make_move_iterator(kept_.end()));
  kept_.resize(same);
  kept_.reserve(destinations.size());
  auto before = old.begin();
  for (std::size_t i = same; i < destinations.size(); ++i) {
    while (before != old.end() && host_of(before->resolved) < host_of(destinations[i]))
      drop(*before++, changes);
    const bool known = before != old.end() && host_of(before->resolved) == host_of(destinations[i]);
    if (known && before->resolved == destinations[i]) {
      kept_.push_back(std::move(*before++));
      continue;
    }
    make(kept_.emplace_back(Kept{destinations[i], known ? before->host : nullptr}), known, changes);
    if (known) ++before;
  }
  while (before != old.end()) drop(*before++, changes);
  return changes;
}

void TableBuilder::make(Kept& kept, bool known, std::vector<Change>& changes) {
  if (!kept.resolved->destination->has_host()) return;
  const std::string host(host_of(kept.resolved));
  const auto name = Name::parse(host);
  if (!name.ok()) {
    bad_hosts_[host] = name.error().message;
    return;
  }
  if (name->is_wildcard() && !is_inside(*name)) {
    bad_hosts_[host] = host + " is outside dns.zones, where wildcards are not served";
    return;
  }
  const auto before = std::exchange(kept.host, maker_->destination(kept.resolved, *name));
  if (!before && name->is_wildcard()) ++wildcards_;
  reverse_->change(before.get(), kept.host.get(), *name);
  changes.push_back({*name, kept.host, known});
}

void TableBuilder::drop(const Kept& kept, std::vector<Change>& changes) {
  const std::string host(host_of(kept.resolved));
  if (!kept.host) {
    bad_hosts_.erase(host);
    return;
  }
  changes.push_back({Name::parse(host).value(), nullptr, true});
  if (changes.back().name.is_wildcard()) --wildcards_;
  reverse_->change(kept.host.get(), nullptr, changes.back().name);
}

bool TableBuilder::is_inside(const Name& name) const {
  return std::ranges::any_of(configured_, [&](const Name& zone) { return name.is_within(zone); });
}

bool TableBuilder::is_host(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      kept_, name, {}, [](const Kept& kept) { return host_of(kept.resolved); });
  return found != kept_.end() && host_of(found->resolved) == name;
}

std::vector<std::string> TableBuilder::problems() {
  auto all = config_problems_;
  for (const auto& [host, problem] : bad_hosts_) all.push_back(problem);
  all.insert(all.end(), zone_problems_.begin(), zone_problems_.end());
  for (auto at = crowded_.begin(); at != crowded_.end();) {
    const auto* node = index_.find(at->wire());
    if (!node || !node->host || node->children == 0) {
      at = crowded_.erase(at);
      continue;
    }
    for (const auto& name : derived_names(*node->host, *at))
      if (const auto* other = index_.find(name.wire());
          other && other->host && other->host->is_destination())
        all.push_back(name.to_string() + " is a host of its own, not an endpoint or port of " +
                      at->to_string());
    ++at;
  }
  return all;
}

}  // namespace dns
