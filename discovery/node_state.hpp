// The parts of a Node and how they meet. Each part is an automaton of its own; the functions here
// only pass events on: node.cpp what comes from the agent, node_local.cpp what its sources say,
// node_links.cpp links that come and go, node_receive.cpp what comes from peers, node_send.cpp what
// goes to them, node_leaves.cpp all that concerns leaves.
//
// Every entry begins with turn(now), which forgives a stall of ours, and ends with finish(now),
// which announces links with something new to say. Deadlines are served by tick alone, after all
// that has arrived: the caller hands over what it has, then ticks. Thread: control only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "discovery/catalog.hpp"
#include "discovery/link.hpp"
#include "discovery/local_origin.hpp"
#include "discovery/membership.hpp"
#include "discovery/node.hpp"
#include "discovery/pulls.hpp"
#include "discovery/quarantine.hpp"
#include "discovery/replica_choice.hpp"
#include "discovery/slot.hpp"
#include "discovery/verdict_log.hpp"

namespace discovery {

// Of lateness of our own turn; what goes beyond it is a stall and not a peer's silence.
inline constexpr base::Duration kStallTolerance = std::chrono::seconds(1);
inline constexpr base::Duration kHelloPatience = std::chrono::seconds(5);
inline constexpr base::Duration kLinkSilence = std::chrono::seconds(10);
inline constexpr std::uint64_t kDeadRounds = 10;  // of beacons between questions after the dead
inline constexpr base::Duration kGoodbyePatience = std::chrono::seconds(1);
// Lives that claims may make us begin: this many at once, as when many remember different ones,
// then one a beacon interval. Each costs every peer a snapshot.
inline constexpr unsigned kMaxRefutations = 8;
inline constexpr std::ptrdiff_t kMaxLinksToAgent = 4;  // both may dial, and again while one dies
inline constexpr std::size_t kMaxLeaves = 1'000;
// Rows for leaves in one turn, of which each link takes a frame at most: many that are far behind
// share the turns, so that beacons wait for none.
inline constexpr std::size_t kLeafBytesATurn = 2 * kMaxFrameBytes;

struct Node::State {
  State(NodeConfig node_config, base::Random seed, base::TimePoint now);

  NodeConfig config;
  base::Random random;
  LocalOrigin local;
  Catalog catalog;
  Membership membership;
  Pulls pulls;
  Quarantine quarantine;
  ReplicaChoice choice;
  Slot slot;
  std::map<LinkId, Link> links;
  std::map<LinkId, LinkId> streams;     // the link of each bulk stream
  std::map<OriginId, Link*> talking;    // the link that talks, by who is at its other end
  std::set<OriginId> missed;            // origins whose own link says nothing, or that have none
  std::set<OriginId> missed_by_others;  // who tell us, for whom their origins shall sign
  std::set<std::string> unsettled;      // clusters whose choice must be looked at
  std::map<OriginId, base::TimePoint> stuck;   // sources that cannot be read, and since when
  std::map<OriginId, base::TimePoint> behind;  // newer was shown than we hold; since nothing came
  std::optional<base::TimePoint> own_stuck;    // ours
  Counters counters;

  base::TimePoint started,
      expected;  // `expected`: when the next turn was due at the latest
  base::TimePoint next_beacon;
  std::uint64_t sequence = 0;
  // Own changes up to `released` are pushed; later ones wait for the end of the coalescing time.
  std::uint64_t released = 0;
  base::TimePoint released_at;
  base::TimePoint next_proof{};  // for everybody, asked for or not
  unsigned refutations_left = kMaxRefutations;
  bool beacons_heard = false, restored = false, has_heard = false, synced = false;
  Link* only_stirred = nullptr;  // by this turn: what it did can give no other link work
  bool closing = false;          // a link is to be closed as soon as may be
  VerdictLog verdicts;           // while there are leaves
  std::size_t leaves = 0;        // links of leaves
  bool verdicts_due = false;     // all of them may have changed
  Stamp told_leaves;             // of the own origin
  std::uint64_t stirred_by = 0;  // the newest verdict that links of leaves were given work by
  std::size_t leaf_bytes = 0;    // sent in this turn
  std::shared_ptr<const Publication> published;
  bool publication_due = true;

  // node.cpp
  Effects turn(base::TimePoint now);
  Effects finish(base::TimePoint now, Effects effects);
  void serve_deadlines(base::TimePoint now, Effects& effects);
  bool restore(base::TimePoint now, SavedOrigin saved);
  void release_changes(base::TimePoint now);
  void restart_own(base::TimePoint now, Stamp claimed, Effects& effects);
  void ask(base::TimePoint now);
  void forget_origin(const OriginId& origin);
  base::TimePoint deadline(base::TimePoint now);
  Stamp released_stamp() const;
  void sign_own();
  void prove_own(base::TimePoint now);

  // node_local.cpp
  void tend_holds(base::TimePoint now, Effects& effects);
  Effects said_locally(base::TimePoint now, std::string_view source, LocalOrigin::Replaced replaced,
                       Effects effects);
  void say_ended(const std::string& source, std::string_view how, Effects& effects) const;

  // node_links.cpp
  Link* link_to(const OriginId& origin);
  const Link* link_to(const OriginId& origin) const;  // the one that talks
  void choose_talking(const OriginId& origin);
  void bound_links(const OriginId& origin);
  void close(Link& link, std::string why);
  void drop_link(base::TimePoint now, std::map<LinkId, Link>::iterator at, LinkEnd end,
                 Effects& effects);
  void supervise_links(base::TimePoint now, Effects& effects);
  void look_who_is_missed(base::TimePoint now);
  void forget_shown(Link& link);

