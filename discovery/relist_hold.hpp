// What a source has lost by a relist that is not believed yet.
//
// A source that reads everything anew after a gap and misses more than half of its endpoints has
// more likely read badly than lost them all: an empty mount, a cache that is still filling. One
// that a new endpoint of the same service takes the place of is not missed: pods that were rolled
// in the gap are others. What is missing then, rows of every kind, stays published for
// NodeConfig::relist_hold, each row from the relist that first missed it. Meanwhile the endpoints
// are knocked at; one that does not answer is called unhealthy, so that callers use it last, until
// it answers: it is not withdrawn, for whose word would that be? What is listed again is held no
// longer. What a source saw go (Listing::change) goes at once, whatever is held beside it.
//
// Invariant: no key is both listed and held. Thread: control only.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "discovery/node.hpp"

namespace discovery {

inline constexpr std::size_t kHoldEndpoints = 10;  // of fewer any number may go

class RelistHold {
 public:
  using Listed = std::map<std::string_view, std::string_view>;  // value by key, both elsewhere

  // The source listed `before` and lists `after` now. Returns how many endpoints are held anew.
  std::size_t replaced(base::TimePoint now, const NodeConfig& config, const Listed& before,
                       const Listed& after, Listing listing);
  // The source lists these keys again, or others.
  template <class Keys>
  void listed(const Keys& keys) {
    if (held_.empty()) return;
    for (const auto& key : keys) held_.erase(key);
    count_ends();
  }
  // The value of a held row as it is to be published; null when it is not held.
  const base::Bytes* find(std::string_view key) const;
  // Both return the keys that are no longer held: those whose time is over, or all.
  std::vector<base::Bytes> expire(base::TimePoint now);
  std::vector<base::Bytes> release();

  // The next round of knocks when it is due: NodeConfig::held_probes endpoints, in turn.
  std::optional<ProbeRequest> begin(base::TimePoint now, const NodeConfig& config,
                                    std::uint64_t id);
  // The keys whose value to publish has changed; none when the reply is of no open round.
  std::vector<base::Bytes> answered(const ProbeReply& reply);

  bool empty() const { return held_.empty(); }
  Hold status(base::TimePoint now) const;  // without the source's name
  base::TimePoint deadline() const;
  void forgive(base::Duration stall);  // time in which nobody could have listed anything

 private:
  struct Held {
    base::Bytes value;
    base::TimePoint until;
    base::Bytes unhealthy;  // the row while its endpoint does not answer; "" = it does, or was not
                            // asked
  };
  bool misses_most(const Listed& before, const Listed& after) const;
  void count_ends();

  std::map<base::Bytes, Held, std::less<>> held_;
  base::TimePoint first_end_ = base::TimePoint::max();
  base::TimePoint next_round_{};
  base::Bytes knocked_;  // the last endpoint whose turn it was
  std::uint64_t open_ = 0;
  std::vector<std::pair<base::Bytes, base::SocketAddress>> asked_;  // in the open round
};

}  // namespace discovery
