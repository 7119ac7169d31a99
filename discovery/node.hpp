// The gossip node: a pure state machine. Events and the time go in, effects come out as values, and
// what goes to a peer is pulled from it link by link, so that a slow peer costs a cursor and not a
// queue.
//
// A link is one stream to one agent, whichever side dialled; the skin numbers links and never
// reuses a number. Two agents may have two links; the node talks on one and keeps the other quiet.
//
// Invariants (DESIGN §8): only an origin changes its rows; the state of an origin never goes back;
// a removed row stays removed; memory per link does not depend on the update rate. Errors: a frame
// that makes no sense is counted, may close its link (Effects::close), and changes nothing. Thread:
// control only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/limits.hpp"
#include "discovery/message.hpp"
#include "discovery/publication.hpp"
#include "discovery/row.hpp"
#include "discovery/saved_state.hpp"

namespace discovery {

using LinkId = std::uint64_t;

struct NodeConfig {
  OriginId self;
  // Above 0: `self.replica` is where to begin; when another agent holds it, the node takes another
  // of 0..slots-1. 0: it is fixed.
  std::uint32_t slots = 0;
  std::array<std::uint8_t, 16> instance{};
  std::string advertise;
  std::uint64_t last_incarnation = 0;  // from disk; 0 = unknown
  base::Duration beacon_interval = std::chrono::seconds(1);
  base::Duration coalesce =
      std::chrono::milliseconds(20);  // after the first change, which goes at once
  base::Duration suspect_after = std::chrono::seconds(3);  // of silence, by age
  base::Duration dead_after = std::chrono::seconds(15);    // of silence without an answered probe
  base::Duration forget_after = std::chrono::hours(24);
  base::Duration sync_patience = std::chrono::seconds(10);  // synced at the latest, peers or not
  base::Duration probe_interval = std::chrono::seconds(1);  // of a suspect origin's endpoints
  base::Duration probe_timeout = std::chrono::milliseconds(500);
  std::size_t probes_per_round = 8;   // of an origin; fewer where many are silent:
  std::size_t max_probes = 512;       // of all rounds together, as many as the skin makes at once
  std::vector<std::string> networks;  // reachable from here: endpoints on others are not probed;
                                      // empty = all
  base::Duration relist_hold = std::chrono::seconds(60);  // of what a relist has lost
  std::size_t held_probes = 128;                          // of a source's held endpoints, a round
  std::size_t max_changes = 4'096;                        // remembered of each origin
  Limits limits;                                          // of what is taken of each
  base::Duration proof_interval = std::chrono::seconds(20);  // of those that nobody has asked for
  std::size_t bulk_bytes = 512 * 1024;  // a larger snapshot goes by a bulk stream
  std::shared_ptr<Notary> notary;       // null: an insecure mesh, nothing is proven or asked for
};

// Who is at the other end, as the skin knows before any frame.
struct LinkPeer {
  std::string proven_cluster;  // from the certificate; "" = an insecure link, the Hello is believed
  std::string address;         // dialled or seen, for status
  bool dialled = false;
  bool proven_leaf = false;  // by a certificate that cannot speak for the cluster
  LinkId bulk_of = 0;        // above 0: no link, but the bulk stream of that one (bulk_stream.hpp)
};

// How a local source came to what it says.
enum class Listing : std::uint8_t {
  change,  // it saw go what is missing: an edit, a delete, a scale-down
  relist,  // it read everything anew after a gap in which it saw nothing: relist_hold.hpp
};

// What a relist of a source has lost and that stays published for a while.
struct Hold {
  std::string source;
  std::size_t rows = 0, endpoints = 0;  // endpoints are rows too
  std::size_t failing = 0;              // of the endpoints: called unhealthy, they do not answer
  base::Duration left{};                // until the last of it goes
};

struct CloseLink {
  LinkId link = 0;
  std::string reason;
};

// TCP connects to make; the answer comes back through probed(). An address counts as alive when it
// accepts.
struct ProbeRequest {
  std::uint64_t id = 0;
  OriginId origin;
  std::vector<base::SocketAddress> targets;
  base::Duration timeout{};
};
struct ProbeReply {
  std::uint64_t id = 0;
  std::vector<base::SocketAddress> alive, failed;
};

// Something an operator wants in the log; the node does not log.
struct Event {
  enum class Kind {
    link_ready,
    link_lost,
    suspect,
    stale,
    demoted,
    dead,
    fresh_again,
    forgotten,
    following,  // a leaf has found a home, `origin`
    homeless,   // no home is heard: a leaf calls everything stale
    refuted,    // somebody remembers a life of ours that we do not: a new one has begun above it
    refused,
    malformed,
    held,          // own rows that a relist has lost
    hold_ended,    // they are listed again, or gone now
    link_refused,  // we take no link from who claims to be `origin`
    turned_away,   // `origin`, or whoever is at that address, takes no link from us
    quarantined,
    released,
    taken,  // of its cluster's agents this one's rows are taken from now on
    moved,  // we are this origin now: another agent has the number that we had
  } kind;
  OriginId origin;
  std::string text;
  std::string address = {};  // of the other end, where a link is refused
};

struct Effects {
  std::vector<LinkId> writable;  // next_frame() has something for these
  std::vector<CloseLink> close;
  std::vector<LinkId> bulk;  // links that we dialled and that want a bulk stream
  std::vector<ProbeRequest> probes;
  std::vector<Event> events;
  bool publish = false;  // publication() would differ from the last one taken
};

// One line of `nearmost status`: an origin, how we hear of it, how old that is.
struct Member {
  OriginId id;
  Stamp stamp;
  enum class State : std::uint8_t {
    fresh,
    suspect,
    stale,
    demoted,
    dead,
    returning
  } state = State::fresh;
  std::optional<base::Duration> age;  // since its newest word; nothing before any
  // Whether its endpoints can be reached from here. Who speaks to us itself is not probed (direct).
  enum class Path : std::uint8_t {
    direct,
    unknown,  // not answered yet
    answers,
    fails,
    nothing_to_ask
  } path = Path::direct;
  // "direct" while its newest word came over the link that joins us; the agent that brought that
  // word; "" when that link is gone and nobody brings newer ones; "(disk)" before any.
  std::string via;
  std::string address;  // of the link, or what it advertises
  std::size_t rows = 0;
  bool local = false;
  bool linked = false;  // a link joins us
  // Of a word over that link and back, less the time for which it lay there; a change takes half of
  // it where both ways are alike. Nothing before the first.
  std::optional<base::Duration> round_trip;
  std::string advertise;  // where it takes links, by its Hello or its own row; "" = nowhere known
  std::string quarantine = {};  // why; "" = it is not in quarantine
  base::Duration quarantine_left{};
  bool taken = true;    // the view of its cluster is made of its rows
  std::string why{};    // of those of its cluster that are known, why the taken one is; "" = alone
  std::string stuck{};  // why it cannot read its source; "" = it can
};

// The home of a leaf.
struct Home {
  OriginId origin;
  std::string address;
  base::Duration silence{};
};

// What the control thread drives: a node of the mesh, or a leaf of one of its nodes (leaf.hpp). The
// calls mean the same to both; who has nothing to do at one does nothing.
class Participant {
 public:
  virtual ~Participant() = default;

