// What this agent's own sources say, and what is held of it.
#include "discovery/node_state.hpp"

namespace discovery {

void Node::State::say_ended(const std::string& source, std::string_view how,
                            Effects& effects) const {
  effects.events.push_back(
      {Event::Kind::hold_ended, config.self, source + ": " + std::string(how)});
}

void Node::State::tend_holds(base::TimePoint now, Effects& effects) {
  auto tended = local.tend(now, config);
  effects.publish |= tended.changed > 0;
  for (const auto& source : tended.ended)
    say_ended(source, "what was held is gone: its time is over", effects);
  std::move(tended.probes.begin(), tended.probes.end(), std::back_inserter(effects.probes));
}

Effects Node::State::said_locally(base::TimePoint now, std::string_view source,
                                  LocalOrigin::Replaced replaced, Effects effects) {
  if (replaced.changed > 0) effects.publish = true;
  unsettled.insert(config.self.cluster);
  for (auto& key : replaced.refused) {
    ++counters.refused;
    effects.events.push_back({Event::Kind::refused, config.self, std::move(key)});
  }
  const std::string name(source);
  if (replaced.held > 0) {
    ++counters.relists_held;
    effects.events.push_back({Event::Kind::held, config.self,
                              name + ": what it lists anew lacks " + std::to_string(replaced.held) +
                                  " endpoints, more than half: they stay for " +
                                  base::to_string(config.relist_hold) +
                                  ", or until they are released"});
  }
  if (replaced.hold_ended) say_ended(name, "what was held is listed again", effects);
  if (local.ready()) release_changes(now);
  return finish(now, std::move(effects));
}

Effects Node::replace_local(base::TimePoint now, std::string_view source,
                            std::vector<EncodedRow> rows, Listing listing) {
  auto effects = state_->turn(now);
  auto replaced = state_->local.replace(now, state_->config, source, std::move(rows), listing);
  return state_->said_locally(now, source, std::move(replaced), std::move(effects));
}

Effects Node::change_local(base::TimePoint now, std::string_view source, RowChanges changes) {
  auto effects = state_->turn(now);
  auto replaced = state_->local.change(source, std::move(changes));
  return state_->said_locally(now, source, std::move(replaced), std::move(effects));
}

Effects Node::release(base::TimePoint now, std::string_view source) {
  auto effects = state_->turn(now);
  const auto released = state_->local.release(source);
  effects.publish |= released.changed > 0;
  for (const auto& name : released.ended)
    state_->say_ended(name, "what was held is gone: released by the operator", effects);
  if (state_->local.ready()) state_->release_changes(now);
  return state_->finish(now, std::move(effects));
}

Effects Node::local_ready(base::TimePoint now) {
  auto effects = state_->turn(now);
  if (!state_->local.ready()) {
    state_->local.set_ready();
    state_->unsettled.insert(state_->config.self.cluster);
    state_->prove_own(now);
    state_->release_changes(now);
    effects.publish = true;
    for (auto& [id, link] : state_->links) link.beacons_due = link.ready;
  }
  return state_->finish(now, std::move(effects));
}

Effects Node::probed(base::TimePoint now, ProbeReply reply) {
  auto effects = state_->turn(now);
  if (reply.id & kHeldRound) {
    effects.publish |= state_->local.probed(reply) > 0;
    if (state_->local.ready()) state_->release_changes(now);
  } else {
    state_->membership.probed(now, reply, effects);
    state_->verdicts_due = true;
  }
  return state_->finish(now, std::move(effects));
}

std::vector<Hold> Node::holds(base::TimePoint now) const { return state_->local.holds(now); }
bool Node::holds(std::string_view source) const { return state_->local.holds(source); }

}  // namespace discovery
