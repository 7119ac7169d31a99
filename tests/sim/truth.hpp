// What really happened, and whether every agent's view could have come of it: the promises of
// DESIGN §8, looked at after every step.
//
// It knows what each cluster's sources said and when; it never asks the code under test what is
// right. Where each promise is looked at:
//   1 only an origin changes its rows:     check_rows: what is shown at a stamp was said at it
//   2 a view never goes back:              check_rows: nothing older, by stamp and by time
//   3 all agree in the end:                converged
//   4 what was removed stays removed:      check_rows: 1 and 2 leave it no way back
//   5 a restart leaves no empty gap:       look, check_rows: nobody once shown is missing or empty
//   6 staleness is known, without clocks:  check_age: never called younger, or fresh for long
//   7 memory per peer is bounded:          holds
//   8 one bad origin stops no other:       flows; and it costs no more than its limits: check_cost
// Of agents that share a cluster: exactly one is taken (look), a cluster is fresh and true while
// one of them can be (covered), nobody takes another without need (event).
// Leaves look like everybody and are seen by nobody (converged); what they show may go back to a
// lower life where that is the later one (check_rows); of agents that share a cluster they take the
// one that their home takes (follows).
// Beyond these: no cluster is demoted or dead whose endpoints answer (event); who is demoted is
// lifted by an answer or its own link alone (event), stays so while nothing gets there and is back
// when something does (reaches); a published state is never written to (look); what a source lost
// by a relist stays until it can be believed and what it saw go goes at once (look,
// Mesh::look_for_gone), and of what stays nothing is called unhealthy that answers (check_health).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/node.hpp"

namespace sim {

// Of a row, by its key.
inline bool is_endpoint(std::string_view key) { return key.starts_with("e/"); }

using Contents = std::map<std::string, std::string>;

// Of every agent: low enough for a noisy origin to reach them in every run.
inline constexpr discovery::Limits kLimits{.changes_per_second = 50,
                                           .quarantine = std::chrono::seconds(2),
                                           .longest_quarantine = std::chrono::seconds(8)};
std::uint64_t hash_of(const Contents& contents);

// What becomes of connections from one cluster to the endpoints of another.
enum class Reach { all, none, unclear };

class Truth {
 public:
  using Clock = base::TimePoint;

  // Those of one cluster stand side by side.
  explicit Truth(std::vector<discovery::OriginId> agents, std::size_t leaves = 0);

  // The cluster's agent now publishes `contents` at `stamp`.
  void says(Clock now, std::size_t cluster, discovery::Stamp stamp, const Contents& contents);
  // `with_disk`: it knows its lives from there.
  bool is_said(std::size_t cluster, discovery::Stamp stamp) const {
    return stamp == origins_[cluster].now;
  }
  void source_says(Clock now, std::size_t home, const Contents& contents);
  void born(std::size_t cluster, bool with_disk);
  void died(Clock now, std::size_t cluster);
  // Of its disk alone.
  void remembers(std::size_t viewer, const discovery::Member& member);
  void left(std::size_t cluster) { origins_[cluster].left = true; }
  void noisy(std::size_t cluster) { origins_[cluster].noisy = true; }
  void stalled(Clock until, std::size_t viewer, base::Duration time) {
    viewers_[viewer].stalls.emplace_back(until, time);
  }
  void delivered(base::Duration transit);
  // An altered frame has reached it: it may well call somebody malformed, or copies different.
  void deceived(std::size_t viewer) { viewers_[viewer].deceived = true; }
  void probed(Clock now, std::size_t viewer, std::size_t cluster, bool answered);
  // Something that the cluster's agent said over its own link has come to the viewer.
  void spoke(Clock now, std::size_t viewer, std::size_t cluster);
  // Of what a relist has lost and the cluster's own agent holds.
  void held_probed(std::size_t cluster, const discovery::ProbeReply& reply) {
    origins_[cluster].failed.insert(reply.failed.begin(), reply.failed.end());
  }

