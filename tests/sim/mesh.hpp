// Many agents in one process on virtual time: the skin and the wires around discovery::Node, with
// every way in which they fail. One seed, one run.
//
// A link is an ordered stream in each direction with a delay; it may stall, swallow (a black hole
// looks like silence until somebody resets it), be read slowly, and be reset with the loss of what
// is under way. Truth (truth.hpp) looks at every step; Weather (weather.hpp) makes the trouble.
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
#include "discovery/node.hpp"
#include "tests/sim/truth.hpp"

namespace sim {

using Clock = base::TimePoint;
using Seconds = std::chrono::duration<double>;

struct Process {
  std::unique_ptr<discovery::Node> node;
  std::uint64_t life = 0;  // counts the processes of all clusters
  Clock paused_until{};
};

struct Cluster {
  std::string name;
  std::map<std::string, std::string> rows;  // what its sources say now, value by key
  std::vector<base::SocketAddress> endpoints;
  std::set<base::SocketAddress> answering;
  std::uint64_t disk = 0;  // the last incarnation, if it kept its disk
  std::optional<Process> process;
};

struct Wire {
  struct Way {
    std::deque<std::pair<Clock, discovery::Frame>> frames;  // with the time each was sent
    std::size_t under_way = 0;
    Clock last_arrival{};
    bool hole = false, closing = false;
  };
  std::size_t from = 0, to = 0;  // clusters; `from` dialled
  std::uint64_t lives[2] = {};   // of their processes
  Way ways[2];                   // 0: from → to
  base::Duration delay{};
};

class Mesh {
 public:
  Mesh(std::uint64_t seed, std::size_t clusters);

  void run_until(Clock end);
  // Weather's handles.
  void start(std::size_t cluster);
  void kill(std::size_t cluster);
  void leave(std::size_t cluster, discovery::Goodbye::Reason reason);  // and stops a little later
  void pause(std::size_t cluster, base::Duration time);
  void change_rows(std::size_t cluster, std::size_t count);
  void reset(discovery::LinkId link);
  void swallow(discovery::LinkId link, std::size_t way);
  void dial(std::size_t from, std::size_t to);
  void replay_after_reconnect(discovery::LinkId link);
  void block(std::size_t from, std::size_t to, int by);  // frames one way; counts
  void block_data(std::size_t from, std::size_t to, int by);
  void after(base::Duration time, std::function<void()> what);

  bool blocked(std::size_t from, std::size_t to) const { return blocked_[from][to] > 0; }
  Clock now() const { return now_; }
  base::Random& random() { return random_; }
  std::vector<Cluster>& clusters() { return clusters_; }
  std::map<discovery::LinkId, Wire>& wires() { return wires_; }
  Truth& truth() { return truth_; }
  const Truth& truth() const { return truth_; }
  void note(std::string line);  // into the transcript

  base::Duration slow_reader[16] = {};  // per cluster: time taken for each frame
  bool changing = true;
  std::function<void(const std::string&)> transcript;  // gets each line, if set
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
  bool is_life(std::size_t cluster, std::uint64_t life) const;
  void act(std::size_t cluster, discovery::Effects effects);
  void probe(std::size_t cluster, discovery::ProbeRequest request);
  void pump(discovery::LinkId link, std::size_t way);
  void deliver(discovery::LinkId link, std::size_t way);
  void end_wire(discovery::LinkId link, discovery::Node::LinkEnd end, std::size_t told);
  void keep_dialling(std::size_t from, std::size_t to);
  void connect(std::size_t from, std::size_t to);
  void keep_changing(std::size_t cluster, std::uint64_t life);
  void tell(std::size_t cluster, std::uint64_t life, base::Duration delay,
            std::function<discovery::Effects(discovery::Node&)> what);
  base::Duration between(double low_ms, double high_ms);
  std::vector<discovery::EncodedRow> encoded(const Cluster& cluster) const;

  base::Random random_;
  Clock now_{std::chrono::hours(1)};
  std::priority_queue<Later> later_;
  std::uint64_t next_number_ = 0, next_life_ = 0;
  discovery::LinkId next_link_ = 1;
  std::vector<Cluster> clusters_;
  std::map<discovery::LinkId, Wire> wires_;
  std::vector<std::vector<int>> blocked_, data_blocked_;
  std::set<std::pair<std::size_t, std::size_t>> peers_;  // who dials whom
  std::map<std::pair<std::size_t, std::size_t>, std::vector<discovery::Frame>> replays_;
  Truth truth_;
};

}  // namespace sim
