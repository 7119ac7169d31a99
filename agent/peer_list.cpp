#include "agent/peer_list.hpp"

#include <set>
#include <utility>

namespace agent {

bool PeerList::admits(const base::HostPort& peer) const {
  const auto ip = base::IpAddress::parse(peer.host);
  return !ip || rule_.admits(*ip);
}

bool PeerList::learn(const std::vector<discovery::Member>& members) {
  std::map<discovery::OriginId, base::HostPort> learnt;
  for (const auto& member : members) {
    const bool joined_otherwise = member.linked && !learnt_.contains(member.id);
    if (member.local || joined_otherwise || learnt.size() == kMaxLearnt) continue;
    const auto peer = base::HostPort::parse(member.advertise);
    if (peer && admits(*peer)) learnt.emplace(member.id, *peer);
  }
  return std::exchange(learnt_, learnt) != learnt;
}

std::vector<base::HostPort> PeerList::to_dial() const {
  std::set<base::HostPort> peers(configured_.begin(), configured_.end());
  for (const auto& [origin, peer] : learnt_) peers.insert(peer);
  return {peers.begin(), peers.end()};
}

}  // namespace agent
