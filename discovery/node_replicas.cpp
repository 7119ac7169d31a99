// What there is of several agents in one cluster: whose rows are taken, whose source is stuck, and
// which number is ours.
#include <algorithm>
#include <limits>

#include "discovery/node_state.hpp"

namespace discovery {
namespace {

// Rows that say nothing of any service.
constexpr std::size_t kRowsOfItself = 4;

bool serves(const Rows& rows) {
  if (rows.size() > kRowsOfItself) return true;
  std::size_t of_itself = 0;
  for (const auto key : {kAgentKey, kStuckKey, kDrainKey, kSubsetsKey}) of_itself += rows.find(key) ? 1 : 0;
  return rows.size() > of_itself;
}

}  // namespace

Replica Node::State::own_replica() const {
  Replica own{config.self.replica};
  own.local = true;
  own.read = local.ready();
  own.serves = serves(local.state().rows());
  own.stuck = own_stuck.has_value();
  if (own_stuck) own.known_until = *own_stuck;
  return own;
}

Replica Node::State::replica_of(base::TimePoint now, const OriginId& id,
                                const OriginState& rows) const {
  const auto& ageing = membership.find(id)->ageing;
  Replica replica{id.replica, ageing.state()};
  replica.serves = serves(rows.rows());
  const auto age = ageing.age(now);
  const auto spoke = age ? now - *age : base::TimePoint::min();
  const auto stuck_since = stuck.find(id), behind_since = behind.find(id);
  replica.stuck = stuck_since != stuck.end();
  replica.behind = behind_since != behind.end() && now - behind_since->second >= kBehindAfter;
  replica.returned = ageing.returned_since(now - kBehindAfter);
  replica.known_until = spoke;
  if (replica.stuck) replica.known_until = std::min(spoke, stuck_since->second);
  if (replica.behind) replica.known_until = std::min(replica.known_until, behind_since->second);
  return replica;
}

// Of clusters of which something has changed that counts.
void Node::State::settle_replicas(base::TimePoint now, Effects& effects) {
  for (auto& cluster : membership.take_unsettled()) unsettled.insert(cluster);
  for (const auto& cluster : std::exchange(unsettled, {})) {
    const bool own = cluster == config.self.cluster, had_several = choice.find(cluster) != nullptr;
    std::size_t known = own ? 1 : 0;
    std::vector<Replica> held;
    if (own) held.push_back(own_replica());
    auto at = membership.remotes().lower_bound({cluster, 0});
    for (; at != membership.remotes().end() && at->first.cluster == cluster; ++at, ++known) {
      membership.touch(at->first);
      if (const auto* rows = catalog.find(at->first))
        held.push_back(replica_of(now, at->first, *rows));
    }
    verdicts_due |= known >= 2 || had_several;
    if (known < 2) {
      if (held.empty())
        choice.clear(cluster);
      else
        choice.alone(cluster, held.front().number);
      continue;
    }
    std::ranges::sort(held, {}, &Replica::number);
    if (!choice.choose(cluster, held)) continue;
    const auto& taken = *choice.find(cluster);
    effects.publish = true;
    effects.events.push_back({Event::Kind::taken, {cluster, taken.number}, taken.why});
  }
}

// A beacon shows newer rows of it than we hold, or a later life: what we hold is not the newest
// since then, unless it was behind before.
void Node::State::note_behind(base::TimePoint now, const OriginId& origin, base::TimePoint since) {
  const auto first = behind.try_emplace(origin, since).first->second;
  if (now - first >= kBehindAfter) unsettled.insert(origin.cluster);
}

void Node::State::note_current(const OriginId& origin) {
  if (behind.erase(origin) > 0) unsettled.insert(origin.cluster);
}

// Since when its rows are no longer what its source says, as far as we know: who is stuck when we
// meet it, or from its life's beginning, may have been so for ever.
void Node::State::note_source(base::TimePoint now, const OriginId& origin, Stamp before) {
  const auto& state = *catalog.find(origin);
  const bool is_stuck = state.rows().find(kStuckKey).has_value();
  const bool same_life = before.incarnation == state.stamp().incarnation;
  const bool was_stuck = stuck.contains(origin);
  note_current(origin);
  if (is_stuck && (!was_stuck || !same_life))
    stuck[origin] = same_life ? now : base::TimePoint::min();
  else if (!is_stuck)
    stuck.erase(origin);
  const bool matters =
      is_stuck != was_stuck || before.version == 0 || state.size() <= kRowsOfItself + 1;
  if (matters) unsettled.insert(origin.cluster);
}

void Node::State::give_way(base::TimePoint now, std::string why, Effects& effects) {
  std::set<std::uint32_t> heard;
  for (const auto& [origin, remote] : membership.remotes())
    if (origin.cluster == config.self.cluster && remote.ageing.state() == Member::State::fresh)
      heard.insert(origin.replica);
  const auto number = slot.next(now, heard);
  if (!number) {
    effects.events.push_back(
        {Event::Kind::turned_away, config.self,
         "all " + std::to_string(slot.count()) +
             " replica numbers of this cluster are held by other agents: raise `replicas` at every "
             "agent of the cluster, or stop one of them"});
    return;
  }
  verdicts.drop(config.self);  // another's word from now on
  config.self.replica = *number;
  const Stamp known{std::max(known_of(config.self).incarnation, local.state().stamp().incarnation),
                    std::numeric_limits<std::uint64_t>::max()};
  membership.forget(config.self);
  forget_origin(config.self);
  local.refute(known);
  sequence = 1;
  unsettled.insert(config.self.cluster);
  effects.publish = true;
  effects.events.push_back({Event::Kind::moved, config.self, std::move(why)});
  next_proof = now;
  release_changes(now);
  for (auto& [id, link] : links)
    if (!link.close_reason) close(link, "takes another replica number");
  only_stirred = nullptr;
}

Effects Node::source_stuck(base::TimePoint now, std::string why) {
  auto& state = *state_;
  if (why.size() > kMaxStuckBytes) why.resize(kMaxStuckBytes);
  std::vector<EncodedRow> rows;
  if (why.empty()) {
    state.own_stuck.reset();
  } else {
    if (!state.own_stuck) state.own_stuck = state.local.ready() ? now : base::TimePoint::min();
    rows.push_back(encode(RowValue(StuckRow{std::move(why)})));
  }
  state.unsettled.insert(state.config.self.cluster);
  return replace_local(now, "(source)", std::move(rows));
}

}  // namespace discovery
