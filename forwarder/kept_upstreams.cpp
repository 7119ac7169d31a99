#include "forwarder/kept_upstreams.hpp"

#include <algorithm>

namespace forwarder {
namespace {

template <class State>
std::shared_ptr<State> lock_or_make(std::weak_ptr<State>& known) {
  auto state = known.lock();
  if (!state) known = state = std::make_shared<State>();
  return state;
}

}  // namespace

std::uint64_t KeptUpstreams::begin_table(base::TimePoint now) {
  // What no zone names is resolved with each table.
  outdate("");
  return table_ = slots_.begin_table(now);
}

void KeptUpstreams::outdate(std::string_view host) {
  const auto found = by_host_.find(std::string(host));
  if (found == by_host_.end()) return;
  for (const auto id : found->second) kept_[id].outdated = true;
}

void KeptUpstreams::outdate_all() {
  for (auto& kept : kept_) kept.outdated = true;
}

KeptUpstreams::Port KeptUpstreams::port_of(const Recipe& recipe) {
  return {recipe.host.empty() ? recipe.namespace_ + '/' + recipe.name : recipe.host,
          recipe.port.number};
}

std::shared_ptr<InFlight> KeptUpstreams::in_flight(const Recipe& recipe) {
  return lock_or_make(in_flight_[port_of(recipe)]);
}

std::shared_ptr<Outlier> KeptUpstreams::outlier(const Recipe& recipe,
                                                const base::SocketAddress& address) {
  return lock_or_make(outliers_[{port_of(recipe), address}]);
}

UpstreamId KeptUpstreams::find(const std::string& name, const Recipe& recipe) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return kNoUpstream;
  auto& kept = kept_[known->second];
  if (kept.outdated || kept.recipe != recipe) return kNoUpstream;
  kept.table = table_;
  return known->second;
}

UpstreamId KeptUpstreams::put(Recipe recipe, std::shared_ptr<Upstream> upstream) {
  const auto id = place_of(upstream->name);
  upstream->id = id;
  auto& kept = kept_[id];
  if (!upstreams_[id] || kept.recipe.host != recipe.host) {
    if (upstreams_[id]) std::erase(by_host_[kept.recipe.host], id);
    by_host_[recipe.host].push_back(id);
  }
  if (upstreams_[id]) release(*upstreams_[id]);
  upstreams_[id] = std::move(upstream);
  kept = {std::move(recipe), table_, false};
  return id;
}

UpstreamId KeptUpstreams::place_of(const std::string& name) {
  const auto [known, is_new] = by_name_.try_emplace(name, kNoUpstream);
  if (!is_new) return known->second;
  if (free_.empty()) {
    free_.push_back(static_cast<UpstreamId>(kept_.size()));
    kept_.emplace_back();
    upstreams_.emplace_back();
  }
  known->second = free_.back();
  free_.pop_back();
  return known->second;
}

std::vector<UpstreamId> KeptUpstreams::outdated() const {
  std::vector<UpstreamId> found;
  for (UpstreamId id = 0; id < kept_.size(); ++id)
    if (kept_[id].outdated && kept_[id].table == table_) found.push_back(id);
  return found;
}

void KeptUpstreams::end_table() {
  for (UpstreamId id = 0; id < kept_.size(); ++id)
    if (upstreams_[id] && kept_[id].table != table_) drop(id);
  sweep();
  slots_.end_table();
}

void KeptUpstreams::sweep() {
  const auto entries = [this] { return outliers_.size() + in_flight_.size(); };
  if (entries() < sweep_at_) return;
  const auto expired = [](const auto& known) { return known.second.expired(); };
  std::erase_if(outliers_, expired);
  std::erase_if(in_flight_, expired);
  sweep_at_ = std::max(kFirstSweep, 2 * entries());
}

void KeptUpstreams::drop(UpstreamId id) {
  release(*upstreams_[id]);
  by_name_.erase(upstreams_[id]->name);
  const auto of_host = by_host_.find(kept_[id].recipe.host);
  std::erase(of_host->second, id);
  if (of_host->second.empty()) by_host_.erase(of_host);
  upstreams_[id] = nullptr;
  kept_[id] = {};
  free_.push_back(id);
}

void KeptUpstreams::release(const Upstream& upstream) {
  for (const auto& tier : upstream.tiers)
    for (const auto& member : tier.members) slots_.release(member.slot);
}

}  // namespace forwarder
