// Which endpoints of an origin to knock at that is not heard itself, and what they answered.
//
// A round is a sample spread over the origin's services and of those on networks that can be
// reached from here; an address that does not answer while others do is failed by itself until it
// answers or the origin speaks again. Whose word is heard through others it must fail in
// kPathRounds rounds in a row, and is asked first until that is decided. Invariant: one round is
// open at a time; a reply to another round is ignored. Thread: control only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "discovery/ageing.hpp"
#include "discovery/node.hpp"
#include "discovery/origin_state.hpp"

namespace discovery {

// What a reply may take beyond the timeout before its round counts for nothing.
inline constexpr base::Duration kProbeSlack = std::chrono::seconds(2);

class Probing {
 public:
  // Starts a round when one is due. `nothing` when the origin has no endpoint to knock at.
  struct Round {
    bool nothing = false;
    std::optional<ProbeRequest> request;
  };
  // `most` targets, every `rhythm`.
  Round begin(base::TimePoint now, const NodeConfig& config, const OriginId& origin,
              const OriginState* state, base::Duration rhythm, std::uint64_t id, std::size_t most,
              base::Random& random);
  // What the reply means for the origin; nothing when it is of no open round. An address has failed
  // after so many `rounds` in a row.
  std::optional<Ageing::Probes> answered(const ProbeReply& reply, unsigned rounds);
  void hurry() { begun_.reset(); }  // there are rows at last
  // The origin speaks again. True when addresses had failed.
  bool stop();

  std::vector<base::SocketAddress> failed() const;
  // When the next round is due: at once for who has not been asked yet.
  base::TimePoint deadline(const NodeConfig& config, base::Duration rhythm) const;

 private:
  void learn_targets(const OriginState& state, const std::vector<std::string>& networks);

  struct Failure {
    unsigned rounds = 0;  // in a row
    bool counts = false;
  };
  std::vector<std::vector<base::SocketAddress>> services_;  // healthy endpoints of each
  Stamp learnt_;
  std::vector<std::string> networks_;  // for which `services_` were learnt
  std::uint64_t open_ = 0;             // the round's id
  base::TimePoint open_until_{};
  std::optional<base::TimePoint> begun_;  // the last round, or up to ¼ interval before it
  std::map<base::SocketAddress, Failure> failures_;
};

}  // namespace discovery