  // node_receive.cpp
  void receive(base::TimePoint now, Link& link, Hello hello, Effects& effects);
  void receive(base::TimePoint now, Link& link, Beacons beacons, Effects& effects);
  void receive(base::TimePoint now, Link& link, Still still, Effects& effects);
  void receive(base::TimePoint now, Link& link, Delta delta, Effects& effects);
  void receive(base::TimePoint now, Link& link, Pull pull, Effects& effects);
  void receive(base::TimePoint now, Link& link, Goodbye goodbye, Effects& effects);
  void receive(base::TimePoint now, Link& link, const Verdicts& verdicts, Effects& effects);
  std::optional<Goodbye> objection(base::TimePoint now, const Link& link, const Hello& hello) const;
  void refuse(Link& link, const OriginId& claimed, Goodbye why, bool moves_on, Effects& effects);
  void malformed(Link& link, std::string what, Effects& effects);
  void sentenced(const OriginId& origin, const Quarantine::Sentence* sentence, Effects& effects);
  const Link* speaks(base::TimePoint now, const OriginId& origin) const;
  void overhear(Link& direct, const Beacon& beacon);
  void take(base::TimePoint now, Link& link, const Beacons& beacons, Effects& effects);
  void answer_missed(Link& link, const Beacons& beacons);
  void answer_asked(Link& link, const Beacons& beacons);
  void hear_of(base::TimePoint now, Link& link, const Beacon& beacon, Effects& effects);
  // `way`: the link itself or its bulk stream, whose parts are told apart.
  void take(base::TimePoint now, Link& link, LinkId way, Delta delta, Effects& effects);
  void apply(base::TimePoint now, Link& link, LinkId way, Delta delta, Effects& effects);
  bool is_relayed(const OriginId& origin) const;
  bool lacks_proof(const OriginState& state) const;
  void hear_of_self(base::TimePoint now, Link& link, const Beacon& beacon, Effects& effects);

  // node_bulk.cpp
  bool is_bulk(const Link& link, const OriginId& origin, Stamp have) const;
  bool goes_apart(base::TimePoint now, const Link& link, const OriginId& origin, Stamp have) const;
  void tend_stream(base::TimePoint now, Link& link, Effects& effects);
  std::optional<Delta> beckon(base::TimePoint now, Link& link);
  void stream_up(base::TimePoint now, LinkId id, LinkId of, Effects& effects);
  void stream_down(base::TimePoint now, LinkId id);
  void end_stream(base::TimePoint now, Link& link, std::string why, Effects& effects);
  std::optional<Frame> next_on_stream(base::TimePoint now, Link& link, std::size_t max_bytes);
  void receive_on_stream(base::TimePoint now, Link& link, Frame frame, Effects& effects);
  void answer_beckoning(base::TimePoint now, Link& link, const Delta& delta, Effects& effects);

  // node_replicas.cpp
  Replica own_replica() const;
  Replica replica_of(base::TimePoint now, const OriginId& id, const OriginState& rows) const;
  void settle_replicas(base::TimePoint now, Effects& effects);
  void note_behind(base::TimePoint now, const OriginId& origin, base::TimePoint since);
  void note_current(const OriginId& origin);
  void note_source(base::TimePoint now, const OriginId& origin, Stamp before);
  void give_way(base::TimePoint now, std::string why, Effects& effects);

  // node_leaves.cpp
  void greet_leaf(Link& link, const Hello& hello, Effects& effects);
  std::optional<std::string> leaf_objection(const Link& link, const Hello& hello) const;
  void hear_leaf(Link& link, const Frame& frame, Effects& effects);
  void begin_following(Link& link, const Beacons& beacons, Effects& effects);
  void owe_leaves(base::TimePoint now, const OriginId& origin);
  void judge_all(base::TimePoint now);
  Verdict verdict_of(base::TimePoint now, const OriginId& origin, const Remote& remote) const;
  void serve_leaves(base::TimePoint now, const Effects& effects);
  void forget_for_leaves(const OriginId& origin);
  std::optional<Frame> next_leaf_frame(base::TimePoint now, Link& link, std::size_t max_bytes);
  Verdicts make_verdicts(base::TimePoint now, Link& link);
  std::optional<Delta> next_leaf_delta(Link& link, std::size_t max_bytes);

  // node_send.cpp
  std::optional<Frame> next_frame(base::TimePoint now, Link& link, std::size_t max_bytes);
  Stamp known_of(const OriginId& origin) const;
  std::optional<base::Duration> age_of(base::TimePoint now, const OriginId& origin) const;
  Hello make_hello(base::TimePoint now, const Link& link) const;
  std::vector<Beacon> make_beacons_of(base::TimePoint now, const OriginId& origin) const;
  std::set<OriginId> worth_telling(const Link& link) const;
  Frame make_beacons(base::TimePoint now, Link& link);
  std::optional<Pull> next_request(base::TimePoint now, Link& link);
  bool own_goes_first(base::TimePoint now, const Link& link) const;
  Checkpoint own_target(const Link& link, Stamp have) const;
  std::optional<Transfer> begin(base::TimePoint now, Link& link, const Pull& request);
  bool begin_transfer(base::TimePoint now, Link& link);
  std::optional<Delta> next_delta(base::TimePoint now, Link& link, std::size_t max_bytes);
};

}  // namespace discovery
