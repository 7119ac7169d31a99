#include "discovery/node.hpp"

#include <algorithm>

#include "base/result.hpp"
#include "discovery/node_state.hpp"
#include "discovery/of_itself.hpp"

namespace discovery {

Node::State::State(NodeConfig node_config, base::Random seed, base::TimePoint now)
    : config(std::move(node_config)),
      random(seed),
      local(config.last_incarnation, random.fork(), config.max_changes),
      catalog(config.max_changes, config.notary.get(), config.limits),
      membership(config, catalog, random.fork()),
      quarantine(config.limits),
      slot(config.self.replica, config.slots, config.instance, now),
      started(now),
      expected(now + config.beacon_interval),
      next_beacon(now),
      released_at(now - config.coalesce),
      next_proof(now) {}

Stamp Node::State::released_stamp() const {
  return local.ready() ? Stamp{local.published().incarnation, released} : Stamp{};
}

void Node::State::restart_own(base::TimePoint now, Stamp claimed, Effects& effects) {
  if (refutations_left == 0) return;  // who means it says it again
  if (!local.refute(claimed)) return;
  --refutations_left;
  ++counters.refutations;
  effects.events.push_back({Event::Kind::refuted, config.self, {}});
  sequence = 1;
  effects.publish = true;
  next_proof = now;
  prove_own(now);
  release_changes(now);
  for (auto& [id, link] : links) link.beacons_due = link.ready;
  only_stirred = nullptr;
}

// The first change goes at once; those that follow within the coalescing time go together at its
// end.
void Node::State::release_changes(base::TimePoint now) {
  const auto version = local.state().stamp().version;
  if (released == version || now < released_at + config.coalesce) return;
  released = version;
  released_at = now;
}

void Node::State::sign_own() {
  auto& state = local.state();
  const auto& proven = state.proven();
  if (proven.stamp == state.stamp() && config.notary->is_current(*proven.proof)) return;
  auto proof = config.notary->sign(proof_text(config.self, state.hash()));
  if (!proof.empty()) state.prove(std::move(proof));
}

// At each time of beacons for those who ask, which nobody does in a full mesh, and those who cannot:
// a link may carry one way alone. For all others now and then, lest nobody can pass us on when we
// are gone.
void Node::State::prove_own(base::TimePoint now) {
  if (!config.notary || !local.ready()) return;
  const auto& own = local.state().proven();
  const bool renewed = own.proof && !config.notary->is_current(*own.proof);
  const bool all = renewed || now >= next_proof;
  const auto wants = [&](const auto& entry) {
    const auto& link = entry.second;
    const bool unheard = now - link.heard_at >= config.suspect_after;
    return link.talking && (link.features & kFeatureProof) && (all || link.asks_proof || unheard);
  };
  if (std::none_of(links.begin(), links.end(), wants)) return;
  sign_own();
  for (auto& entry : links) {
    if (!wants(entry) || entry.second.proof_told == own.proof) continue;
    entry.second.proof_due = true;
    if (all) next_proof = now + config.proof_interval;
  }
}

void Node::State::ask(base::TimePoint now) {
  for (const auto& due : pulls.due(now)) {
    const auto have = catalog.stamp(due.origin);
    const auto* direct = speaks(now, due.origin);
    std::vector<Link*> able;
    for (auto& [id, link] : links) {
      if (!link.talking || link.close_reason || (direct && direct != &link)) continue;
      const auto shown = link.shown.find(due.origin);
      const bool has =
          shown != link.shown.end() && shown->second.version > 0 && shown->second > have;
      if (has || due.only == id) able.push_back(&link);
    }
    if (able.empty()) {
      pulls.nobody(due.origin);
      continue;
    }
    auto* link = able[due.attempt % able.size()];
    if (due.only)
      for (auto* other : able)
        if (other->id == *due.only) link = other;
    link->pulls[due.origin] = due.whole ? Stamp{have.incarnation, 0} : have;
    pulls.asked(now, due.origin, link->id);
  }
}

bool Node::State::restore(base::TimePoint now, SavedOrigin saved) {
  if (saved.id == config.self || membership.remotes().size() >= kMaxOrigins) return false;
  if (!catalog.restore(saved.id, saved.stamp, std::move(saved.rows))) return false;
  membership.remember(now, saved.id, saved.stamp.incarnation, saved.left);
  note_source(now, saved.id, {});
  return true;
}

void Node::State::forget_origin(const OriginId& origin) {
  forget_for_leaves(origin);
  catalog.erase(origin);
  pulls.erase(origin);
  missed.erase(origin);
  missed_by_others.erase(origin);
  stuck.erase(origin);
  behind.erase(origin);
  for (auto& [id, link] : links) {
    link.shown.erase(origin);
    link.missed.erase(origin);
  }
}

void Node::State::serve_deadlines(base::TimePoint now, Effects& effects) {
  if (now >= next_beacon) {
    ++sequence;
    refutations_left = std::min(refutations_left + 1, kMaxRefutations);
    const auto tenth = static_cast<std::uint64_t>(config.beacon_interval.count() / 10);
    next_beacon = now + config.beacon_interval - config.beacon_interval / 20 +
                  base::Duration(static_cast<std::int64_t>(random.below(tenth + 1)));
    prove_own(now);
    look_who_is_missed(now);
    verdicts_due = true;
    for (auto& [id, link] : links) {
      link.beacons_due = link.ready;
      if (!link.leaf) forget_shown(link);
    }
  }
  tend_holds(now, effects);
  if (local.ready()) release_changes(now);
  supervise_links(now, effects);
  for (const auto& origin : membership.advance(now, choice, effects)) forget_origin(origin);
  for (const auto& origin : quarantine.release(now)) {
    effects.publish = true;
    effects.events.push_back({Event::Kind::released, origin, {}});
  }
}

Effects Node::State::turn(base::TimePoint now) {
  Effects effects;
  only_stirred = nullptr;
  leaf_bytes = 0;
  if (const auto late = now - expected; late > kStallTolerance) {
    membership.forgive(late);
    local.forgive(late);
    for (auto& [id, link] : links) {
      link.heard_at += late;
      link.up_at += late;
      link.round_trip.stalled();
    }
  }
  return effects;
}

Effects Node::State::finish(base::TimePoint now, Effects effects) {
  settle_replicas(now, effects);
  if (pulls.deadline() <= now) {
    ask(now);
    only_stirred = nullptr;
  }
  const bool hears =
      restored || now - started >= config.sync_patience || (beacons_heard && pulls.empty());
  if (!has_heard && hears) has_heard = effects.publish = true;
  if (!synced && local.ready() && hears) synced = effects.publish = true;
  serve_leaves(now, effects);
  const auto announce = [&](Link& link) {
    tend_stream(now, link, effects);
    if (link.stream.has_work() && !std::exchange(link.stream.announced, true))
      effects.writable.push_back(link.stream.id);
    if (link.announced || !link.has_work(released_stamp())) return;
    link.announced = true;
    effects.writable.push_back(link.id);
  };
  if (only_stirred)
    announce(*only_stirred);
  else
    for (auto& [id, link] : links) announce(link);
  counters.probes = membership.probes_sent();
  publication_due |= effects.publish;
  expected = std::max(now, deadline(now));  // what is due already: at the tick that follows
  return effects;
}

base::TimePoint Node::State::deadline(base::TimePoint now) {
  auto next = std::min({next_beacon, membership.deadline(choice), pulls.deadline(),
                        local.deadline(), quarantine.deadline()});
  if (local.ready() && released != local.published().version)
    next = std::min(next, released_at + config.coalesce);
  if (!synced && local.ready()) next = std::min(next, started + config.sync_patience);
  return closing ? std::min(next, now) : next;
}

Node::Node(NodeConfig config, base::Random random, base::TimePoint now)
    : state_(std::make_unique<State>(std::move(config), random, now)) {}
Node::~Node() = default;

Effects Node::restore(base::TimePoint now, SavedState saved) {
  auto effects = state_->turn(now);
  for (auto& origin : saved.origins) effects.publish |= state_->restore(now, std::move(origin));
  state_->restored = effects.publish && saved.whole;
  state_->verdicts_due = true;
  return state_->finish(now, std::move(effects));
}

Effects Node::link_up(base::TimePoint now, LinkId id, LinkPeer peer) {
  auto effects = state_->turn(now);
  if (peer.bulk_of != 0) {
    state_->stream_up(now, id, peer.bulk_of, effects);
    return state_->finish(now, std::move(effects));
  }
  auto& link = state_->links[id];
  link.id = id;
  link.hello_due = peer.dialled;  // who was dialled waits to learn whom to greet
  link.peer = std::move(peer);
  link.up_at = link.heard_at = now;
  return state_->finish(now, std::move(effects));
}

Effects Node::link_down(base::TimePoint now, LinkId id, LinkEnd end) {
  auto effects = state_->turn(now);
  if (const auto at = state_->links.find(id); at != state_->links.end())
    state_->drop_link(now, at, end, effects);
  else
    state_->stream_down(now, id);
  return state_->finish(now, std::move(effects));
}

Effects Node::receive(base::TimePoint now, LinkId id, Frame frame) {
  auto effects = state_->turn(now);
  const auto stream = state_->streams.find(id);
  const bool apart = stream != state_->streams.end();
  const auto at = state_->links.find(apart ? stream->second : id);
  if (at == state_->links.end() || at->second.close_reason)
    return state_->finish(now, std::move(effects));
  auto& link = at->second;
  ++state_->counters.frames_received;
  link.heard_at = now;
  if (link.ready) state_->only_stirred = &link;
  const bool opens = std::holds_alternative<Hello>(frame) || std::holds_alternative<Goodbye>(frame);
  if (apart) {
    state_->receive_on_stream(now, link, std::move(frame), effects);
  } else if (!link.ready && !opens) {
    state_->malformed(link, "a frame before its hello", effects);
  } else if (link.leaf) {
    state_->hear_leaf(link, frame, effects);
  } else {
    std::visit([&](auto& body) { state_->receive(now, link, std::move(body), effects); }, frame);
  }
  return state_->finish(now, std::move(effects));
}

void Node::reach(std::vector<std::string> networks) {
  state_->config.networks = std::move(networks);
}

Effects Node::leave(base::TimePoint now, Goodbye::Reason reason) {
  auto effects = state_->turn(now);
  for (auto& [id, link] : state_->links)
    if (link.ready) link.goodbye = Goodbye{reason, {}};
  return state_->finish(now, std::move(effects));
}

Effects Node::forget(base::TimePoint now, std::string_view cluster) {
  auto effects = state_->turn(now);
  std::vector<OriginId> named;
  for (const auto& [origin, remote] : state_->membership.remotes())
    if (origin.cluster == cluster) named.push_back(origin);
  for (const auto& origin : named) {
    state_->membership.forget(origin);
    state_->forget_origin(origin);
    effects.publish = true;
    effects.events.push_back({Event::Kind::forgotten, origin, "by the operator"});
  }
  return state_->finish(now, std::move(effects));
}

// Deadlines are served here only: a word that arrives in the moment in which it would be missed,
// behind whatever others, is not.
Effects Node::tick(base::TimePoint now) {
  const bool due = now >= state_->expected;
  auto effects = state_->turn(now);
  if (due) state_->serve_deadlines(now, effects);
  return state_->finish(now, std::move(effects));
}

base::TimePoint Node::next_deadline() const { return state_->expected; }

std::optional<Frame> Node::next_frame(base::TimePoint now, LinkId id, std::size_t max_bytes) {
  const auto stream = state_->streams.find(id);
  const bool apart = stream != state_->streams.end();
  const auto at = state_->links.find(apart ? stream->second : id);
  if (at == state_->links.end()) return std::nullopt;
  auto& link = at->second;
  auto frame = apart ? state_->next_on_stream(now, link, max_bytes)
                     : state_->next_frame(now, link, max_bytes);
  if (frame)
    ++state_->counters.frames_sent;
  else
    (apart ? link.stream.announced : link.announced) = false;
  if (state_->leaf_bytes >= kLeafBytesATurn)
    state_->expected = std::min(state_->expected, now);  // leaves wait for the next turn
  return frame;
}

std::shared_ptr<const Publication> Node::publication(base::TimePoint now) {
  auto& state = *state_;
  if (!std::exchange(state.publication_due, false) && state.published) return state.published;
  auto next = std::make_shared<Publication>();
  next->version = state.published ? state.published->version + 1 : 1;
  next->at = now;
  next->synced = state.synced;
  next->heard = state.has_heard;
  const auto add_self = [&] {
    next->origins.push_back({state.config.self,
                             state.local.state().stamp(),
                             true,
                             view::Freshness::fresh,
                             {},
                             {},
                             state.local.state().rows(),
                             false,
                             state.choice.is_taken(state.config.self)});
  };
  const auto why_held = [&](const OriginId& origin) {
    const auto* sentence = state.quarantine.find(origin);
    return sentence ? sentence->why : std::string();
  };
  bool self_added = false;
  for (auto& [origin, rows] : state.catalog.states()) {
    if (!self_added && state.config.self < origin) self_added = (add_self(), true);
    const auto* remote = state.membership.find(origin);
    INVARIANT(remote);
    next->origins.push_back({origin, rows.stamp(), false, remote->ageing.freshness(),
                             remote->ageing.age(now), remote->probing.failed(), rows.rows(),
                             remote->ageing.left(rows.stamp().incarnation),
                             state.choice.is_taken(origin), false, why_held(origin)});
  }
  if (!self_added) add_self();
  state.published = std::move(next);
  return state.published;
}

namespace {

std::string via_of(const OriginId& origin, const Remote& remote, const Link* link) {
  if (remote.via != origin.to_string()) return remote.via;
  return link ? "direct" : "";
}

}  // namespace

std::vector<Member> Node::members(base::TimePoint now) const {
  const auto& state = *state_;
  std::vector<Member> members;
  Member self;
  self.id = state.config.self;
  self.stamp = state.local.published();
  self.address = self.advertise = state.config.advertise;
  self.rows = state.local.size();
  self.local = true;
  members.push_back(std::move(self));
  for (const auto& [origin, remote] : state.membership.remotes()) {
    const auto* rows = state.catalog.find(origin);
    const auto* link = state.link_to(origin);
    Member member;
    member.id = origin;
    member.stamp = rows ? rows->stamp() : Stamp{};
    member.state = remote.ageing.state();
    member.age = remote.ageing.age(now);
    member.path = remote.ageing.path(now);
    member.via = via_of(origin, remote, link);
    member.linked = link != nullptr;
    if (link) member.round_trip = link->round_trip.last();
    member.advertise = link ? link->advertise : (rows ? advertised_in(rows->rows()) : "");
    member.address = link && member.advertise.empty() ? link->peer.address : member.advertise;
    member.rows = rows ? rows->size() : 0;
    member.stuck = rows ? stuck_in(rows->rows()) : "";
    if (const auto* sentence = state.quarantine.find(origin)) {
      member.quarantine = sentence->why;
      member.quarantine_left = sentence->until - now;
    }
    members.push_back(std::move(member));
  }
  members.front().stuck = stuck_in(state.local.state().rows());
  for (auto& member : members) {
    member.taken = state.choice.is_taken(member.id);
    if (const auto* taken = state.choice.find(member.id.cluster)) member.why = taken->why;
  }
  return members;
}

std::size_t Node::backlog(LinkId id) const {
  const auto at = state_->links.find(id);
  return at == state_->links.end() ? 0 : at->second.backlog();
}

std::optional<OriginId> Node::peer(LinkId id) const {
  const auto at = state_->links.find(id);
  const bool is_known = at != state_->links.end() && at->second.ready && !at->second.leaf;
  return is_known ? std::optional(at->second.origin) : std::nullopt;
}

std::size_t Node::leaves() const { return state_->leaves; }

OriginId Node::self() const { return state_->config.self; }
Stamp Node::stamp() const { return state_->local.published(); }
bool Node::synced(base::TimePoint) const { return state_->synced; }
const Node::Counters& Node::counters() const { return state_->counters; }

}  // namespace discovery
