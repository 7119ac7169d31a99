// The questions that upstreams are asked, from the first client that wants to know to the reply to
// the last.
//
// Clients that ask the same (name, type, class, DO, CD) wait for one answer. An upstream is asked
// once at a time: when it does not answer in time, cannot be reached or says that it could not, the
// next one is; the one that answered last is preferred. An answer that is none, or in another case
// than the question, is thrown away and the question put again over TCP, where nobody can guess;
// who changes the case there, too, is asked over TCP from then on, and who does not know EDNS
// without it, both for kRemembered. A question ends with the first answer, when nobody is left to
// ask, or after kPatience: a loop through other resolvers back to us joins its own question and
// ends with it.
//
// Time is an argument, the network is the caller's: what to send is told in Effects, and each
// attempt is answered() or failed() once (not after its question has ended: then it is ignored).
// Randomness: only upstreams see what is drawn. Limits: below; beyond them a UDP query is dropped
// (REFUSED would make musl wait) and one over TCP gets SERVFAIL. Thread: one.
// Source: dns.md §3 rows 36, 37 and 40, §9.4.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "dns/counters.hpp"
#include "dns/foreign.hpp"
#include "dns/upstream_message.hpp"

namespace dns {

// How an upstream is spoken to.
struct Via {
  bool tcp = false, edns = true;
  friend auto operator<=>(const Via&, const Via&) = default;
};

struct Attempt {
  std::uint64_t id;
  base::SocketAddress upstream;
  Via via;
  base::Bytes query;
};

struct PassedReply {
  Asker asker;
  base::Bytes bytes;
};

class Pending {
 public:
  static constexpr std::size_t kMaxWaiting = 10'000;  // clients' queries, so questions too
  static constexpr std::size_t kMaxPerClient = 200;
  static constexpr std::size_t kMaxAttempts = 8;                              // for a question
  static constexpr base::Duration kPatience = std::chrono::seconds(4);        // glibc gives up at 5
  static constexpr base::Duration kMaxAge = std::chrono::milliseconds(1500);  // before it is begun
  static constexpr base::Duration kRemembered = std::chrono::minutes(10);

  struct Effects {
    std::vector<Attempt> attempts;
    std::vector<PassedReply> replies;
  };
  enum class Failure : std::uint8_t { timeout, unreachable };

  Pending(base::Random random, PassOnCounters& counters) : random_(random), counters_(counters) {}

  void ask(base::TimePoint now, ForeignQuery query, Asker asker, Effects& effects);
  void answered(base::TimePoint now, std::uint64_t attempt, std::span<const std::uint8_t> bytes,
                Effects& effects);
  void failed(base::TimePoint now, std::uint64_t attempt, Failure failure, Effects& effects);
  // Ends what has waited for kPatience.
  void tick(base::TimePoint now, Effects& effects);
  base::TimePoint next_deadline() const;  // for tick(); max() = none

  std::size_t waiting() const { return waiting_; }
  std::size_t questions() const { return questions_.size(); }
  // Of every upstream ever asked; the counters may be read by any thread and stay.
  using Upstream = std::pair<base::SocketAddress, std::shared_ptr<const UpstreamCounters>>;
  std::size_t upstreams() const { return upstreams_.size(); }
  std::vector<Upstream> upstream_counters() const;

 private:
  struct Standing {
    std::shared_ptr<UpstreamCounters> counters = std::make_shared<UpstreamCounters>();
    std::uint64_t good = 0;  // the higher, the later it last answered; 0: not since it failed
    base::TimePoint tcp_until{}, plain_until{};
  };
  struct Waiter {
    ForeignQuery query;
    Asker asker;
  };
  struct Question {
    std::string key;
    base::TimePoint deadline;
    std::vector<Waiter> waiters;
    std::size_t server = 0;  // asked last
    std::uint32_t out = 0;   // servers not to be asked again, a bit each
    std::size_t attempts = 0;
    std::uint64_t attempt = 0;
    Via via{};
    base::Bytes sent{};
    bool unreachable = false;  // one of them was
    base::Bytes failure{};     // the last answer of a server that could not
    UpstreamAnswer failure_read{};

    const std::vector<base::SocketAddress>& servers() const {
      return waiters.front().query.upstreams->servers;
    }
  };
  using Place = std::list<Question>::iterator;

  bool has_room(base::TimePoint now, const Asker& asker) const;
  void turn_away(Waiter waiter, Effects& effects);
  // Asks the best that is left, or ends the question.
  void try_next(base::TimePoint now, Place question, Effects& effects);
  void try_again(base::TimePoint now, Place question, Via via, Effects& effects);
  bool choose(Question& question);
  // The question of an attempt that has ended; questions_.end() when that has ended before.
  Place take(std::uint64_t attempt);
  void reply_all(Place question, std::span<const std::uint8_t> bytes, const UpstreamAnswer& answer,
                 Effects& effects);
  void fail_all(Place question, Effects& effects);
  void end(Place question);
  Standing& standing(const Question& question) {
    return upstreams_[question.servers()[question.server]];
  }

  base::Random random_;
  PassOnCounters& counters_;
  std::list<Question> questions_;  // the oldest first
  std::unordered_map<std::string, Place> by_key_;
  std::unordered_map<std::uint64_t, Place> by_attempt_;
  std::unordered_map<base::IpAddress, std::size_t> per_client_;
  std::size_t waiting_ = 0;
  std::uint64_t attempts_ = 0, answers_ = 0;
  std::map<base::SocketAddress, Standing> upstreams_;
};

}  // namespace dns
