#include "agent/peer_list.hpp"

#include <set>
#include <utility>

namespace agent {

bool PeerList::admits(const base::HostPort& peer) const {
  const auto ip = base::IpAddress::parse(peer.host);
  return !ip || rule_.admits(*ip);
}

bool PeerList::is_ours_to_dial(base::TimePoint now, const discovery::OriginId& member) const {
  const auto known = apart_since_.find(member);
  const auto since = known == apart_since_.end() ? now : known->second;
  return self_ < member || now - since >= kYields;
}

bool PeerList::learn(base::TimePoint now, const std::vector<discovery::Member>& members) {
  std::map<discovery::OriginId, base::HostPort> learnt;
  std::map<discovery::OriginId, base::TimePoint> apart;
  for (const auto& member : members) {
    if (member.local || learnt.size() == kMaxLearnt) continue;
    if (!member.linked) apart.emplace(member.id, now);
    const bool ours = !member.linked && is_ours_to_dial(now, member.id);
    if (!ours && !learnt_.contains(member.id)) continue;
    const auto peer = base::HostPort::parse(member.advertise);
    if (peer && admits(*peer)) learnt.emplace(member.id, *peer);
  }
  apart.swap(apart_since_);
  for (auto& [member, since] : apart_since_)
    if (const auto before = apart.find(member); before != apart.end()) since = before->second;
  return std::exchange(learnt_, learnt) != learnt;
}

std::vector<base::HostPort> PeerList::to_dial() const {
  std::set<base::HostPort> peers(configured_.begin(), configured_.end());
  for (const auto& [origin, peer] : learnt_) peers.insert(peer);
  return {peers.begin(), peers.end()};
}

}  // namespace agent