  // The invariants.
  void event(Clock now, std::size_t viewer, std::size_t cluster, discovery::Event::Kind kind);
  // Of a leaf, or at its home of a leaf's link.
  void leaf_event(Clock now, std::size_t viewer, const discovery::Event& event);
  void look(Clock now, std::size_t viewer, discovery::Participant& node, Clock its_clock);
  // Of a leaf, which publishes nothing while it hears nobody.
  void ages(Clock now, std::size_t viewer, const std::vector<discovery::Member>& members);
  // Told again and again of a leaf in calm weather.
  void follows(Clock now, std::size_t viewer, const discovery::Publication& shown, std::size_t home,
               const discovery::Publication& at_home);
  void converged(Clock now, std::size_t viewer, discovery::Participant& node, Clock its_clock);
  // What is waiting for one link, of at most `most` whatever the rate of change.
  void holds(std::size_t viewer, std::size_t backlog, std::size_t most);
  // In calm weather, whatever others do: `viewer` shows what `cluster` said up to `bound` ago.
  void flows(Clock now, std::size_t viewer, std::size_t cluster, discovery::Participant& node,
             Clock its_clock, base::Duration bound);
  // Told again and again: callers of `viewer` are led to `cluster` where they can get there, and
  // elsewhere where they cannot.
  void reaches(Clock now, std::size_t viewer, std::size_t cluster, Reach reach,
               discovery::Participant& node, Clock its_clock);
  // An agent of the cluster of `of` reads its source and is heard well: whichever of them is taken,
  // it is fresh and says what that source said up to `bound` ago, but for the memory of a life
  // whose disk was lost, which stands until its origin hears of it. In quarantine nobody is heard.
  void covered(Clock now, std::size_t viewer, std::size_t of, discovery::Participant& node,
               Clock its_clock, base::Duration bound);
  // From here on nothing breaks: nobody has a reason to take another.
  void settled() { settled_ = true; }
  void violated(std::string what);

  std::string name(std::size_t cluster) const { return ids_[cluster].to_string(); }
  std::size_t index(const discovery::OriginId& origin) const;

  const std::vector<std::string>& violations() const { return violations_; }

 private:
  bool is_overtaken(const discovery::OriginPublication& shown) const;
  struct Said {
    std::uint64_t hash = 0;
    std::size_t order = 0;
    bool after_loss = false;  // in a life that is lower than one before it
    Clock at{};
  };
  struct Origin {
    std::map<discovery::Stamp, Said> said;
    std::size_t order = 0;
    bool alive = false, left = false, with_disk = false, noisy = false;
    bool bare = false;  // has said nothing but that it is stuck: there is nobody to probe
    std::uint64_t highest_life = 0;
    Clock died_at{};
    base::Duration slowest{};  // of the frames delivered since it died
    int born_since = 0;        // agents that have started since then
    discovery::Stamp now{};
    std::set<base::SocketAddress> failed;                 // of this life's knocks at what is held
    std::vector<std::pair<Clock, std::uint64_t>> source;  // of a home: what it said since when
  };
  struct Seen {
    discovery::Stamp stamp{};
    std::size_t order = 0;
    bool shown = false, after_loss = false;
    bool failed_since = false;  // the last probe, since it was suspected
    bool quarantined = false;
    Clock quarantine_moved_at{};  // when that changed last
    double cost = 0;              // rows taken over, less what was allowed meanwhile
    Clock cost_at{};
    Clock answered_at{};
    bool ever_answered = false;
    bool given_up = false, lifted = false;  // demoted; what failed has spoken or is gone since
    bool bare = false;                      // what is shown has no endpoint to probe
    Clock spoke_at{}, reach_since{};
    Reach reach = Reach::unclear;
  };
  struct Viewer {
    std::map<std::size_t, Seen> seen;
    bool deceived = false;
    discovery::Stamp own{};  // of its own rows when they were looked at last
    std::shared_ptr<const discovery::Publication> looked, kept;  // `kept` must stay as it was
    std::size_t looks = 0;
    std::vector<std::pair<Clock, base::Duration>> stalls;  // each with its end
    std::uint64_t kept_hash = 0;
    std::size_t taken = 0;                   // how often it took another
    std::size_t home = 0;                    // of a leaf: when it was looked at last
    std::map<std::string, Clock> disagrees;  // with its home, since when, by cluster
  };
  void check_rows(std::size_t viewer, const discovery::OriginPublication& shown);
  void check_health(std::size_t cluster, const discovery::Rows& rows);
  void check_cost(Clock now, std::size_t viewer, const discovery::OriginPublication& shown);
  void check_age(Clock now, std::size_t viewer, const discovery::OriginPublication& shown);

  bool is_alone(std::size_t agent) const;

  bool is_leaf(std::size_t viewer) const { return viewer >= agents_; }

  std::size_t agents_;  // leaves come behind them
  std::vector<discovery::OriginId> ids_;
  bool settled_ = false;
  std::vector<Origin> origins_;
  std::vector<Viewer> viewers_;
  std::vector<std::string> violations_;
};

}  // namespace sim