  // What an earlier life of this agent knew of others, before anything else: shown at once, called
  // silent until heard, and completed from there. Of an origin that is known by now nothing is
  // taken, nor of the own one, which is what the sources say.
  virtual Effects restore(base::TimePoint now, SavedState saved) = 0;

  virtual Effects link_up(base::TimePoint now, LinkId link, LinkPeer peer) = 0;
  // `reset`: the transport broke, which starts the probes at once; otherwise the stream ended
  // cleanly.
  // `malformed`: the skin ended it for a frame that makes no sense.
  enum class LinkEnd { reset, closed, malformed };
  virtual Effects link_down(base::TimePoint now, LinkId link, LinkEnd end) = 0;
  virtual Effects receive(base::TimePoint now, LinkId link, Frame frame) = 0;
  virtual Effects probed(base::TimePoint now, ProbeReply reply) = 0;
  // The networks that can be reached from here are others now (NodeConfig::networks).
  virtual void reach(std::vector<std::string> networks) = 0;

  // The desired rows of one local source ("files", "agent", …): the difference to what that source
  // said before is published as changes, but for what a relist has lost and is held. Rows of other
  // sources stay. Idempotent.
  virtual Effects replace_local(base::TimePoint now, std::string_view source,
                                std::vector<EncodedRow> rows,
                                Listing listing = Listing::change) = 0;
  // The same for what a source saw change, where it knows what it said before.
  virtual Effects change_local(base::TimePoint now, std::string_view source,
                               RowChanges changes) = 0;
  // The operator's word: the relist of this source is believed now; "" = of every source.
  virtual Effects release(base::TimePoint now, std::string_view source) = 0;
  // The local sources cannot be read any more, for this reason; "" = they can again. Peers are told
  // and prefer another agent of this cluster meanwhile. Before local_ready(): they never could.
  virtual Effects source_stuck(base::TimePoint now, std::string why) = 0;
  // The local sources have been read once: own rows may be published, "synced" may come true.
  virtual Effects local_ready(base::TimePoint now) = 0;
  // Announces a stop to every peer; the caller then drains next_frame() for a moment and closes the
  // links.
  virtual Effects leave(base::TimePoint now, Goodbye::Reason reason) = 0;
  // The operator's word: drop everything of a cluster and remember not to take it back from relays.
  virtual Effects forget(base::TimePoint now, std::string_view cluster) = 0;

