// What a node says and hears on the bulk streams of its links.
#include <algorithm>

#include "discovery/node_state.hpp"

namespace discovery {

bool Node::State::is_bulk(const Link& link, const OriginId& origin, Stamp have) const {
  if (!(link.features & kFeatureBulk)) return false;
  const bool own = origin == config.self;
  const auto* state = own ? &local.state() : catalog.find(origin);
  if (!state || state->bytes() <= config.bulk_bytes) return false;
  const auto target = own ? own_target(link, have) : catalog.to_relay(*state);
  return target.stamp.version != 0 && Transfer::replaces(*state, target, have);
}

// It need not be thought of on the link itself.
bool Node::State::goes_apart(base::TimePoint now, const Link& link, const OriginId& origin,
                             Stamp have) const {
  return link.stream.is_expected(now) && is_bulk(link, origin, have);
}

// Begins the next transfer on the stream of this link, or asks for a stream.
void Node::State::tend_stream(base::TimePoint now, Link& link, Effects& effects) {
  auto& stream = link.stream;
  if (!(link.features & kFeatureBulk) || link.close_reason || stream.is_busy()) return;
  if (link.owes_own(released_stamp()) && is_bulk(link, config.self, *link.cursor))
    link.requested.try_emplace(config.self, *link.cursor);
  const auto large =
      std::find_if(link.requested.begin(), link.requested.end(), [&](const auto& request) {
        return !link.brings(request.first) && is_bulk(link, request.first, request.second);
      });
  if (large == link.requested.end()) return;
  const Pull request{large->first, large->second};
  if (stream.id != 0) {
    link.requested.erase(large);
    stream.transfer = begin(now, link, request);
  } else if (stream.ask(now)) {
    if (link.peer.dialled)
      effects.bulk.push_back(link.id);
    else
      stream.beckons = request;
  }
}

std::optional<Delta> Node::State::beckon(base::TimePoint now, Link& link) {
  const auto request = std::exchange(link.stream.beckons, std::nullopt);
  if (!request || !is_bulk(link, request->origin, request->have)) return std::nullopt;
  const bool own = request->origin == config.self;
  const auto& state = own ? local.state() : *catalog.find(request->origin);
  const auto target = own ? own_target(link, request->have) : catalog.to_relay(state);
  const auto age = age_of(now, request->origin);
  if (!age) return std::nullopt;
  auto first = Transfer(request->origin, state, target, request->have).next(1);
  first.age = *age;
  return first;
}

void Node::State::stream_up(base::TimePoint now, LinkId id, LinkId of, Effects& effects) {
  const auto at = links.find(of);
  if (at == links.end() || !at->second.ready || at->second.close_reason) {
    effects.close.push_back({id, "there is no such link"});
    return;
  }
  auto& link = at->second;
  end_stream(now, link, "another has come", effects);
  streams[id] = of;
  link.stream.opened(now, id);
}

void Node::State::stream_down(base::TimePoint now, LinkId id) {
  const auto at = streams.find(id);
  if (at == streams.end()) return;
  links.at(at->second).stream.ended(now);
  pulls.stream_lost(now, at->second);
  streams.erase(at);
  catalog.link_lost(id);
}

void Node::State::end_stream(base::TimePoint now, Link& link, std::string why, Effects& effects) {
  if (link.stream.id == 0) return;
  effects.close.push_back({link.stream.id, std::move(why)});
  stream_down(now, link.stream.id);
}

std::optional<Frame> Node::State::next_on_stream(base::TimePoint now, Link& link,
                                                 std::size_t max_bytes) {
  auto& stream = link.stream;
  if (const auto origin = std::exchange(stream.to_show, std::nullopt)) {
    stream.moved_at = now;
    const auto* state = catalog.find(*origin);
    return Beacons{{{*origin, catalog.stamp(*origin), 0, state ? state->hash() : base::Hash128{}}}};
  }
  if (!stream.transfer || stream.awaits) return std::nullopt;
  stream.moved_at = now;
  const auto frame = kBulkFrame * std::min(max_bytes, config.limits.frame_bytes);
  const auto most = std::min(frame, stream.pace.part_bytes());
  auto delta = stream.transfer->next(most);
  if (delta.origin == config.self) link.shorten(delta.proof);
  delta.age = age_of(now, delta.origin).value_or(base::Duration::zero());
  stream.awaits = now;
  stream.pace.sent(now);
  if (stream.transfer->done()) {
    stream.unshown = delta.origin;
    stream.transfer.reset();
  }
  return delta;
}

void Node::State::receive_on_stream(base::TimePoint now, Link& link, Frame frame,
                                    Effects& effects) {
  auto& stream = link.stream;
  stream.moved_at = now;
  if (auto* delta = std::get_if<Delta>(&frame)) {
    const auto origin = delta->origin;
    catalog.drop(link.id, origin);  // what has beckoned
    take(now, link, stream.id, std::move(*delta), effects);
    stream.to_show = origin;
  } else if (const auto* shown = std::get_if<Beacons>(&frame)) {
    for (const auto& beacon : shown->beacons) {
      if (!stream.awaits || !stream.brings(beacon.origin)) continue;
      stream.awaits.reset();
      stream.pace.left(now);
      if (!std::exchange(stream.unshown, std::nullopt)) continue;
      link.requested.erase(beacon.origin);  // asked before it came
    }
  } else {
    malformed(link, "a frame that no bulk stream carries", effects);
  }
}

// Whoever was dialled has more of it than a link shall carry.
void Node::State::answer_beckoning(base::TimePoint now, Link& link, const Delta& delta,
                                   Effects& effects) {
  const bool beckons = delta.kind == Delta::Kind::snapshot_part && delta.part == 0 &&
                       delta.rows.size() == 1 && (link.features & kFeatureBulk);
  if (beckons && link.peer.dialled && link.stream.ask(now)) effects.bulk.push_back(link.id);
}

}  // namespace discovery
