// What a home does for its leaves: it tells them all it has and what it thinks of each origin, and
// believes nothing that they say but what they have.
#include <algorithm>

#include "discovery/node_state.hpp"

namespace discovery {
namespace {

static_assert(static_cast<int>(Member::State::returning) ==
              static_cast<int>(Verdict::State::returning));

bool judges(const Event& event) {
  using Kind = Event::Kind;
  return event.kind == Kind::suspect || event.kind == Kind::stale || event.kind == Kind::demoted ||
         event.kind == Kind::dead || event.kind == Kind::fresh_again;
}

}  // namespace

std::optional<std::string> Node::State::leaf_objection(const Link& link, const Hello& hello) const {
  if (!hello.leaf)
    return "the certificate is a leaf's: it cannot speak for cluster " + hello.self.cluster;
  if (link.peer.dialled) return "a leaf takes no links";
  if (hello.protocol_min > kProtocolVersion || hello.protocol_max < kProtocolVersion)
    return "protocol " + std::to_string(hello.protocol_min) + " to " +
           std::to_string(hello.protocol_max) + " is spoken there, " +
           std::to_string(kProtocolVersion) + " here";
  const auto& proven = link.peer.proven_cluster;
  for (const auto& cluster : {proven.empty() ? hello.self.cluster : proven, hello.self.cluster})
    if (cluster != config.self.cluster)
      return "a leaf of cluster " + cluster + " follows an agent of it; this one is of " +
             config.self.cluster;
  if (leaves >= kMaxLeaves)
    return "this agent has " + std::to_string(kMaxLeaves) + " leaves already";
  return std::nullopt;
}

void Node::State::greet_leaf(Link& link, const Hello& hello, Effects& effects) {
  if (auto why = leaf_objection(link, hello))
    return refuse(link, {}, {Goodbye::Reason::refused, std::move(*why)}, false, effects);
  link.ready = true;
  link.leaf.emplace(Link::Following{});
  link.instance = hello.instance;
  link.hello_due = true;
  link.beacons_due = true;
  verdicts_due |= leaves == 0;
  ++leaves;
  effects.events.push_back({Event::Kind::link_ready, {}, "leaf " + link.peer.address});
}

void Node::State::hear_leaf(Link& link, const Frame& frame, Effects& effects) {
  if (const auto* beacons = std::get_if<Beacons>(&frame)) {
    begin_following(link, *beacons, effects);
  } else if (const auto* goodbye = std::get_if<Goodbye>(&frame)) {
    close(link, goodbye->text.empty() ? "the leaf stops" : goodbye->text);
  } else if (!std::holds_alternative<Still>(frame)) {
    malformed(link, "what a leaf does not say", effects);
  }
}

// It has this, so it lacks the rest. Said again it has found out that we think otherwise.
void Node::State::begin_following(Link& link, const Beacons& beacons, Effects& effects) {
  if (beacons.beacons.size() > kMaxBeacons)
    return malformed(link, "more beacons than origins", effects);
  link.transfer.reset();
  link.requested.clear();
  link.shown.clear();
  link.leaf = Link::Following{true};
  for (const auto& beacon : beacons.beacons) {
    if (!is_name(beacon.origin)) return malformed(link, "a beacon of nothing", effects);
    if (link.shown.emplace(beacon.origin, beacon.stamp).second)
      link.leaf->digest += digest_of(beacon.origin, beacon.stamp);
  }
  const auto owe = [&](const OriginId& origin, const OriginState& state) {
    const auto shown = link.shown.find(origin);
    const auto has = shown == link.shown.end() ? Stamp{} : shown->second;
    if (has < state.stamp()) link.requested[origin] = has;
  };
  for (const auto& [origin, state] : catalog.states()) owe(origin, state);
  if (local.ready()) owe(config.self, local.state());
  link.beacons_due = true;
}

// A frame to each leaf that follows, when its stream can take one.
void Node::State::owe_leaves(base::TimePoint now, const OriginId& origin) {
  if (leaves == 0) return;
  for (auto& [id, link] : links) {
    if (!link.leaf || !link.leaf->follows) continue;
    only_stirred = nullptr;
    const auto shown = link.shown.find(origin);
    link.requested.try_emplace(origin, shown == link.shown.end() ? Stamp{} : shown->second);
  }
  const auto* remote = membership.find(origin);
  if (remote) verdicts.note(verdict_of(now, origin, *remote), remote->ageing.spoke_at());
}

Verdict Node::State::verdict_of(base::TimePoint now, const OriginId& origin,
                                const Remote& remote) const {
  const auto& ageing = remote.ageing;
  // Heard of just now, by an old word: the next tick says so.
  const bool late =
      ageing.state() == Member::State::fresh && ageing.silence(now) >= config.suspect_after;
  auto failed = remote.probing.failed();
  if (failed.size() > kMaxFailedTold) failed.resize(kMaxFailedTold);
  return {origin,
          late ? Verdict::State::suspect : static_cast<Verdict::State>(ageing.state()),
          ageing.incarnation(),
          ageing.left(catalog.stamp(origin).incarnation),
          {},
          std::move(failed),
          choice.is_taken(origin)};
}

void Node::State::judge_all(base::TimePoint now) {
  verdicts_due = false;
  for (const auto& [origin, remote] : membership.remotes())
    verdicts.note(verdict_of(now, origin, remote), remote.ageing.spoke_at());
  if (local.ready())
    verdicts.note({config.self,
                   Verdict::State::fresh,
                   local.published().incarnation,
                   false,
                   {},
                   {},
                   choice.is_taken(config.self)},
                  now);
  verdicts.settle();
}

void Node::State::serve_leaves(base::TimePoint now, const Effects& effects) {
  if (leaves == 0) return;
  if (verdicts_due || std::any_of(effects.events.begin(), effects.events.end(), judges))
    judge_all(now);
  if (const auto own = released_stamp(); own != told_leaves) {
    if (own.incarnation != told_leaves.incarnation) judge_all(now);
    told_leaves = own;
    owe_leaves(now, config.self);
  }
  if (std::exchange(stirred_by, verdicts.newest()) == verdicts.newest()) return;
  only_stirred = nullptr;
  for (auto& [id, link] : links)
    if (link.leaf && link.leaf->follows) link.beacons_due |= link.leaf->judged < verdicts.newest();
}

// Whoever has it still learns that it is gone, at the latest when it says so.
void Node::State::forget_for_leaves(const OriginId& origin) {
  verdicts.forget(origin);
  for (auto& [id, link] : links) {
    if (!link.leaf) continue;
    link.requested.erase(origin);
    if (link.transfer && link.transfer->origin() == origin) link.transfer.reset();
    if (const auto shown = link.shown.find(origin); shown != link.shown.end())
      link.leaf->digest -= digest_of(origin, shown->second);
  }
}

Verdicts Node::State::make_verdicts(base::TimePoint now, Link& link) {
  Verdicts frame;
  auto& leaf = *link.leaf;
  if (leaf.follows) frame.verdicts = verdicts.since(leaf.judged, now);
  frame.synced = synced;
  const bool more = leaf.judged < verdicts.newest();
  // Those that are fresh no longer may be among what is still to be told.
  frame.heard = more ? kLinkSilence : verdicts.heard(now);
  link.beacons_due = leaf.follows && more;
  if (leaf.follows && !more && link.requested.empty() && !link.transfer)
    frame.digest = leaf.digest + verdicts.digest();
  leaf.owes_digest = frame.digest == 0 && (leaf.owes_digest || !frame.verdicts.empty());
  return frame;
}

std::optional<Delta> Node::State::next_leaf_delta(Link& link, std::size_t max_bytes) {
  while (!link.transfer) {
    if (link.requested.empty()) return std::nullopt;
    auto at = link.requested.upper_bound(link.served);
    if (at == link.requested.end()) at = link.requested.begin();
    const auto [origin, have] = *at;
    link.requested.erase(at);
    link.served = origin;
    const auto* state = origin == config.self ? &local.state() : catalog.find(origin);
    if (!state || have >= state->stamp()) continue;
    auto target = state->now();
    target.proof = nullptr;  // its home's word is enough for a leaf
    link.transfer.emplace(origin, *state, target, have);
    counters.snapshots_sent += link.transfer->is_snapshot() ? 1 : 0;
    auto& shown = link.shown[origin];
    if (shown != Stamp{}) link.leaf->digest -= digest_of(origin, shown);
    shown = target.stamp;
    link.leaf->digest += digest_of(origin, shown);
  }
  auto delta = link.transfer->next(max_bytes);
  if (link.transfer->done()) link.transfer.reset();
  return delta;
}

std::optional<Frame> Node::State::next_leaf_frame(base::TimePoint now, Link& link,
                                                  std::size_t max_bytes) {
  if (link.beacons_due) return make_verdicts(now, link);
  if (leaf_bytes >= kLeafBytesATurn) return std::nullopt;
  auto delta = next_leaf_delta(link, std::min(max_bytes, kLeafBytesATurn - leaf_bytes));
  const bool is_all = link.requested.empty() && !link.transfer;
  if (!delta && is_all && link.leaf->owes_digest) return make_verdicts(now, link);
  if (!delta) return std::nullopt;
  for (const auto& row : delta->rows) leaf_bytes += frame_bytes(row);
  link.beacons_due |= is_all && link.leaf->owes_digest;
  return std::move(*delta);
}

}  // namespace discovery
