// Which of a silent origin's endpoints to knock at, and what they answered.
//
// A round is a sample spread over the origin's services; an address that does not answer while
// others do is failed by itself until it answers or the origin speaks again. Invariant: one round
// is open at a time; a reply to another round is ignored. Thread: control only.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "base/random.hpp"
#include "discovery/ageing.hpp"
#include "discovery/node.hpp"
#include "discovery/origin_state.hpp"

namespace discovery {

// A dead origin is asked less often.
inline constexpr int kDeadProbeFactor = 10;
// What a reply may take beyond the timeout before its round counts for nothing.
inline constexpr base::Duration kProbeSlack = std::chrono::seconds(2);

class Probing {
 public:
  // Starts a round when one is due. `nothing` when the origin has no endpoint to knock at.
  struct Round {
    bool nothing = false;
    std::optional<ProbeRequest> request;
  };
  // `most` targets.
  Round begin(base::TimePoint now, const NodeConfig& config, const OriginId& origin,
              const OriginState* state, Ageing::State age, std::uint64_t id, std::size_t most,
              base::Random& random);
  // What the reply means for the origin; nothing when it is of no open round.
  std::optional<Ageing::Probes> answered(const ProbeReply& reply);
  void stop();  // the origin speaks again

  std::vector<base::SocketAddress> failed() const { return {failed_.begin(), failed_.end()}; }
  // When the next round is due: at once for who has not been asked yet.
  base::TimePoint deadline(const NodeConfig& config, Ageing::State age) const;

 private:
  void learn_targets(const OriginState& state);

  std::vector<std::vector<base::SocketAddress>> services_;  // healthy endpoints of each
  Stamp learnt_;
  std::uint64_t open_ = 0;  // the round's id
  base::TimePoint open_until_{};
  std::optional<base::TimePoint> begun_;  // the last round
  std::set<base::SocketAddress> failed_;
};

}  // namespace discovery
