// Whom to dial: the peers of agent.yaml, and every agent that the mesh tells of and no link joins
// us with. So one seed is enough for a full mesh; who takes no links itself dials the others.
//
// Of two agents that learn of each other the lesser dials at once and the greater after kYields, so
// that the two need one link; it may be the only one that can. An agent once dialled stays listed,
// linked or not, until it is forgotten: it is tried again after every partition. One that is gone
// while others of its cluster are there is tried for kKeepsGone. Where several agents tell the same
// name (a load balancer's) it is dialled once for each of them. An address that
// the import rule refuses is not dialled on others' word, however it is written; names are resolved
// as those of agent.yaml are. Limit: kMaxLearnt. Thread: control.
#pragma once

#include <map>
#include <vector>

#include "base/address.hpp"
#include "discovery/import_rule.hpp"
#include "discovery/node.hpp"

namespace agent {

class PeerList {
 public:
  static constexpr std::size_t kMaxLearnt = discovery::kMaxOrigins;
  static constexpr base::Duration kYields = std::chrono::seconds(5);
  static constexpr base::Duration kKeepsGone = std::chrono::hours(24);

  // `cluster`: a leaf learns other homes only, those of its own cluster; it dials them at once.
  enum class Learns { everybody, cluster };
  PeerList(discovery::OriginId self, discovery::ImportRule rule, Learns learns = Learns::everybody)
      : self_(std::move(self)), rule_(std::move(rule)), learns_(learns) {}

  void configure(std::vector<base::HostPort> peers) { configured_ = std::move(peers); }
  // True when it changes whom to dial.
  bool learn(base::TimePoint now, const std::vector<discovery::Member>& members);
  std::vector<base::HostPort> to_dial() const;  // sorted; each once for each agent behind it
  // We have another replica number.
  void is_now(discovery::OriginId self) { self_ = std::move(self); }

 private:
  bool admits(const base::HostPort& peer) const;
  void keep_gone(base::TimePoint now, const std::vector<discovery::Member>& members,
                 std::map<discovery::OriginId, base::HostPort>& learnt);
  bool is_ours_to_dial(base::TimePoint now, const discovery::OriginId& member) const;

  discovery::OriginId self_;
  discovery::ImportRule rule_;
  Learns learns_;
  std::vector<base::HostPort> configured_;
  std::map<discovery::OriginId, base::HostPort> learnt_;
  std::map<discovery::OriginId, base::TimePoint> apart_since_;  // no link joins us
  std::map<discovery::OriginId, base::TimePoint> gone_since_;   // of learnt_, no member any more
  std::map<base::HostPort, std::size_t> behind_;                // agents that tell one of learnt_
};

}  // namespace agent
