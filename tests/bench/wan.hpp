// Agents in 19 cities of the world on virtual time: real nodes, and a model of the ways between
// them. A round trip takes 4 ms and a millisecond for each 75 km (gossip.md §1.2); what is lost
// stalls its stream for a retransmission timeout, as TCP does; bandwidth is not modelled.
//
// Bytes are those of the protobuf messages, by discovery/rpc/wire: gRPC's five and HTTP/2's nine a
// frame, TLS and TCP come on top.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "discovery/node.hpp"

namespace bench {

using Clock = base::TimePoint;

base::Duration one_way(std::size_t from_agent, std::size_t to_agent);

class Wan {
 public:
  struct Agent {
    std::unique_ptr<discovery::Node> node;
    Clock tick_at = Clock::max(), stalled_until{};
    std::map<std::string, std::string> rows;
    // While it is measured: payload of all its frames, and processor time, protobuf included.
    std::uint64_t bytes_sent = 0, bytes_received = 0;
    base::Duration busy{};
  };

  explicit Wan(std::uint64_t seed) : random_(seed) {}

  // A full mesh of `count` agents with `rows` rows each, which all meet in one moment.
  void build(std::size_t count, std::size_t rows);
  void run(base::Duration time);
  // Writes `count` of the agent's rows anew.
  void change(std::size_t agent, std::size_t count);
  void kill(std::size_t agent, bool with_reset);  // its endpoints die with it
  void stall(std::size_t agent, base::Duration time);
  void partition(bool on);  // the lower half of the agents from the upper
  bool shows(std::size_t viewer, std::size_t of, discovery::Stamp stamp);

  Clock now() const { return now_; }
  std::size_t size() const { return agents_.size(); }
  Agent& agent(std::size_t number) { return agents_[number]; }
  base::Random& random() { return random_; }

  double loss = 0;           // of packets
  std::size_t measured = 0;  // of the agents, the first so many
  // If set: what arrives, with its bytes, and what an agent notes.
  std::function<void(std::size_t to, const discovery::Delta&, std::size_t bytes)> arrives;
  std::function<void(std::size_t who, const discovery::Event&)> notes;

 private:
  struct Link {
    std::size_t ends[2];
    Clock last_arrival[2]{};
    std::size_t under_way[2]{};
    bool hole = false;
  };
  struct Later {
    Clock at;
    std::uint64_t number;
    std::function<void()> what;
    bool operator<(const Later& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };
  void at(Clock when, std::function<void()> what);
  void start(std::size_t number, std::size_t rows);
  void connect(std::size_t a, std::size_t b);
  void redial(std::size_t a, std::size_t b, unsigned failures);
  void end(discovery::LinkId id, int told);  // 0, 1, or 2: both
  void act(std::size_t who, discovery::Effects effects);
  void pump(discovery::LinkId id, int side);
  void deliver(discovery::LinkId id, int side, discovery::Frame frame, std::size_t bytes);
  void schedule_tick(std::size_t who);
  template <class F>
  auto work(std::size_t who, F&& f);
  base::Duration lost_time(std::size_t bytes, base::Duration round_trip);
  bool cut(std::size_t a, std::size_t b) const;
  std::vector<discovery::EncodedRow> encoded(const Agent& agent) const;

  base::Random random_;
  Clock now_{std::chrono::hours(1)};
  std::priority_queue<Later> later_;
  std::uint64_t next_number_ = 0;
  std::vector<Agent> agents_;
  std::map<discovery::LinkId, Link> links_;
  discovery::LinkId next_link_ = 1;
  bool partitioned_ = false;
};

// An endpoint of a service as Kubernetes would tell it.
discovery::EncodedRow endpoint_row(std::size_t cluster, std::size_t service, std::size_t number,
                                   std::size_t edition = 0);

}  // namespace bench
