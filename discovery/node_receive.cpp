// What peers say: each frame is judged before it changes anything.
#include <algorithm>

#include "discovery/node_state.hpp"

namespace discovery {
namespace {

bool is_life(std::uint64_t incarnation) {
  return incarnation != 0 && incarnation <= kMaxIncarnation;
}

std::string taken_already(const OriginId& origin) {
  return "replica " + std::to_string(origin.replica) + " of cluster " + origin.cluster +
         " is already served by another agent: give one of the two another `replica`, or both "
         "`replicas`; if they are two clusters, another `cluster`";
}

}  // namespace

void Node::State::malformed(Link& link, std::string what, Effects& effects) {
  ++counters.malformed;
  effects.events.push_back({Event::Kind::malformed, link.origin, what});
  if (link.ready && !link.leaf)  // a leaf is no origin
    sentenced(link.origin, quarantine.fault(link.heard_at, link.origin, what), effects);
  close(link, std::move(what));
}

void Node::State::sentenced(const OriginId& origin, const Quarantine::Sentence* sentence,
                            Effects& effects) {
  if (!sentence) return;
  ++counters.quarantines;
  if (sentence->of == Quarantine::Of::rows) pulls.erase(origin);
  effects.publish = true;
  effects.events.push_back({Event::Kind::quarantined, origin, sentence->why});
}

// Of one that will take another replica number nobody need hear.
void Node::State::refuse(Link& link, const OriginId& claimed, Goodbye why, bool moves_on,
                         Effects& effects) {
  ++counters.refused;
  if (!moves_on)
    effects.events.push_back({Event::Kind::link_refused, claimed, why.text, link.peer.address});
  link.close_reason = why.text;
  link.goodbye = std::move(why);
}

// Why this Hello cannot be accepted; nothing when it can.
std::optional<Goodbye> Node::State::objection(base::TimePoint now, const Link& link,
                                              const Hello& hello) const {
  using Reason = Goodbye::Reason;
  if (hello.protocol_min > kProtocolVersion || hello.protocol_max < kProtocolVersion)
    return Goodbye{Reason::refused, "protocol " + std::to_string(hello.protocol_min) + " to " +
                                        std::to_string(hello.protocol_max) + " is spoken there, " +
                                        std::to_string(kProtocolVersion) + " here"};
  if (!link.peer.proven_cluster.empty() && link.peer.proven_cluster != hello.self.cluster)
    return Goodbye{Reason::refused,
                   "the certificate is for cluster " + link.peer.proven_cluster +
                       ", the agent says " + hello.self.cluster +
                       ": make `cluster` in its agent.yaml and its certificate agree"};
  if (hello.self == config.self) return Goodbye{Reason::taken, taken_already(hello.self)};
  if (quarantine.holds(hello.self, Quarantine::Of::links))
    return Goodbye{Reason::refused, "cluster " + hello.self.to_string() +
                                        " is in quarantine: " + quarantine.find(hello.self)->why};
  for (const auto& [id, other] : links)
    if (other.ready && other.origin == hello.self && other.instance != hello.instance &&
        now - other.heard_at < config.suspect_after)
      return Goodbye{Reason::taken, taken_already(hello.self)};
  return std::nullopt;
}

void Node::State::receive(base::TimePoint now, Link& link, Hello hello, Effects& effects) {
  if (link.ready || link.close_reason) return malformed(link, "a second hello", effects);
  if (!is_name(hello.self)) return malformed(link, "a hello without a cluster", effects);
  if (hello.leaf || link.peer.proven_leaf) return greet_leaf(link, hello, effects);
  if (hello.self == config.self && hello.instance == config.instance) {
    // By a name that leads to its siblings too: nobody is at fault.
    return close(link, "this agent dialled itself");
  }
  const bool proven =
      link.peer.proven_cluster.empty() || link.peer.proven_cluster == config.self.cluster;
  if (hello.self == config.self && proven && slot.gives_way(now, hello.held, hello.instance)) {
    close(link, "gives way");
    return give_way(now, taken_already(hello.self), effects);
  }
  if (auto why = objection(now, link, hello)) {
    const bool moves_on = why->reason == Goodbye::Reason::taken && hello.held < kHeldForGood;
    return refuse(link, hello.self, std::move(*why), moves_on, effects);
  }
  for (auto& [id, other] : links)
    if (other.ready && other.origin == hello.self && other.instance != hello.instance)
      close(other, "its agent was replaced");
  link.ready = true;
  link.origin = hello.self;
  link.instance = hello.instance;
  link.advertise = std::move(hello.advertise);
  link.features = hello.features & kFeatures;
  link.proof_due = (link.features & kFeatureProof) && config.notary && local.ready();
  if (link.proof_due) sign_own();  // its first snapshot comes with a proof
  if (!link.peer.dialled) link.hello_due = true;
  restart_own(now, hello.known_of_you, effects);
  choose_talking(link.origin);
  bound_links(link.origin);
  ++sequence;  // its first beacons are a new word: who suspected us need not wait for the next
               // round
  link.beacons_due = true;
  effects.events.push_back({Event::Kind::link_ready, link.origin, link.peer.address});
}

void Node::State::receive(base::TimePoint now, Link& link, Beacons beacons, Effects& effects) {
  if (beacons.beacons.size() > kMaxBeacons)
    return malformed(link, "more beacons than origins", effects);
  link.round_trip.heard(now, beacons.echo);
  link.repeats.heard(link.origin, beacons);
  take(now, link, beacons, effects);
}

void Node::State::receive(base::TimePoint now, Link& link, Still still, Effects& effects) {
  if (const auto beacons = link.repeats.meant(link.origin, still))
    return take(now, link, *beacons, effects);
  const auto last = link.shown.find(link.origin);
  if (last == link.shown.end()) return;
  const Beacon word{link.origin, last->second, still.sequence, {}, {}};
  membership.heard(now, word, link.origin, effects);
}

// Whom it has begun to miss it is told of at once; of those missed before, with our own beacons.
void Node::State::answer_missed(Link& link, const Beacons& beacons) {
  std::set<OriginId> misses;
  for (const auto& beacon : beacons.beacons)
    if (beacon.missed && beacon.origin != config.self) misses.insert(beacon.origin);
  for (const auto& origin : misses) {
    if (link.missed.contains(origin) || missed.contains(origin) || !catalog.find(origin)) continue;
    link.beacons_due = true;
    if (!config.notary || !missed_by_others.insert(origin).second) continue;
    if (auto* direct = link_to(origin)) direct->beacons_due = true;  // it shall sign
    only_stirred = nullptr;
  }
  link.missed = std::move(misses);
}

// Somebody whom the other side hears does not hear us: it needs a proof of each state of ours.
void Node::State::answer_asked(Link& link, const Beacons& beacons) {
  const bool asks = std::any_of(
      beacons.beacons.begin(), beacons.beacons.end(),
      [&](const Beacon& beacon) { return beacon.missed && beacon.origin == config.self; });
  const bool asked = std::exchange(link.asks_proof, asks && (link.features & kFeatureProof));
  if (asked || !link.asks_proof || !config.notary || !local.ready()) return;
  sign_own();
  link.proof_due = link.proof_told != local.state().proven().proof;
}

void Node::State::take(base::TimePoint now, Link& link, const Beacons& beacons, Effects& effects) {
  answer_missed(link, beacons);
  answer_asked(link, beacons);
  for (const auto& beacon : beacons.beacons) {
    if (!is_name(beacon.origin) || beacon.age < base::Duration::zero() ||
        !is_life(beacon.stamp.incarnation)) {
      if (beacon.origin == link.origin) return malformed(link, "a beacon of nothing", effects);
      ++counters.malformed;  // of a third: who repeats it need not be at fault
      continue;
    }
    if (beacon.origin == config.self)
      hear_of_self(now, link, beacon, effects);
    else
      hear_of(now, link, beacon, effects);
  }
  if (!link.cursor) link.cursor = Stamp{};
  beacons_heard = true;
}

void Node::State::hear_of_self(base::TimePoint now, Link& link, const Beacon& beacon,
                               Effects& effects) {
  restart_own(now, beacon.stamp, effects);
  // What is above our stamp came too soon after another to be refuted: nobody has it.
  const auto mine = local.published();
  const bool ours = beacon.stamp.incarnation == mine.incarnation && beacon.stamp <= mine;
  const auto known = ours ? beacon.stamp : Stamp{};
  const auto shows = [&](Link& its) { its.cursor = std::max(its.cursor.value_or(Stamp{}), known); };
  if (link.alone) return shows(link);
  only_stirred = nullptr;
  for (auto& [id, other] : links)
    if (other.ready && other.origin == link.origin && other.instance == link.instance) shows(other);
}

// An origin that speaks to us is the only one to tell what it has; what others say of it meanwhile
// does not count.
const Link* Node::State::speaks(base::TimePoint now, const OriginId& origin) const {
  const auto* direct = link_to(origin);
  const bool heard = direct && !direct->farewell && now - direct->heard_at < config.suspect_after;
  return heard ? direct : nullptr;
}

// Somebody remembers another life of an origin that is telling us of its present one: the origin is
// told of the memory, so that it can rise above it.
void Node::State::overhear(Link& direct, const Beacon& beacon) {
  const auto own_word = direct.shown.find(beacon.origin);
  if (own_word == direct.shown.end()) return;
  if (beacon.stamp.incarnation <= own_word->second.incarnation) return;
  if (beacon.stamp <= direct.rumour) return;
  direct.rumour = beacon.stamp;
  direct.beacons_due = true;
  only_stirred = nullptr;
}

void Node::State::hear_of(base::TimePoint now, Link& link, const Beacon& beacon, Effects& effects) {
  const bool own_word = link.origin == beacon.origin;
  if (!own_word && speaks(now, beacon.origin)) return overhear(*link_to(beacon.origin), beacon);
  const auto* known = membership.find(beacon.origin);
  const auto spoke = known ? known->ageing.spoke_at() : std::nullopt;
  if (!membership.heard(now, beacon, link.origin, effects)) return;
  const auto* mine = catalog.find(beacon.origin);
  const auto have = mine ? mine->stamp() : Stamp{};
  if (own_word || beacon.stamp > have)
    link.shown[beacon.origin] = beacon.stamp;
  else
    link.shown.erase(beacon.origin);  // whatever it has claimed before
  const bool newer = beacon.stamp > have && beacon.stamp.version > 0;
  const bool outlived = mine && beacon.stamp.incarnation > have.incarnation;
  if (outlived)
    note_behind(now, beacon.origin, spoke.value_or(base::TimePoint{}));  // in the life that we hold
  else if (newer)
    note_behind(now, beacon.origin, now);
  else if (own_word)
    note_current(beacon.origin);  // others may know less than we
  if (quarantine.holds(beacon.origin, Quarantine::Of::rows)) return;
  if (newer) {
    pulls.behind(now, beacon.origin, beacon.stamp,
                 own_word ? config.beacon_interval : base::Duration::zero());
  } else if (beacon.stamp == have && beacon.state_hash != mine->hash()) {
    ++counters.divergences;
    if (const auto* origin = link_to(beacon.origin))
      pulls.broken(now, beacon.origin, have, origin->id);
  } else if (beacon.stamp == have && !own_word && lacks_proof(*mine) &&
             missed_by_others.contains(beacon.origin)) {
    pulls.unproven(now, beacon.origin, have, link.id);  // it shows what it can prove
  }
}

// Of what is held the newest: who misses it would not believe us.
bool Node::State::lacks_proof(const OriginState& state) const {
  return catalog.to_relay(state).stamp != state.stamp();
}

bool Node::State::is_relayed(const OriginId& origin) const {
  const auto* state = catalog.find(origin);
  return state && catalog.to_relay(*state).stamp.version > 0;
}

void Node::State::receive(base::TimePoint now, Link& link, Delta delta, Effects& effects) {
  answer_beckoning(now, link, delta, effects);
  take(now, link, link.id, std::move(delta), effects);
}

void Node::State::take(base::TimePoint now, Link& link, LinkId way, Delta delta, Effects& effects) {
  const auto origin = delta.origin;
  if (origin == config.self) {
    ++counters.refused;  // nobody but us says what we have
    return;
  }
  if (!is_name(origin) || !is_life(delta.incarnation) || delta.age < base::Duration::zero())
    return malformed(link, "a delta of nothing", effects);
  const bool direct = origin == link.origin;
  if (!direct && (speaks(now, origin) || pulls.asked_of(origin) != link.id)) {
    ++counters.refused;  // not asked for, or no longer needed
    catalog.drop(way, origin);
    return;
  }
  if (!membership.find(origin)) {
    const Beacon word{origin, {delta.incarnation, delta.to}, 0, delta.state_hash, delta.age};
    if (!membership.heard(now, word, link.origin, effects)) return;
  }
  if (direct) link.complete(delta.proof);
  if (direct) sentenced(origin, quarantine.rows(now, origin, delta.rows.size()), effects);
  if (quarantine.holds(origin, Quarantine::Of::rows)) {
    ++counters.held_back;
    catalog.link_lost(way);
    return;
  }
  const bool was_relayed = is_relayed(origin);
  apply(now, link, way, std::move(delta), effects);
  if (!was_relayed && is_relayed(origin)) membership.is_news(origin);
}

void Node::State::apply(base::TimePoint now, Link& link, LinkId way, Delta delta,
                        Effects& effects) {
  const auto origin = delta.origin;
  const Stamp target{delta.incarnation, delta.to};
  const auto rows = delta.rows.size();
  const bool snapshot = delta.kind == Delta::Kind::snapshot_end;
  const bool last = snapshot || delta.kind == Delta::Kind::changes;
  const auto from = origin == link.origin ? Catalog::From::origin : Catalog::From::relay;
  const auto before = catalog.stamp(origin);
  switch (catalog.apply(way, from, std::move(delta))) {
    case Applied::applied:
      counters.rows_applied += rows;
      if (from == Catalog::From::relay)
        sentenced(origin, quarantine.rows(now, origin, rows), effects);
      counters.snapshots_applied += snapshot ? 1 : 0;
      counters.proven += config.notary && from == Catalog::From::relay ? 1 : 0;
      effects.publish = true;
      note_source(now, origin, before);
      owe_leaves(now, origin);
      if (target.incarnation != before.incarnation && before.incarnation != 0)
        sentenced(origin, quarantine.life(now, origin), effects);
      pulls.erase(origin);  // what is lacking still, if it is true, the next beacons show
      break;
    case Applied::part:
      pulls.progress(now, origin);
      break;
    case Applied::stray:
      ++counters.refused;  // its beginning was not wanted; what is still wanted is asked for again
      if (last) pulls.in_vain(now, origin);
      break;
    case Applied::duplicate:
      ++counters.duplicates;
      pulls.reached(origin, catalog.stamp(origin));
      break;
    case Applied::proven:
      pulls.reached(origin, catalog.stamp(origin));
      break;
    case Applied::unproven:
      ++counters.unproven;
      pulls.refused(origin);
      effects.events.push_back(
          {Event::Kind::refused, origin,
           "what " + link.origin.to_string() + " passes on is not signed by it"});
      break;
    case Applied::gap:
      ++counters.gaps;
      pulls.gap(now, origin, target, link.id);
      break;
    case Applied::diverged:
      ++counters.divergences;
      pulls.broken(now, origin, target, link.id);
      break;
    case Applied::too_large:
      ++counters.held_back;
      sentenced(origin, quarantine.too_large(now, origin), effects);
      break;
    case Applied::malformed:
      malformed(link, "a delta beyond its limits", effects);
      break;
  }
}

void Node::State::receive(base::TimePoint now, Link& link, Pull pull, Effects& effects) {
  if (!is_name(pull.origin)) return malformed(link, "a pull of nothing", effects);
  if (link.stream.is_stuck(now)) end_stream(now, link, "nothing comes through", effects);
  if (pull.origin == config.self || catalog.find(pull.origin))
    link.requested[pull.origin] = pull.have;
}

void Node::State::receive(base::TimePoint, Link& link, const Verdicts&, Effects& effects) {
  malformed(link, "verdicts, which are for leaves", effects);
}

void Node::State::receive(base::TimePoint now, Link& link, Goodbye goodbye, Effects& effects) {
  using Reason = Goodbye::Reason;
  if (goodbye.reason == Reason::refused || goodbye.reason == Reason::taken) {
    ++counters.refused;
    if (goodbye.text.size() > kMaxTextBytes) goodbye.text.resize(kMaxTextBytes);
    close(link, "refused: " + goodbye.text);
    if (goodbye.reason == Reason::taken && !link.ready && !slot.is_fixed())
      return give_way(now, std::move(goodbye.text), effects);
    const auto who = link.ready ? link.origin : OriginId{link.peer.proven_cluster, 0};
    effects.events.push_back({Event::Kind::turned_away, who, goodbye.text, link.peer.address});
  } else if (link.ready && !link.farewell) {
    membership.goodbye(now, link.origin, goodbye.reason, effects);
    link.farewell = true;
  }
}

}  // namespace discovery
