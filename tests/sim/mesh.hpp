// Many agents in one process on virtual time: the skin and the wires around discovery::Node, with
// every way in which they fail. One seed, one run.
//
// A link is an ordered stream in each direction with a delay; it may stall (so a stream shows a
// packet that was lost), swallow (a black hole looks like silence until somebody resets it), be
// read slowly, be reset with the loss of what is under way, and carry frames that somebody has
// altered. Its bulk stream is another such wire, with a delay and faults of its own. What comes
// twice or out of order comes by another link. Behind the agents stand leaves (discovery/leaf.hpp),
// with dice of their own: an agent's story is the same without them. Truth (truth.hpp) looks at
// every step; Weather (weather.hpp) makes the trouble.
//
// Each process has a clock of its own, up to a year from the others': no time of one may count at
// another. Wall clocks there are none: nothing here or in discovery/ could ask one.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "discovery/leaf.hpp"
#include "discovery/node.hpp"
#include "tests/sim/truth.hpp"

namespace sim {

using Clock = base::TimePoint;

inline constexpr Clock kStart{std::chrono::hours(1)};
// From here on those of leaves and of their links count.
inline constexpr std::uint64_t kLeafLives = 32'768;
inline constexpr discovery::LinkId kLeafLinks = 1'000'000;
inline constexpr std::size_t kMaxRows = 60;          // per cluster, beside its endpoints
inline const std::string kStuck = "cannot be read";  // what a stuck source says

struct Process {
  std::unique_ptr<discovery::Participant> node;
  std::uint64_t life = 0;  // counts the processes of all clusters
  Clock paused_until{};
  base::Duration skew{};                      // of its clock
  std::vector<discovery::EncodedRow> listed;  // what its source of files has said to it
};

// What state.dir would hold, as bytes.
struct Disk {
  struct File {
    discovery::Stamp stamp;
    bool left = false;
    base::Bytes bytes;
  };
  std::uint64_t life = 0;  // none above it was used, unless the disk is an older one
  std::map<discovery::OriginId, File> files;
};

// One agent and what is around it. Agents of one cluster have one source: that of `home`, the
// first of them.
struct Cluster {
  // When a row that is gone must be withdrawn although a relist said so.
  struct Withdrawal {
    Clock earliest, latest;
  };
  discovery::OriginId id;
  std::string name;
  std::size_t home = 0;
  std::vector<std::size_t> homes;          // of a leaf, which has nothing to say
  Contents source;                         // of a home: what there is to read now
  Contents rows;                           // what this agent is to say now, value by key
  std::set<std::string> unlisted;          // of these what its source has lost by a relist
  std::map<std::string, Withdrawal> gone;  // of those what will not come back
  bool stuck = false;
  Clock true_since{};  // it reads its source
  std::vector<base::SocketAddress> endpoints;
  std::set<base::SocketAddress> answering;  // of a home
  bool keeps_disk = true;
  Disk disk;
  std::vector<Disk> disks;  // what it has held, for one that is put back
  Clock save_at{};
  std::uint64_t last_life = 0;  // the highest incarnation that was published
  std::optional<Process> process;

  bool is_leaf() const { return !homes.empty(); }
};

// What becomes of a frame that somebody meets on its way.
enum class Fate { passes, altered, lost };

struct Wire {
  struct Sent {
    Clock at;
    discovery::Frame frame;
    bool altered = false;
  };
  struct Way {
    std::deque<Sent> frames;
    std::size_t under_way = 0;
    Clock last_arrival{};
    bool hole = false, closing = false;
  };
  std::size_t from = 0, to = 0;   // clusters; `from` dialled
  discovery::LinkId bulk_of = 0;  // no link, but the bulk stream of this one
  std::uint64_t lives[2] = {};    // of their processes
  Way ways[2];                    // 0: from → to
  Clock up_at{};
  base::Duration delay{};
  Clock rough_at{};      // when it last was slow or lost frames
  Clock lost_bulk_at{};  // when a bulk stream of it last lost frames; that may be gone since
  double loss = 0;       // of packets: each costs the stream a retransmission timeout
};

class Mesh {
 public:
  // Those of one cluster stand behind the first of it.
  Mesh(std::uint64_t seed, const std::vector<discovery::OriginId>& agents, std::size_t leaves = 0);

  void run_until(Clock end);
  // Weather's handles.
  void start(std::size_t cluster);
  void kill(std::size_t cluster);
  void leave(std::size_t cluster, discovery::Goodbye::Reason reason);  // and stops a little later
  void pause(std::size_t cluster, base::Duration time);
  // Of a cluster that does not run: what it will find.
  void lose_disk(std::size_t cluster);
  void put_older_disk(std::size_t cluster);
  void corrupt_disk(std::size_t cluster);
  void change_rows(std::size_t cluster, std::size_t count);
  void list(std::size_t cluster, discovery::Listing listing);  // what its source says now
  void is_noisy(std::size_t cluster) {                         // and all who read the same source
    for (const auto sibling : siblings(cluster)) truth_.noisy(sibling);
  }
  bool are_siblings(std::size_t one, std::size_t other) const {
    return clusters_[one].home == clusters_[other].home;
  }
  // It cannot read its source for so long, and knows it.
  void get_stuck(std::size_t cluster, base::Duration time);
  void reset(discovery::LinkId link);
  void swallow(discovery::LinkId link, std::size_t way);
  void dial(std::size_t from, std::size_t to);
  void replay_after_reconnect(discovery::LinkId link);
  void block(std::size_t from, std::size_t to, int by);  // frames one way; counts
  void block_data(std::size_t from, std::size_t to, int by);
  void after(base::Duration time, std::function<void()> what);

