// What peers are told: a frame is made when its stream can take one, from what is true at that
// moment.
#include <algorithm>

#include "discovery/node_state.hpp"

namespace discovery {

// The most that we know an origin to have been at: what we hold, or the life of a word that came
// without rows.
Stamp Node::State::known_of(const OriginId& origin) const {
  const auto* remote = membership.find(origin);
  return std::max(catalog.stamp(origin), Stamp{remote ? remote->ageing.incarnation() : 0, 0});
}

// Since the origin's newest word. Nothing for one that only our disk tells of: it is not passed on,
// for whoever takes it over must know how old it is.
std::optional<base::Duration> Node::State::age_of(base::TimePoint now,
                                                  const OriginId& origin) const {
  if (origin == config.self) return base::Duration::zero();
  const auto* remote = membership.find(origin);
  return remote ? remote->ageing.age(now) : std::nullopt;
}

Hello Node::State::make_hello(base::TimePoint now, const Link& link) const {
  Hello hello;
  hello.self = config.self;
  hello.instance = config.instance;
  hello.features = config.notary ? kFeatures : kFeatures & ~kFeatureProof;
  hello.stamp = local.published();
  if (link.ready) hello.known_of_you = known_of(link.origin);
  hello.advertise = config.advertise;
  hello.held = slot.held(now);
  return hello;
}

// What there is to say of a third: what it can be given, and the life of a later word than that,
// for its origin may live below it and must hear of it to rise.
std::vector<Beacon> Node::State::make_beacons_of(base::TimePoint now,
                                                 const OriginId& origin) const {
  std::vector<Beacon> beacons;
  const auto* remote = membership.find(origin);
  const auto age = remote ? remote->ageing.age(now) : std::nullopt;
  if (!age) return beacons;
  const auto& word = remote->ageing;
  const auto* state = catalog.find(origin);
  const auto held = state ? catalog.to_relay(*state) : Checkpoint{};
  const auto say = [&](Stamp stamp, const base::Hash128& hash) {
    // A word is worth its own life only: of an older state it says nothing.
    const auto of_word = word.incarnation() == stamp.incarnation ? word.sequence() : 0;
    beacons.push_back({origin, stamp, of_word, hash, *age, missed.contains(origin)});
  };
  const auto life = known_of(origin).incarnation;
  const bool given = held.stamp.version > 0;
  if (life > (given ? held.stamp.incarnation : 0)) say({life, 0}, {});
  if (given) say(held.stamp, held.hash());
  return beacons;
}

// Of others a peer is told what is news to it, what it misses and what we miss ourselves: everybody
// hears everybody else where nothing is broken.
std::set<OriginId> Node::State::worth_telling(const Link& link) const {
  std::set<OriginId> origins = missed;
  for (const auto& origin : link.missed)
    if (catalog.find(origin)) origins.insert(origin);
  if (link.told < membership.news())
    for (const auto& [origin, remote] : membership.remotes())
      if (remote.news > link.told) origins.insert(origin);
  origins.erase(link.origin);
  return origins;
}

Frame Node::State::make_beacons(base::TimePoint now, Link& link) {
  Beacons beacons;
  auto& list = beacons.beacons;
  // To its own origin it says how far we follow, or that somebody remembers more, and whether there
  // is somebody to pass it on to.
  if (const auto stamp = std::max(known_of(link.origin), link.rumour); stamp.incarnation != 0) {
    const auto* state = catalog.find(link.origin);
    const bool asks = config.notary && link.talking && missed_by_others.contains(link.origin);
    list.push_back({link.origin, stamp, 0, state ? state->hash() : base::Hash128{}, {}, asks});
  }
  if (link.talking) {
    if (local.ready())
      list.push_back({config.self, local.published(), sequence, local.state().hash(), {}});
    for (const auto& origin : worth_telling(link))
      for (auto& beacon : make_beacons_of(now, origin)) list.push_back(std::move(beacon));
    link.told = membership.news();
  }
  auto frame = link.features & kFeatureStill
                   ? link.repeats.say(now, config.self, std::move(beacons))
                   : Frame(std::move(beacons));
  if (auto* whole = std::get_if<Beacons>(&frame)) whole->echo = link.round_trip.sent(now);
  return frame;
}

// Whose turn it is after the one served last, the own origin among the others: nobody waits for
// anybody's churn. What was asked for stands; it may be the whole, which no cursor would bring.
std::optional<Pull> Node::State::next_request(base::TimePoint now, Link& link) {
  if (link.owes_own(released_stamp()) && !link.brings(config.self))
    link.requested.try_emplace(config.self, *link.cursor);
  auto at = link.requested.upper_bound(link.served);
  if (link.beacons_due && own_goes_first(now, link)) at = link.requested.find(config.self);
  for (auto left = link.requested.size(); left > 0; --left, ++at) {
    if (at == link.requested.end()) at = link.requested.begin();
    if (link.brings(at->first) || goes_apart(now, link, at->first, at->second)) continue;
    Pull next{at->first, at->second};
    link.requested.erase(at);
    return next;
  }
  return std::nullopt;
}

bool Node::State::own_goes_first(base::TimePoint now, const Link& link) const {
  return link.owes_own_first(config.self, released_stamp()) &&
         !goes_apart(now, link, config.self, *link.cursor);
}

// Where a proof is due a link stops at what we have signed before it goes on, so that the other
// side has something to pass on. Not where it asks for the whole of what it has.
Checkpoint Node::State::own_target(const Link& link, Stamp have) const {
  const auto& state = local.state();
  const bool mends = have == Stamp{state.stamp().incarnation, 0};
  const bool stops = link.proof_due && have <= state.proven().stamp && !mends;
  return stops ? state.proven() : state.now();
}

// Nothing where we have nothing newer.
std::optional<Transfer> Node::State::begin(base::TimePoint now, Link& link, const Pull& request) {
  const auto& [origin, have] = request;
  const bool own = origin == config.self;
  auto* state = own ? (local.ready() ? &local.state() : nullptr) : catalog.find(origin);
  if (!state || !age_of(now, origin)) return std::nullopt;
  const auto target = own ? own_target(link, have) : catalog.to_relay(*state);
  // Who asks a third at what it has lacks the proof.
  const bool proof_due = own ? std::exchange(link.proof_due, false) : have == target.stamp;
  const bool proof_alone = proof_due && target.proof;
  if (target.stamp.version == 0) return std::nullopt;
  const bool whole = have.version == 0;  // asked for although it may be what they have
  if (!whole && (have > target.stamp || (have == target.stamp && !proof_alone)))
    return std::nullopt;
  Transfer transfer(origin, *state, target, have);
  counters.snapshots_sent += transfer.is_snapshot() ? 1 : 0;
  if (!own) return transfer;
  if (target.proof) link.proof_told = target.proof;
  link.cursor = std::max(link.cursor.value_or(Stamp{}), transfer.target());
  return transfer;
}

bool Node::State::begin_transfer(base::TimePoint now, Link& link) {
  while (!link.transfer) {
    const auto next = next_request(now, link);
    if (!next) return false;
    link.transfer = begin(now, link, *next);
    if (!link.transfer) continue;
    link.served = next->origin;
    if (next->origin == config.self) link.own_went = link.beacons_due;
  }
  return true;
}

// What takes more than a frame steps aside after the first, and from then on its parts and the
// deltas of other origins take turns: bulk holds nobody's change up for longer than a frame.
std::optional<Delta> Node::State::next_delta(base::TimePoint now, Link& link,
                                             std::size_t max_bytes) {
  if (link.transfer && !link.bulk && (link.features & kFeatureTurns)) {
    link.bulk = std::exchange(link.transfer, std::nullopt);
    link.bulk_next = false;
  }
  if (auto first = beckon(now, link)) return first;
  const bool bulk = link.bulk && (link.bulk_next || !begin_transfer(now, link));
  if (!bulk && !begin_transfer(now, link)) return std::nullopt;
  link.bulk_next = !bulk;
  auto& from = bulk ? link.bulk : link.transfer;
  auto delta = from->next(std::min(max_bytes, link.pace.part_bytes()));
  if (delta.origin == config.self) link.shorten(delta.proof);
  delta.age = age_of(now, delta.origin).value_or(base::Duration::zero());
  if (from->done())
    from.reset();
  else
    link.pace.sent(now);
  return delta;
}

std::optional<Frame> Node::State::next_frame(base::TimePoint now, Link& link,
                                             std::size_t max_bytes) {
  link.pace.left(now);
  if (std::exchange(link.hello_due, false)) return make_hello(now, link);
  if (link.goodbye) return std::exchange(link.goodbye, std::nullopt).value();
  if (!link.ready || link.close_reason) return std::nullopt;
  max_bytes = std::min(max_bytes, config.limits.frame_bytes);
  if (link.leaf) return next_leaf_frame(now, link, max_bytes);
  if (!link.pulls.empty()) {
    const auto at = link.pulls.begin();
    Pull pull{at->first, at->second};
    link.pulls.erase(at);
    return pull;
  }
  // Own changes go before beacons, so that no beacon shows what is about to come; but once only,
  // and no transfer holds beacons up: whose beacons do not come is taken for dead.
  if (link.beacons_due && !own_goes_first(now, link)) {
    link.beacons_due = link.own_went = false;
    return make_beacons(now, link);
  }
  if (auto delta = next_delta(now, link, max_bytes)) return std::move(*delta);
  return std::nullopt;
}

}  // namespace discovery
