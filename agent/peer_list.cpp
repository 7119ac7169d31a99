#include "agent/peer_list.hpp"

#include <set>
#include <utility>

namespace agent {

bool PeerList::admits(const base::HostPort& peer) const {
  const auto ip = base::IpAddress::parse(peer.host);
  return !ip || rule_.admits(*ip);
}

bool PeerList::is_ours_to_dial(base::TimePoint now, const discovery::OriginId& member) const {
  if (learns_ == Learns::cluster) return true;
  const auto known = apart_since_.find(member);
  const auto since = known == apart_since_.end() ? now : known->second;
  return self_ < member || now - since >= kYields;
}

// A replica is dropped when it is gone for a minute (its cluster is served without it); what is cut
// off that long must be found again all the same.
void PeerList::keep_gone(base::TimePoint now, const std::vector<discovery::Member>& members,
                         std::map<discovery::OriginId, base::HostPort>& learnt) {
  std::set<discovery::OriginId> known;
  std::set<std::string> clusters;
  for (const auto& member : members) {
    known.insert(member.id);
    clusters.insert(member.id.cluster);
  }
  std::map<discovery::OriginId, base::TimePoint> gone;
  for (const auto& [id, peer] : learnt_) {
    if (known.contains(id) || !clusters.contains(id.cluster)) continue;
    const auto before = gone_since_.find(id);
    const auto since = before == gone_since_.end() ? now : before->second;
    if (now - since >= kKeepsGone || learnt.size() >= kMaxLearnt) continue;
    gone.emplace(id, since);
    learnt.emplace(id, peer);
  }
  gone_since_.swap(gone);
}

bool PeerList::learn(base::TimePoint now, const std::vector<discovery::Member>& members) {
  std::map<discovery::OriginId, base::HostPort> learnt;
  std::map<discovery::OriginId, base::TimePoint> apart;
  for (const auto& member : members) {
    if (member.local || learnt.size() == kMaxLearnt) continue;
    if (learns_ == Learns::cluster && member.id.cluster != self_.cluster) continue;
    if (!member.linked) apart.emplace(member.id, now);
    const bool ours = !member.linked && is_ours_to_dial(now, member.id);
    if (!ours && !learnt_.contains(member.id)) continue;
    const auto peer = base::HostPort::parse(member.advertise);
    if (peer && admits(*peer)) learnt.emplace(member.id, *peer);
  }
  apart.swap(apart_since_);
  for (auto& [member, since] : apart_since_)
    if (const auto before = apart.find(member); before != apart.end()) since = before->second;
  keep_gone(now, members, learnt);
  std::map<base::HostPort, std::set<discovery::OriginId>> telling;
  for (const auto& [id, peer] : learnt) telling[peer].insert(id);
  for (const auto& member : members)
    if (const auto peer = base::HostPort::parse(member.advertise); peer && !member.local)
      if (const auto same = telling.find(*peer); same != telling.end())
        same->second.insert(member.id);
  std::map<base::HostPort, std::size_t> behind;
  for (const auto& [peer, agents] : telling) behind[peer] = agents.size();
  const bool more = std::exchange(behind_, behind) != behind;
  return std::exchange(learnt_, learnt) != learnt || more;
}

std::vector<base::HostPort> PeerList::to_dial() const {
  std::map<base::HostPort, std::size_t> peers = behind_;
  for (const auto& peer : configured_) peers.emplace(peer, 1);
  std::vector<base::HostPort> list;
  for (const auto& [peer, agents] : peers) list.insert(list.end(), agents, peer);
  return list;
}

}  // namespace agent
