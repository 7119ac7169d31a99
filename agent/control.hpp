// The control thread: the one owner of the gossip node, or of a leaf. Turns what links, sources and
// probes post into the node's events, and the node's effects into frames, probes, log lines and
// publications.
//
// A turn takes what waits as a batch at one frozen time, then ticks, then pumps the links, then
// publishes at most once. A turn that took longer than kSlowTurn is counted: the beacons of
// everybody else wait behind it. Thread: run() is the control thread; post(), membership() and
// stop() from any. Callbacks run on the control thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "agent/peer_list.hpp"
#include "agent/refusals.hpp"
#include "agent/source_rows.hpp"
#include "base/inbox.hpp"
#include "base/log.hpp"
#include "discovery/node.hpp"
#include "discovery/rpc/dialer.hpp"
#include "discovery/rpc/links.hpp"

namespace agent {

// What others ask of the control thread.
// The documents cannot be read, for this reason; "" = they can.
struct SourceStuck {
  std::string why;
};
struct LocalReady {};
struct Leave {
  discovery::Goodbye::Reason reason = discovery::Goodbye::Reason::leaving;
};
struct Forget {
  std::string cluster;
};
struct Reach {
  std::vector<std::string> networks;  // reachable from here
};
struct Release {
  std::string source;  // "" = every one
};
struct Peers {
  std::vector<base::HostPort> peers;
};
using Command = std::variant<discovery::SavedState, SourceRows, SourceStuck, LocalReady,
                             discovery::ProbeReply, Leave, Forget, Release, Reach, Peers>;

// What status, metrics and health show; replaced at every turn that changed something and at least
// once a second.
struct Membership {
  base::TimePoint at{};
  bool synced = false;
  discovery::OriginId self;
  discovery::Stamp stamp;
  std::vector<discovery::Member> members;
  std::vector<discovery::rpc::PeerStatus> peers;
  std::vector<discovery::Hold> holds;
  std::size_t leaves = 0;               // that follow this agent
  std::optional<discovery::Home> home;  // of a leaf
  discovery::Node::Counters node;
  std::uint64_t turns = 0, slow_turns = 0, commands_dropped = 0;

  // Another agent of this cluster does what this one does.
  bool hears_sibling() const;
};

class Control {
 public:
  static constexpr std::size_t kMaxCommands = 4096;
  static constexpr base::Duration kSlowTurn = std::chrono::milliseconds(10);
  // How long a leaving agent keeps its links open so that the goodbye gets out.
  static constexpr base::Duration kGoodbyePatience = std::chrono::milliseconds(500);

  struct Callbacks {
    // With the newest edition of local rows that is in it.
    std::function<void(std::shared_ptr<const discovery::Publication>, std::uint64_t edition)>
        published;
    std::function<void(discovery::ProbeRequest)> probe;
    std::function<void(Refusal)> refused;  // a link, by either side
  };

  enum class As { node, leaf };
  Control(discovery::NodeConfig config, std::uint64_t seed, Callbacks callbacks, base::Logger& log,
          As as = As::node);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // For the server, which adds links to it; and for the dialer, which is driven from here. Both
  // before start().
  discovery::rpc::Links& links() { return links_; }
  void use(std::unique_ptr<discovery::rpc::Dialer> dialer, PeerList peers);

  void start();
  // Says goodbye to every peer, then ends the thread and the links.
  void stop(discovery::Goodbye::Reason reason);

  void post(Command command);
  std::shared_ptr<const Membership> membership() const;
  discovery::rpc::Links::Counters const& link_counters() const { return links_.counters(); }

 private:
  void run();
  void wake();
  bool wait_until(base::TimePoint deadline);
  void turn(base::TimePoint now);
  void handle(base::TimePoint now, Command& command);
  void handle(base::TimePoint now, discovery::rpc::LinkEvent& event);
  void act(base::TimePoint now, discovery::Effects effects);
  void pump(base::TimePoint now);
  void take_edition();
  void publish(base::TimePoint now);
  void remember(base::TimePoint now);
  void learn_peers(base::TimePoint now, const std::vector<discovery::Member>& members);
  void dial_again(base::TimePoint now);
  void log(const discovery::Event& event);
  void note_refusal(const discovery::Event& event);

  base::Logger& log_;
  const Callbacks callbacks_;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool woken_ = false, stopping_ = false;

  base::Inbox<Command> commands_;
  base::Inbox<discovery::rpc::LinkEvent> link_events_;
  discovery::rpc::Links links_;
  std::unique_ptr<discovery::rpc::Dialer> dialer_;
  PeerList peers_{{}, {}};

  // The control thread's own.
  const std::unique_ptr<discovery::Participant> node_;
  std::set<discovery::LinkId> writable_;
  std::vector<Command> command_batch_;
  std::vector<discovery::rpc::LinkEvent> link_batch_;
  bool publish_ = false;
  std::uint64_t edition_ = 0;                                          // of the local rows
  std::optional<std::pair<std::string, std::uint64_t>> next_edition_;  // and its source
  bool closing_links_ = false;
  std::uint64_t turns_ = 0, slow_turns_ = 0;
  base::TimePoint remembered_at_{}, learnt_at_{};

  mutable std::mutex membership_mutex_;
  std::shared_ptr<const Membership> membership_;
  std::thread thread_;
};

}  // namespace agent
