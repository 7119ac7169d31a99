// One c-ares channel to one upstream, used as far as it can be trusted (dns.md §6.1): for a short
// time, and for one way of speaking.
//
// c-ares 1.18 sends from one UDP port as long as something is under way, so a channel is worn after
// kMaxAge or kMaxQueries and another takes its place with another port. It follows a truncated
// answer to TCP by itself. On a FORMERR without OPT it asks again without and stops speaking EDNS
// for all of its life; an answer without OPT may be a trace of that, and wears the channel out,
// too.
//
// What it learns is kept in `ended`, not called back: nothing is sent from inside c-ares. Timeouts
// are c-ares': kTimeout, one try. Destruction ends what is under way. Thread: one.
#pragma once

#include <ares.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/net/poll_set.hpp"
#include "dns/pending.hpp"

namespace dns::net {

struct Ended {
  std::uint64_t attempt;
  std::optional<Pending::Failure> failure;  // none: `answer` came
  base::Bytes answer{};
};

class UpstreamChannel {
 public:
  static constexpr base::Duration kMaxAge = std::chrono::seconds(10);
  static constexpr std::size_t kMaxQueries = 1000;
  static constexpr base::Duration kTimeout = std::chrono::milliseconds(800);

  UpstreamChannel(const base::SocketAddress& upstream, Via via, base::TimePoint now,
                  base::net::PollSet& polled, std::vector<Ended>& ended);
  ~UpstreamChannel();
  UpstreamChannel(const UpstreamChannel&) = delete;
  UpstreamChannel& operator=(const UpstreamChannel&) = delete;

  // May end at once.
  void ask(std::uint64_t attempt, const base::Bytes& query);
  void process(const base::net::PollSet::Ready& ready);
  void process_deadlines();
  std::optional<base::Duration> patience() const;  // until the next of them

  bool worn(base::TimePoint now) const {
    return worn_ || queries_ >= kMaxQueries || now - made_ >= kMaxAge;
  }
  std::size_t under_way() const { return under_way_; }

 private:
  struct Asked;
  static void on_end(void* asked, int status, int timeouts, unsigned char* answer, int length);

  const Via via_;
  const base::TimePoint made_;
  base::net::PollSet& polled_;
  std::vector<Ended>& ended_;
  ares_channel channel_ = nullptr;
  int status_ = ARES_SUCCESS;
  std::size_t queries_ = 0, under_way_ = 0;
  bool worn_ = false;
};

}  // namespace dns::net