  // Serves what is due. The caller ticks at next_deadline() or earlier, after it has handed over
  // everything that had arrived by then: nobody is called silent whose word is waiting.
  virtual Effects tick(base::TimePoint now) = 0;
  virtual base::TimePoint next_deadline() const = 0;

  // The next frame for this link, at most `max_bytes` of rows; nothing when there is nothing to say
  // now.
  virtual std::optional<Frame> next_frame(base::TimePoint now, LinkId link,
                                          std::size_t max_bytes = kMaxFrameBytes) = 0;

  virtual std::shared_ptr<const Publication> publication(base::TimePoint now) = 0;
  // What is waiting to be said on a link: questions, answers owed, rows of a transfer. Bounded by
  // what there is to know, whatever the rate of change.
  virtual std::size_t backlog(LinkId link) const = 0;
  virtual std::vector<Member> members(base::TimePoint now) const = 0;
  // Of sources of which something is held.
  virtual std::vector<Hold> holds(base::TimePoint now) const = 0;
  virtual bool holds(std::string_view source) const = 0;
  virtual OriginId self() const = 0;  // of a leaf: the cluster
  virtual Stamp stamp() const = 0;    // of the own origin
  // Which agent is at the other end; nothing before its Hello, nor of a leaf.
  virtual std::optional<OriginId> peer(LinkId link) const = 0;
  virtual bool synced(base::TimePoint now) const = 0;
  virtual std::size_t leaves() const = 0;                           // that follow this agent
  virtual std::optional<Home> home(base::TimePoint now) const = 0;  // that this leaf follows

  struct Counters {
    std::uint64_t frames_received = 0, frames_sent = 0, rows_applied = 0, duplicates = 0, gaps = 0,
                  malformed = 0, refused = 0, proven = 0, unproven = 0, divergences = 0,
                  snapshots_sent = 0, snapshots_applied = 0, probes = 0, refutations = 0,
                  relists_held = 0, quarantines = 0, held_back = 0;
  };
  virtual const Counters& counters() const = 0;
};

class Node final : public Participant {
 public:
  Node(NodeConfig config, base::Random random, base::TimePoint now);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Effects restore(base::TimePoint now, SavedState saved) override;
  Effects link_up(base::TimePoint now, LinkId link, LinkPeer peer) override;
  Effects link_down(base::TimePoint now, LinkId link, LinkEnd end) override;
  Effects receive(base::TimePoint now, LinkId link, Frame frame) override;
  Effects probed(base::TimePoint now, ProbeReply reply) override;
  void reach(std::vector<std::string> networks) override;
  Effects replace_local(base::TimePoint now, std::string_view source, std::vector<EncodedRow> rows,
                        Listing listing = Listing::change) override;
  Effects change_local(base::TimePoint now, std::string_view source, RowChanges changes) override;
  Effects release(base::TimePoint now, std::string_view source) override;
  Effects source_stuck(base::TimePoint now, std::string why) override;
  Effects local_ready(base::TimePoint now) override;
  Effects leave(base::TimePoint now, Goodbye::Reason reason) override;
  Effects forget(base::TimePoint now, std::string_view cluster) override;
  Effects tick(base::TimePoint now) override;
  base::TimePoint next_deadline() const override;
  std::optional<Frame> next_frame(base::TimePoint now, LinkId link,
                                  std::size_t max_bytes = kMaxFrameBytes) override;
  std::shared_ptr<const Publication> publication(base::TimePoint now) override;
  std::size_t backlog(LinkId link) const override;
  std::vector<Member> members(base::TimePoint now) const override;
  std::vector<Hold> holds(base::TimePoint now) const override;
  bool holds(std::string_view source) const override;
  OriginId self() const override;
  Stamp stamp() const override;
  std::optional<OriginId> peer(LinkId link) const override;
  bool synced(base::TimePoint now) const override;
  std::size_t leaves() const override;
  std::optional<Home> home(base::TimePoint) const override { return std::nullopt; }
  const Counters& counters() const override;

 private:
  struct State;  // links, catalog, ageing: each its own file
  std::unique_ptr<State> state_;
};

}  // namespace discovery