  bool joined(std::size_t one, std::size_t other, base::Duration since) const;  // by a link
  bool blocked(std::size_t from, std::size_t to) const { return blocked_[from][to] > 0; }
  bool awake(std::size_t cluster) const;
  Clock now() const { return now_; }
  base::Duration elapsed() const { return now_ - kStart; }
  // Dice.
  base::Random& random() { return random_; }
  base::Duration seconds(double low, double high) { return between(low * 1e3, high * 1e3); }
  std::size_t any() { return random_.below(agents_); }
  base::Random& leaf_random() { return leaf_random_; }
  std::size_t agents() const { return agents_; }
  bool is_leaf(std::size_t cluster) const { return cluster >= agents_; }
  std::vector<discovery::LinkId> links(bool of_leaves) const;
  std::vector<Cluster>& clusters() { return clusters_; }
  std::map<discovery::LinkId, Wire>& wires() { return wires_; }
  const Truth& truth() const { return truth_; }
  Truth& truth() { return truth_; }
  void note(std::string line);  // into the transcript
  void check_flow(std::size_t viewer, std::size_t of, base::Duration bound);
  void check_reach(std::size_t viewer);
  void check_converged(std::size_t viewer);
  void check_replicas();
  void check_leaves();
  bool has_siblings(std::size_t cluster) const { return siblings(cluster).size() > 1; }
  std::vector<std::size_t> siblings(std::size_t cluster) const;  // itself among them

  const bool with_bulk;  // snapshots go by streams of their own
  const bool secure;     // origins sign; without that whoever lies about others is believed
  base::Duration slow_reader[16] = {};  // per cluster: time taken for each frame
  bool changing = true;
  std::function<void(const std::string&)> transcript;  // gets each line, if set
  std::function<Fate(std::size_t from, std::size_t to, discovery::Frame&)> meets;  // if set
  std::size_t frames = 0, faults = 0;

 private:
  struct Later {
    Clock at;
    std::uint64_t number;
    std::function<void()> what;
    bool operator<(const Later& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };
  void add_leaf(std::size_t number);
  void start_leaf(std::size_t leaf);
  // Of leaves and of links of theirs.
  base::Random& dice(std::size_t cluster) { return is_leaf(cluster) ? leaf_random_ : random_; }
  void disguise(std::size_t from, std::size_t to, discovery::Frame& frame) const;
  bool is_life(std::size_t cluster, std::uint64_t life) const;
  bool may_freeze(std::size_t viewer) const;
  Reach reach(std::size_t viewer, std::size_t of) const;
  discovery::SavedState read_disk(std::size_t cluster);
  void restore(std::size_t cluster);
  void save(Cluster& cluster, Clock its_clock);
  void act(std::size_t cluster, discovery::Effects effects);
  void look_for_gone(std::size_t cluster);
  void probe(std::size_t cluster, discovery::ProbeRequest request);
  void pump(discovery::LinkId link, std::size_t way);
  void send(discovery::LinkId link, std::size_t way, Wire::Sent sent);
  void deliver(discovery::LinkId link, std::size_t way);
  void end_wire(discovery::LinkId link, discovery::Node::LinkEnd end, std::size_t told);
  void keep_dialling(std::size_t from, std::size_t to);
  void connect(std::size_t from, std::size_t to);
  void open_bulk(std::size_t cluster, discovery::LinkId of);
  void keep_changing(std::size_t cluster, std::uint64_t life);
  void tell(std::size_t cluster, std::uint64_t life, base::Duration delay,
            std::function<discovery::Effects(discovery::Participant&, Clock)> what);
  Clock clock_of(std::size_t cluster) const { return now_ + clusters_[cluster].process->skew; }
  base::Duration between(double low_ms, double high_ms) {
    return between(random_, low_ms, high_ms);
  }
  base::Duration between(base::Random& dice, double low_ms, double high_ms);
  std::vector<discovery::EncodedRow> encoded(const Cluster& cluster) const;
  Contents contents(const Cluster& cluster) const;  // what its agent says
  void read_source(std::size_t cluster);
  void say_changes(std::size_t cluster);  // to its agent, which runs
  bool hears_well(std::size_t viewer, std::size_t of) const;

  base::Random random_;
  base::Random leaf_random_;
  std::size_t agents_ = 0;  // clusters_ before the leaves
  Clock now_ = kStart;
  std::priority_queue<Later> later_;
  std::uint64_t next_number_ = 0, next_life_ = 0, next_leaf_life_ = kLeafLives;
  discovery::LinkId next_link_ = 1, next_leaf_link_ = kLeafLinks;
  std::vector<Cluster> clusters_;
  std::map<discovery::LinkId, Wire> wires_;
  std::vector<std::vector<int>> blocked_, data_blocked_;
  std::set<std::pair<std::size_t, std::size_t>> peers_;  // who dials whom
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Wire::Sent>> replays_;
  Truth truth_;
  std::vector<Clock> deceived_at_;  // when a frame that was altered has reached it last
};

}  // namespace sim
