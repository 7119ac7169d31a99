// The thread that passes queries on to upstreams: the network and the clock of dns::Pending.
//
// To each upstream there are kChannels c-ares channels for UDP, of which one is drawn for each
// question, and one for each other way of speaking. Without a rule for passing on nothing is
// posted and the thread sleeps.
//
// Thread: post() from any, counters() and upstreams() too; replies leave through the asker's door,
// on this object's thread. Stopping ends what is under way without a reply. Limits: kInbox queries
// that wait for the thread; what is beyond is refused and counted.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/inbox.hpp"
#include "dns/net/upstream_channel.hpp"

namespace dns::net {

class PassOn {
 public:
  static constexpr std::size_t kChannels = 8;
  static constexpr std::size_t kInbox = Pending::kMaxWaiting;

  explicit PassOn(std::uint64_t seed);
  ~PassOn();

  // False when too many wait, or after stop(): nobody will reply.
  bool post(ForeignQuery query, Asker asker);
  // A second call does nothing.
  void stop();

  const PassOnCounters& counters() const { return counters_; }
  std::uint64_t inbox_full() const { return inbox_.dropped(); }
  std::vector<Pending::Upstream> upstreams() const;

 private:
  struct Posted {
    ForeignQuery query;
    Asker asker;
  };
  using Way = std::pair<base::SocketAddress, Via>;

  void run();
  base::Duration patience(base::TimePoint now) const;
  void perform(base::TimePoint now);
  UpstreamChannel& channel(base::TimePoint now, const Way& way);
  void bury(base::TimePoint now);
  void show_upstreams();

  PassOnCounters counters_;
  base::Random random_;
  Pending pending_;
  Pending::Effects effects_;
  base::net::PollSet polled_;
  std::vector<Ended> ended_;
  // Newest last in each; older ones only end what is under way.
  std::map<Way, std::vector<std::unique_ptr<UpstreamChannel>>> channels_;
  std::vector<std::unique_ptr<UpstreamChannel>> worn_;
  base::Inbox<Posted> inbox_;
  mutable std::mutex mutex_;
  std::vector<Pending::Upstream> shown_;  // under the lock
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace dns::net
