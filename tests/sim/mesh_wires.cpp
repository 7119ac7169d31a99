// The wires of a mesh: how frames travel, how links end and are made again.
#include <algorithm>

#include "tests/sim/describe.hpp"
#include "tests/sim/mesh.hpp"

namespace sim {
namespace {

using namespace std::chrono_literals;
using discovery::LinkId;
using LinkEnd = discovery::Node::LinkEnd;

constexpr std::size_t kWindow = 4;         // frames that a stream takes before its writer waits
constexpr std::size_t kReplayed = 6;       // frames that come twice at a reconnect
constexpr base::Duration kSmooth = 500ms;  // a frame that takes longer was in trouble
constexpr std::size_t kFrame = 600;        // bytes, so that most snapshots come in parts

// A single row may be larger than what a frame carries here; on the real wire it never is.
bool within(const discovery::Frame& frame, std::size_t most) {
  const auto* delta = std::get_if<discovery::Delta>(&frame);
  if (!delta || delta->rows.size() <= 1) return true;
  std::size_t bytes = 0;
  for (const auto& row : delta->rows) bytes += discovery::frame_bytes(row);
  return bytes <= most;
}

}  // namespace

void Mesh::pump(LinkId id, std::size_t way_number) {
  auto at = wires_.find(id);
  if (at == wires_.end()) return;
  const auto sender = way_number == 0 ? at->second.from : at->second.to;
  if (!is_life(sender, at->second.lives[way_number])) return;
  auto& process = *clusters_[sender].process;
  if (process.paused_until > now_) {
    after(process.paused_until - now_, [this, id, way_number] { pump(id, way_number); });
    return;
  }
  auto& wire = at->second;
  auto& way = wire.ways[way_number];
  while (way.under_way < kWindow && !way.closing) {
    const auto most = wire.bulk_of == 0 ? kFrame : kFrame / discovery::kBulkFrame;
    auto frame = process.node->next_frame(clock_of(sender), id, most);
    if (!frame) return;
    disguise(sender, way_number == 0 ? wire.to : wire.from, *frame);
    if (!within(*frame, kFrame))
      truth_.violated(clusters_[sender].name + " sends more in a frame than it may carry");
    const auto reader = way_number == 0 ? wire.to : wire.from;
    const auto fate = meets ? meets(sender, reader, *frame) : Fate::passes;
    static constexpr const char* kFates[] = {"", "altered: ", "withheld: "};
    if (transcript)
      note(clusters_[sender].name + " -> " + clusters_[reader].name + " [" + std::to_string(id) +
           "] " + kFates[static_cast<std::size_t>(fate)] + describe(*frame));
    if (fate != Fate::lost) send(id, way_number, {now_, std::move(*frame), fate == Fate::altered});
  }
}

void Mesh::send(LinkId id, std::size_t way_number, Wire::Sent sent) {
  auto& wire = wires_.at(id);
  auto& way = wire.ways[way_number];
  ++way.under_way;
  ++frames;
  if (way.hole) return;
  auto delay = wire.delay + between(dice(wire.from), 0, 2);
  for (auto timeout = 200ms; timeout < 3s && dice(wire.from).chance(wire.loss); timeout *= 2)
    delay += timeout;
  way.last_arrival = std::max(way.last_arrival, now_ + delay);
  way.frames.push_back(std::move(sent));
  after(way.last_arrival - now_, [this, id, way_number] { deliver(id, way_number); });
}

void Mesh::deliver(LinkId id, std::size_t way_number) {
  const auto at = wires_.find(id);
  if (at == wires_.end()) return;
  auto& wire = at->second;
  auto& way = wire.ways[way_number];
  if (way.hole || way.frames.empty()) return;
  const auto reader = way_number == 0 ? wire.to : wire.from;
  const auto sender = way_number == 0 ? wire.from : wire.to;
  if (!is_life(reader, wire.lives[1 - way_number])) return;
  auto& process = *clusters_[reader].process;
  if (process.paused_until > now_) {
    after(process.paused_until - now_, [this, id, way_number] { deliver(id, way_number); });
    return;
  }
  auto [sent, frame, altered] = std::move(way.frames.front());
  way.frames.pop_front();
  --way.under_way;
  truth_.delivered(now_ - sent);
  truth_.spoke(now_, reader, sender);
  const bool lost_bulk = altered && wire.bulk_of != 0;
  if (now_ - sent > kSmooth || lost_bulk) wire.rough_at = now_;
  if (const auto talk = wires_.find(wire.bulk_of); lost_bulk && talk != wires_.end())
    talk->second.lost_bulk_at = now_;
  if (altered) {
    truth_.deceived(reader);
    deceived_at_[reader] = now_;
  }
  if (const auto slow = slow_reader[reader]; slow > base::Duration::zero())
    way.last_arrival = std::max(way.last_arrival, now_) + slow;
  const bool as_on_links = wire.bulk_of == 0 || std::holds_alternative<discovery::Delta>(frame);
  if (!altered && as_on_links && !std::holds_alternative<discovery::Hello>(frame) &&
      !std::holds_alternative<discovery::Goodbye>(frame) &&
      !std::holds_alternative<discovery::Verdicts>(frame)) {
    auto& kept = replays_[{sender, reader}];
    if (kept.size() >= kReplayed) kept.erase(kept.begin());
    kept.push_back({sent, frame});
  }
  act(reader, process.node->receive(clock_of(reader), id, std::move(frame)));
  pump(id, way_number);
}

// The stream is gone: `told` and, for a reset, both sides learn of it, each after its delay.
void Mesh::end_wire(LinkId id, LinkEnd end, std::size_t told) {
  const auto at = wires_.find(id);
  const auto wire = std::move(at->second);
  wires_.erase(at);
  // It may have been the one that talked, or swallowed what it carried: what the others carry
  // begins now.
  const bool counts = wire.bulk_of == 0 || wire.ways[0].hole || wire.ways[1].hole;
  for (auto& [other_id, other] : wires_)
    if (counts && std::minmax(other.from, other.to) == std::minmax(wire.from, wire.to))
      other.rough_at = now_;
  const std::size_t sides[2] = {wire.from, wire.to};
  for (std::size_t side = 0; side < 2; ++side)
    if (end == LinkEnd::reset || sides[side] == told)
      tell(sides[side], wire.lives[side], between(dice(wire.from), 0, 5),
           [id, end](discovery::Participant& node, Clock its) {
             return node.link_down(its, id, end);
           });
  if (wire.bulk_of != 0) return;
  const auto from = wire.from, to = wire.to;
  after(between(dice(from), 50, 1000), [this, from, to] { keep_dialling(from, to); });
}

void Mesh::reset(LinkId id) {
  const auto at = wires_.find(id);
  if (at == wires_.end()) return;
  note("link " + std::to_string(id) + " " + clusters_[at->second.from].name + " - " +
       clusters_[at->second.to].name + " is reset");
  end_wire(id, LinkEnd::reset, at->second.to);
}

void Mesh::swallow(LinkId id, std::size_t way) {
  if (const auto at = wires_.find(id); at != wires_.end()) at->second.ways[way].hole = true;
}

void Mesh::keep_dialling(std::size_t from, std::size_t to) {
  if (!peers_.contains({from, to})) return;
  for (const auto& [id, wire] : wires_)
    if (wire.bulk_of == 0 && wire.from == from && wire.to == to) return;
  dial(from, to);
}

void Mesh::dial(std::size_t from, std::size_t to) {
  const auto& dialler = clusters_[from].process;
  const bool open = dialler && clusters_[to].process && !blocked(from, to) && !blocked(to, from);
  if (open)
    after(between(dice(from), 1, 80), [this, from, to] { connect(from, to); });
  else
    after(between(dice(from), 200, 4000), [this, from, to] { keep_dialling(from, to); });
}

void Mesh::connect(std::size_t from, std::size_t to) {
  auto& caller = clusters_[from].process;
  auto& accepter = clusters_[to].process;
  if (!caller || !accepter || blocked(from, to) || blocked(to, from)) {
    after(between(dice(from), 200, 4000), [this, from, to] { keep_dialling(from, to); });
    return;
  }
  const auto id = is_leaf(from) ? next_leaf_link_++ : next_link_++;
  auto& wire = wires_[id];
  wire.from = from;
  wire.to = to;
  wire.lives[0] = caller->life;
  wire.lives[1] = accepter->life;
  wire.up_at = now_;
  wire.delay = between(dice(from), 0.2, 90);
  const std::string names[2] = {clusters_[from].id.cluster, clusters_[to].id.cluster};
  const bool proven = dice(from).chance(0.5), leaf = is_leaf(from);
  // The homes of a leaf may be of different clusters here: to it they are replicas of one.
  const auto& expected = leaf ? clusters_[clusters_[from].homes.front()].id.cluster : names[1];
  const auto& dialler = leaf ? names[1] : names[0];
  tell(to, wire.lives[1], {}, [=](discovery::Participant& node, Clock at) {
    return node.link_up(at, id, {proven ? dialler : "", names[0], false, proven && leaf});
  });
  tell(from, wire.lives[0], {}, [=](discovery::Participant& node, Clock at) {
    return node.link_up(at, id, {proven ? expected : "", names[1], true});
  });
}

// It comes up as a connection does, and not at all while the way is blocked: nobody tries again.
void Mesh::open_bulk(std::size_t n, LinkId of) {
  after(between(dice(n), 1, 400), [this, n, of] {
    const auto at = wires_.find(of);
    if (at == wires_.end() || at->second.from != n) return;
    const auto from = at->second.from, to = at->second.to;
    if (!clusters_[from].process || !clusters_[to].process) return;
    if (blocked(from, to) || blocked(to, from)) return;
    const auto id = next_link_++;
    auto& wire = wires_[id];
    wire.from = from;
    wire.to = to;
    wire.bulk_of = of;
    for (int side = 0; side < 2; ++side) wire.lives[side] = at->second.lives[side];
    wire.up_at = now_;
    wire.delay = between(dice(from), 0.2, 90);
    for (const auto side : {to, from})
      tell(side, wire.lives[side == from ? 0 : 1], {},
           [=](discovery::Participant& node, Clock its) {
             return node.link_up(its, id, {"", "", side == from, false, of});
           });
  });
}

void Mesh::replay_after_reconnect(LinkId id) {
  const auto at = wires_.find(id);
  if (at == wires_.end()) return;
  const auto from = at->second.from, to = at->second.to;
  reset(id);
  after(between(1500, 3000), [this, from, to] {
    for (const auto& [again, wire] : wires_) {
      if (wire.bulk_of != 0 || wire.from != from || wire.to != to) continue;
      for (const auto& kept : replays_[{from, to}])
        tell(to, wire.lives[1], {},
             [=, this, link = again](discovery::Participant& node, Clock its) {
               truth_.delivered(now_ - kept.at);
               truth_.spoke(now_, to, from);
               return node.receive(its, link, kept.frame);
             });
      return;
    }
  });
}

bool Mesh::joined(std::size_t one, std::size_t other, base::Duration since) const {
  return std::any_of(wires_.begin(), wires_.end(), [&](const auto& at) {
    const auto& wire = at.second;
    const bool between_them =
        (wire.from == one && wire.to == other) || (wire.from == other && wire.to == one);
    return between_them && wire.bulk_of == 0 && now_ - wire.up_at >= since;
  });
}

}  // namespace sim
