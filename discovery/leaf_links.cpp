// The links of a leaf: who may be its home, which one is, and what a home says.
#include <algorithm>

#include "discovery/leaf.hpp"
#include "discovery/node_state.hpp"

namespace discovery {

Leaf::Line* Leaf::followed() {
  const auto at = lines_.find(home_);
  return at == lines_.end() ? nullptr : &at->second;
}

const Leaf::Line* Leaf::followed() const { return const_cast<Leaf*>(this)->followed(); }

std::optional<Home> Leaf::home(base::TimePoint now) const {
  const auto* line = followed();
  if (!line || homeless_) return std::nullopt;
  return Home{line->origin, line->peer.address, now - line->heard_at};
}

std::optional<OriginId> Leaf::peer(LinkId id) const {
  const auto at = lines_.find(id);
  return at != lines_.end() && at->second.ready ? std::optional(at->second.origin) : std::nullopt;
}

Effects Leaf::link_up(base::TimePoint now, LinkId id, LinkPeer peer) {
  auto effects = turn(now);
  auto& line = lines_[id];
  line.id = id;
  line.hello_due = true;
  line.peer = std::move(peer);
  line.up_at = line.heard_at = now;
  return finish(now, std::move(effects));
}

Effects Leaf::link_down(base::TimePoint now, LinkId id, LinkEnd) {
  auto effects = turn(now);
  const auto at = lines_.find(id);
  if (at != lines_.end()) {
    catalog_.link_lost(id);
    if (at->second.ready)
      effects.events.push_back(
          {Event::Kind::link_lost, at->second.origin, at->second.close_reason.value_or("")});
    lines_.erase(at);
    choose_home(now, effects);
  }
  return finish(now, std::move(effects));
}

Effects Leaf::leave(base::TimePoint now, Goodbye::Reason reason) {
  auto effects = turn(now);
  for (auto& [id, line] : lines_)
    if (line.ready) line.goodbye = Goodbye{reason, {}};
  return finish(now, std::move(effects));
}

Effects Leaf::receive(base::TimePoint now, LinkId id, Frame frame) {
  auto effects = turn(now);
  const auto at = lines_.find(id);
  if (at != lines_.end() && !at->second.close_reason) {
    ++counters_.frames_received;
    at->second.heard_at = now;
    hear(now, at->second, std::move(frame), effects);
    choose_home(now, effects);
  }
  return finish(now, std::move(effects));
}

void Leaf::malformed(Line& line, std::string what, Effects& effects) {
  ++counters_.malformed;
  effects.events.push_back({Event::Kind::malformed, line.origin, what});
  line.close_reason = std::move(what);
}

void Leaf::refuse(Line& line, std::string why, Effects& effects) {
  ++counters_.refused;
  effects.events.push_back({Event::Kind::link_refused, line.origin, why, line.peer.address});
  line.goodbye = Goodbye{Goodbye::Reason::refused, why};
  line.close_reason = std::move(why);
}

// Why this is no home of ours; nothing when it is.
std::optional<std::string> Leaf::objection(const Line& line, const Hello& hello) const {
  if (hello.protocol_min > kProtocolVersion || hello.protocol_max < kProtocolVersion)
    return "protocol " + std::to_string(hello.protocol_min) + " to " +
           std::to_string(hello.protocol_max) + " is spoken there, " +
           std::to_string(kProtocolVersion) + " here";
  if (hello.leaf || line.peer.proven_leaf) return "a leaf is nobody's home";
  const auto& proven = line.peer.proven_cluster;
  for (const auto& cluster : {proven.empty() ? hello.self.cluster : proven, hello.self.cluster})
    if (cluster != config_.self.cluster)
      return "a leaf of cluster " + config_.self.cluster + " follows an agent of it, not of " +
             cluster;
  if (!(hello.features & kFeatureLeaves)) return "that agent is too old to serve leaves";
  return std::nullopt;
}

void Leaf::greet(base::TimePoint, Line& line, const Hello& hello, Effects& effects) {
  if (line.ready) return malformed(line, "a second hello", effects);
  if (!is_name(hello.self)) return malformed(line, "a hello without a cluster", effects);
  line.origin = hello.self;
  if (auto why = objection(line, hello)) return refuse(line, *why, effects);
  line.ready = true;
  line.advertise = hello.advertise;
  effects.events.push_back({Event::Kind::link_ready, line.origin, line.peer.address});
}

void Leaf::hear(base::TimePoint now, Line& line, Frame frame, Effects& effects) {
  if (auto* goodbye = std::get_if<Goodbye>(&frame)) {
    line.farewell = true;
    if (goodbye->reason != Goodbye::Reason::refused) return;
    ++counters_.refused;
    if (goodbye->text.size() > kMaxTextBytes) goodbye->text.resize(kMaxTextBytes);
    const auto who = line.ready ? line.origin : OriginId{line.peer.proven_cluster, 0};
    effects.events.push_back({Event::Kind::turned_away, who, goodbye->text, line.peer.address});
    line.close_reason = "refused: " + goodbye->text;
  } else if (const auto* hello = std::get_if<Hello>(&frame)) {
    greet(now, line, *hello, effects);
  } else if (!line.ready) {
    malformed(line, "a frame before its hello", effects);
  } else if (auto* delta = std::get_if<Delta>(&frame)) {
    apply(now, line, std::move(*delta), effects);
  } else if (auto* verdicts = std::get_if<Verdicts>(&frame)) {
    apply(now, line, std::move(*verdicts), effects);
  } else {
    malformed(line, "what a home does not say to a leaf", effects);
  }
}

bool Leaf::serves(base::TimePoint now, const Line& line) const {
  return line.ready && !line.close_reason && !line.farewell && now - line.heard_at < kHomePatience;
}

// Sticks to the home that is; but one that knows all there is goes before one that does not yet.
// Among equals chance decides, so that the leaves of a dead home do not all move to one.
void Leaf::choose_home(base::TimePoint now, Effects& effects) {
  std::vector<Line*> able;
  for (auto& [id, line] : lines_)
    if (serves(now, line)) able.push_back(&line);
  if (std::any_of(able.begin(), able.end(), [](const Line* line) { return line->synced; }))
    std::erase_if(able, [](const Line* line) { return !line->synced; });
  if (able.empty()) return;  // a silent one may speak again
  for (const auto* line : able)
    if (line->id == home_) return;
  follow(now, *able[random_.below(able.size())], effects);
}

void Leaf::follow(base::TimePoint now, Line& line, Effects& effects) {
  if (auto* before = followed(); before && before != &line && !before->close_reason)
    before->close_reason = "its leaf follows another home";  // which ends what it sends
  if (caught_up_) old_until_ = judged_at_ + config_.suspect_after;
  keep_ages();
  if (std::exchange(home_, line.id) != line.id && !homeless_)
    effects.events.push_back({Event::Kind::following, line.origin, line.peer.address});
  ++following_;
  caught_up_ = ask_again_ = false;
  asked_at_ = now;
  line.beacons_due = true;
}

void Leaf::supervise(base::TimePoint now, Effects& effects) {
  for (auto& [id, line] : lines_) {
    if (line.close_reason) continue;
    if (!line.ready && now - line.up_at >= kHelloPatience) line.close_reason = "no hello";
    if (line.ready && now - line.heard_at >= kLinkSilence) line.close_reason = "silent";
  }
  for (auto at = lines_.begin(); at != lines_.end();) {
    auto& line = at->second;
    const bool waits = line.goodbye && now - line.heard_at < kGoodbyePatience;
    if (!line.close_reason || waits) {
      ++at;
      continue;
    }
    effects.close.push_back({line.id, *line.close_reason});
    if (line.ready)
      effects.events.push_back({Event::Kind::link_lost, line.origin, *line.close_reason});
    catalog_.link_lost(line.id);
    at = lines_.erase(at);
  }
}

std::optional<Frame> Leaf::next_frame(base::TimePoint, LinkId id, std::size_t) {
  const auto at = lines_.find(id);
  if (at == lines_.end()) return std::nullopt;
  auto& line = at->second;
  const auto frame = [&]() -> std::optional<Frame> {
    if (std::exchange(line.hello_due, false)) {
      Hello hello;
      hello.self = {config_.self.cluster, 0};
      hello.instance = config_.instance;
      hello.leaf = true;
      return hello;
    }
    if (line.goodbye) return std::exchange(line.goodbye, std::nullopt).value();
    if (!line.ready || line.close_reason) return std::nullopt;
    if (std::exchange(line.beacons_due, false)) return make_beacons();
    if (std::exchange(line.still_due, false)) return Still{};
    return std::nullopt;
  }();
  if (frame)
    ++counters_.frames_sent;
  else
    line.announced = false;
  return frame;
}

}  // namespace discovery
