// The links of a node: which of several talks, whose silence ends them, and who is missed where
// none says anything.
#include <algorithm>

#include "discovery/node_state.hpp"

namespace discovery {

Link* Node::State::link_to(const OriginId& origin) {
  const auto at = talking.find(origin);
  return at == talking.end() || at->second->close_reason ? nullptr : at->second;
}

const Link* Node::State::link_to(const OriginId& origin) const {
  return const_cast<State*>(this)->link_to(origin);
}

// One of several links to an agent, the same on both sides where they see the same: the one dialled
// by the lesser name; of those the newest, for an older one may be dead without anybody knowing.
void Node::State::choose_talking(const OriginId& origin) {
  Link* best = nullptr;
  std::size_t its = 0;
  const auto by_lesser = [&](const Link& link) {
    return link.peer.dialled == (config.self < origin);
  };
  for (auto& [id, link] : links) {
    if (!link.ready || link.origin != origin || link.close_reason) continue;
    ++its;
    if (!best || by_lesser(link) >= by_lesser(*best)) best = &link;
  }
  for (auto& [id, link] : links) {
    if (!link.ready || link.origin != origin) continue;
    const bool before = std::exchange(link.talking, &link == best);
    link.alone = its == 1;
    if (link.talking && !before) link.beacons_due = true;
  }
  if (best)
    talking[origin] = best;
  else
    talking.erase(origin);
}

// One agent needs a link or two; who opens more holds memory of ours with each.
void Node::State::bound_links(const OriginId& origin) {
  std::vector<Link*> its;
  for (auto& [id, link] : links)
    if (link.ready && link.origin == origin && !link.close_reason) its.push_back(&link);
  for (auto at = its.begin(); its.end() - at > kMaxLinksToAgent; ++at)
    if (!(*at)->talking) close(**at, "more links than an agent needs");
}

void Node::State::close(Link& link, std::string why) {
  link.close_reason = std::move(why);
  closing = true;
}

void Node::State::drop_link(base::TimePoint now, std::map<LinkId, Link>::iterator at, LinkEnd end,
                            Effects& effects) {
  end_stream(now, at->second, "its link is gone", effects);
  const auto link = std::move(at->second);
  links.erase(at);
  catalog.link_lost(link.id);
  pulls.link_lost(now, link.id);
  if (!link.ready) return;
  if (link.leaf) {
    --leaves;
    effects.events.push_back({Event::Kind::link_lost, {}, "leaf " + link.peer.address});
    return;
  }
  choose_talking(link.origin);
  effects.events.push_back({Event::Kind::link_lost, link.origin, link.close_reason.value_or("")});
  if (end == LinkEnd::malformed)
    sentenced(link.origin, quarantine.fault(now, link.origin, "a frame that cannot be read"),
              effects);
  if (link_to(link.origin)) return;
  pulls.hurry(now, link.origin);
  if (end != LinkEnd::reset || link.farewell) return;
  membership.link_reset(link.origin, effects);
  missed.insert(link.origin);
  for (auto& [id, other] : links) other.beacons_due = other.ready;
}

// Those of whom the others are asked: where no link is, or its beacon is late.
void Node::State::look_who_is_missed(base::TimePoint now) {
  missed.clear();
  missed_by_others.clear();
  for (const auto& [id, link] : links)
    if (!link.close_reason) missed_by_others.insert(link.missed.begin(), link.missed.end());
  const auto late = config.beacon_interval * 3 / 2;
  for (const auto& [origin, remote] : membership.remotes()) {
    const auto* link = link_to(origin);
    if (link && !link->farewell && now - link->heard_at < late) continue;
    if (remote.ageing.state() == Member::State::dead && sequence % kDeadRounds != 0) continue;
    missed.insert(origin);
  }
}

// Who was told by all of all would else keep what each of them has.
void Node::State::forget_shown(Link& link) {
  std::erase_if(link.shown, [&](const auto& shown) {
    return shown.first != link.origin && shown.second <= catalog.stamp(shown.first);
  });
}

void Node::State::supervise_links(base::TimePoint now, Effects& effects) {
  closing = false;
  for (auto& [id, link] : links) {
    if (!link.close_reason && !link.ready && now - link.up_at >= kHelloPatience)
      link.close_reason = "no hello";
    if (!link.close_reason && link.ready && now - link.heard_at >= kLinkSilence)
      link.close_reason = "silent";
    if (now - link.stream.moved_at >= kBulkIdle) end_stream(now, link, "idle", effects);
  }
  std::vector<LinkId> over;
  for (auto& [id, link] : links) {
    const bool waits = link.goodbye && now - link.heard_at < kGoodbyePatience;
    if (link.close_reason && !waits) over.push_back(id);
  }
  for (const auto id : over) {
    const auto at = links.find(id);
    effects.close.push_back({id, *at->second.close_reason});
    drop_link(now, at, LinkEnd::closed, effects);  // by us: it says nothing of the origin
  }
}

}  // namespace discovery
