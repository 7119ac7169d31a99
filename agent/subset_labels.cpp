#include "agent/subset_labels.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "discovery/of_itself.hpp"
#include "discovery/row_check.hpp"
#include "discovery/view/endpoint.hpp"

namespace agent {
namespace {

using Keys = SubsetLabels::Keys;

bool has_all(const Keys& keys, const Keys& wanted) { return std::ranges::includes(keys, wanted); }

Keys keys_in(const resources::Documents& documents) {
  std::set<std::string> keys;
  const auto add = [&](const resources::DestinationRef& destination) {
    for (const auto& [key, value] : destination.subset) keys.insert(key);
  };
  for (const auto& table : documents.route_tables) {
    if (table.default_destination) add(*table.default_destination);
    for (const auto& route : table.http)
      if (const auto* forward = std::get_if<resources::ForwardTo>(&route.action))
        std::ranges::for_each(forward->destinations, add);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace

SubsetLabels::Rule SubsetLabels::rule(const Config& config) {
  if (!config.kubernetes || config.is_leaf()) return {};
  return {config.kubernetes->reads_pods, config.kubernetes->pod_labels};
}

void SubsetLabels::look_at(const resources::Documents& documents) {
  auto keys = keys_in(documents);
  if (keys.size() > discovery::kMaxSubsetKeysInRow) keys.resize(discovery::kMaxSubsetKeysInRow);
  Keys come, left;
  std::ranges::set_difference(keys, named_, std::back_inserter(come));
  std::ranges::set_intersection(keys, new_, std::back_inserter(left));
  new_.clear();
  std::ranges::set_union(come, left, std::back_inserter(new_));
  named_ = std::move(keys);
}

bool SubsetLabels::are_missing(const discovery::Publication* publication) const {
  if (new_.empty()) return false;
  if (rule_.reads_pods && told_ && !has_all(*told_, new_)) return true;
  return publication &&
         std::ranges::any_of(publication->origins, [&](const discovery::OriginPublication& origin) {
           if (origin.local || !origin.taken ||
               origin.freshness != discovery::view::Freshness::fresh)
             return false;
           const auto row = discovery::subsets_in(origin.rows);
           return row.told && !has_all(*row.told, new_);
         });
}

void SubsetLabels::wait_no_more() { new_.clear(); }

Keys SubsetLabels::looked_at(base::TimePoint now, const Rule& rule,
                             const discovery::Publication* publication) {
  std::set<std::string> keys(rule.keys.begin(), rule.keys.end());
  const auto add = [&](const std::string& key) {
    if (keys.size() < discovery::kMaxSubsetKeysInRow) keys.insert(key);
  };
  const auto note = [&](const Keys& named) {
    for (const auto& key : named) seen_[key] = now;
  };
  std::ranges::for_each(named_, add);
  note(named_);
  if (publication)
    for (const auto& origin : publication->origins)
      if (!origin.local) note(discovery::subsets_in(origin.rows).named);
  std::erase_if(seen_, [&](const auto& one) { return now - one.second >= kKept; });
  // Those first that are looked at already: a peer that names ever more moves nobody else's.
  for (const auto& key : wanted_)
    if (seen_.contains(key)) add(key);
  for (const auto& [key, at] : seen_) add(key);
  return {keys.begin(), keys.end()};
}

SubsetLabels::News SubsetLabels::update(base::TimePoint now, const Rule& rule,
                                        const discovery::Publication* publication) {
  News news;
  rule_ = rule;
  discovery::SubsetsRow row{named_, std::nullopt};
  if (rule.reads_pods) {
    row.told = told_.value_or(Keys());
    auto keys = looked_at(now, rule, publication);
    if (keys != wanted_) news.wanted = wanted_ = std::move(keys);
  }
  if (row == said_) return news;
  said_ = std::move(row);
  news.rows.emplace();
  if (said_ != discovery::SubsetsRow()) news.rows->push_back(encode(discovery::RowValue(said_)));
  return news;
}

bool SubsetLabels::may_begin(base::TimePoint now, const discovery::Publication* publication,
                             const discovery::sources::PodLabels* pods) {
  if (!rule_.reads_pods) return true;
  if (!began_) began_ = now;
  const bool is_heard = (publication && publication->heard) || now - *began_ >= kPeersPatience;
  const bool is_read = wanted_.empty() || (pods && has_all(pods->keys, wanted_));
  return is_heard && (is_read || now - *began_ >= kPodsPatience);
}

void SubsetLabels::told(const discovery::sources::PodLabels* pods) {
  told_ = pods ? pods->keys : Keys();
}

}  // namespace agent
