#include "tests/sim/mesh.hpp"

#include <algorithm>

#include "discovery/row.hpp"
#include "tests/sim/describe.hpp"

namespace sim {
namespace {

using discovery::LinkId;
using LinkEnd = discovery::Node::LinkEnd;

constexpr std::size_t kWindow = 4;       // frames that a stream takes before its writer waits
constexpr std::size_t kReplayed = 6;     // frames that come twice at a reconnect
constexpr std::size_t kMaxRows = 60;     // per cluster
constexpr std::size_t kChanges = 24;     // remembered; small, so that every run falls behind them
constexpr std::size_t kFrame = 600;      // bytes, so that most snapshots come in parts

base::SocketAddress endpoint(std::size_t cluster, std::size_t number) {
  const auto host =
      10u << 24 | static_cast<std::uint32_t>(cluster) << 8 | static_cast<std::uint32_t>(number);
  return {base::IpAddress::v4(host), 8080};
}

discovery::EncodedRow endpoint_row(const base::SocketAddress& address, std::size_t service) {
  discovery::EndpointRow row{"apps", "service" + std::to_string(service), address.to_string(), {}};
  row.endpoint.ip = address.ip;
  row.endpoint.ports = {{"http", address.port}};
  return encode(row);
}

// A single row may be larger than what a frame carries here; on the real wire it never is.
bool within(const discovery::Frame& frame, std::size_t most) {
  const auto* delta = std::get_if<discovery::Delta>(&frame);
  if (!delta || delta->rows.size() <= 1) return true;
  std::size_t bytes = 0;
  for (const auto& row : delta->rows) bytes += discovery::frame_bytes(row);
  return bytes <= most;
}

}  // namespace

Mesh::Mesh(std::uint64_t seed, std::size_t clusters)
    : random_(seed),
      blocked_(clusters, std::vector<int>(clusters)),
      data_blocked_(clusters, std::vector<int>(clusters)),
      truth_(clusters) {
  for (std::size_t n = 0; n < clusters; ++n) {
    Cluster cluster;
    cluster.name = Truth::name(n);
    for (std::size_t e = 0; e < 4; ++e) {
      cluster.endpoints.push_back(endpoint(n, e));
      auto row = endpoint_row(cluster.endpoints.back(), e / 2);
      cluster.rows[row.key] = row.value;
    }
    cluster.answering = {cluster.endpoints.begin(), cluster.endpoints.end()};
    clusters_.push_back(std::move(cluster));
  }
  // A ring always; of the rest some pairs are never joined and some dial each other.
  for (std::size_t a = 0; a < clusters; ++a)
    for (std::size_t b = 0; b < clusters; ++b)
      if (b == (a + 1) % clusters || (a != b && random_.chance(0.35))) peers_.insert({a, b});
  for (std::size_t n = 0; n < clusters; ++n) after(between(0, 3000), [this, n] { start(n); });
  for (const auto& [a, b] : peers_)
    after(between(0, 3500), [this, a = a, b = b] { keep_dialling(a, b); });
}

base::Duration Mesh::between(double low_ms, double high_ms) {
  return base::Duration(
      static_cast<std::int64_t>((low_ms + (high_ms - low_ms) * random_.unit()) * 1e6));
}

void Mesh::note(std::string line) {
  if (!transcript) return;
  const auto ms = base::to_ms(now_ - Clock(std::chrono::hours(1)));
  char time[32];
  std::snprintf(time, sizeof time, "%8.3f  ", static_cast<double>(ms) / 1000);
  transcript(time + std::move(line));
}

void Mesh::after(base::Duration time, std::function<void()> what) {
  later_.push({now_ + time, next_number_++, std::move(what)});
}

bool Mesh::is_life(std::size_t cluster, std::uint64_t life) const {
  return clusters_[cluster].process && clusters_[cluster].process->life == life;
}

// Brings an event to an agent, later when it is paused, never when it is another by then.
void Mesh::tell(std::size_t cluster, std::uint64_t life, base::Duration delay,
                std::function<discovery::Effects(discovery::Node&)> what) {
  after(delay, [this, cluster, life, what = std::move(what)]() mutable {
    if (!is_life(cluster, life)) return;
    auto& process = *clusters_[cluster].process;
    if (process.paused_until > now_)
      return tell(cluster, life, process.paused_until - now_, std::move(what));
    act(cluster, what(*process.node));
  });
}

void Mesh::run_until(Clock end) {
  while (true) {
    auto next = end;
    std::size_t ticking = clusters_.size();
    for (std::size_t n = 0; n < clusters_.size(); ++n) {
      if (!clusters_[n].process) continue;
      const auto& process = *clusters_[n].process;
      const auto due = std::max(process.node->next_deadline(), process.paused_until);
      if (due < next) {
        next = due;
        ticking = n;
      }
    }
    if (!later_.empty() && later_.top().at <= next) {
      auto what = std::move(const_cast<Later&>(later_.top()));
      later_.pop();
      now_ = std::max(now_, what.at);
      what.what();
    } else if (ticking < clusters_.size()) {
      now_ = std::max(now_, next);
      act(ticking, clusters_[ticking].process->node->tick(now_));
    } else {
      break;
    }
  }
  now_ = end;
}

std::vector<discovery::EncodedRow> Mesh::encoded(const Cluster& cluster) const {
  std::vector<discovery::EncodedRow> rows;
  for (const auto& [key, value] : cluster.rows) rows.push_back({key, value});
  return rows;
}

void Mesh::start(std::size_t n) {
  auto& cluster = clusters_[n];
  if (cluster.process) return;
  cluster.process.emplace();
  auto& process = *cluster.process;
  process.life = ++next_life_;
  discovery::NodeConfig config;
  config.self = {cluster.name, 0};
  config.instance[0] = static_cast<std::uint8_t>(process.life);
  config.instance[1] = static_cast<std::uint8_t>(process.life >> 8);
  config.last_incarnation = cluster.disk;
  config.max_changes = kChanges;
  process.node = std::make_unique<discovery::Node>(config, random_.fork(), now_);
  truth_.born(n, process.life, cluster.disk == 0);
  note(cluster.name + " starts" + (cluster.disk ? "" : " without a disk"));
  cluster.answering = {cluster.endpoints.begin(), cluster.endpoints.end()};
  // Sources take their time, and the first of them does not say everything.
  act(n, process.node->replace_local(now_, "agent", {encoded(cluster).front()}));
  tell(n, process.life, between(1, 1500), [this, n](discovery::Node& node) {
    act(n, node.replace_local(now_, "files", encoded(clusters_[n])));
    act(n, node.replace_local(now_, "agent", {}));
    return node.local_ready(now_);
  });
  keep_changing(n, process.life);
}

void Mesh::keep_changing(std::size_t n, std::uint64_t life) {
  after(between(50, 4000), [this, n, life] {
    if (!is_life(n, life)) return;
    if (changing && clusters_[n].process->paused_until <= now_)
      change_rows(n, 1 + random_.below(4));
    keep_changing(n, life);
  });
}

void Mesh::change_rows(std::size_t n, std::size_t count) {
  auto& cluster = clusters_[n];
  for (std::size_t at = 0; at < count; ++at) {
    const auto key = "x/" + std::to_string(random_.below(kMaxRows));
    if (random_.chance(0.4))
      cluster.rows.erase(key);
    else
      cluster.rows[key] = std::to_string(random_.next() >> 40);
  }
  if (cluster.process)
    act(n, cluster.process->node->replace_local(now_, "files", encoded(cluster)));
}

void Mesh::kill(std::size_t n) {
  auto& cluster = clusters_[n];
  if (!cluster.process) return;
  note(cluster.name + " is killed");
  cluster.process.reset();
  truth_.died(now_, n);
  std::vector<LinkId> its;
  for (const auto& [id, wire] : wires_)
    if (wire.from == n || wire.to == n) its.push_back(id);
  for (const auto id : its) reset(id);
  // No network brings a process the words that another was sent.
  std::erase_if(replays_, [&](const auto& kept) {
    return kept.first.first == n || kept.first.second == n;
  });
}

void Mesh::leave(std::size_t n, discovery::Goodbye::Reason reason) {
  auto& cluster = clusters_[n];
  if (!cluster.process || cluster.process->paused_until > now_) return;
  note(cluster.name +
       (reason == discovery::Goodbye::Reason::leaving ? " leaves" : " stops to return"));
  if (reason == discovery::Goodbye::Reason::leaving) truth_.left(n);
  const auto life = cluster.process->life;
  act(n, cluster.process->node->leave(now_, reason));
  after(between(50, 500), [this, n, life] {
    if (is_life(n, life)) kill(n);
  });
}

void Mesh::pause(std::size_t n, base::Duration time) {
  if (!clusters_[n].process) return;
  note(clusters_[n].name + " stalls for " + base::to_string(time));
  clusters_[n].process->paused_until = now_ + time;
  truth_.stalled(now_ + time, n, time);
}

void Mesh::block(std::size_t from, std::size_t to, int by) { blocked_[from][to] += by; }
void Mesh::block_data(std::size_t from, std::size_t to, int by) { data_blocked_[from][to] += by; }

void Mesh::act(std::size_t n, discovery::Effects effects) {
  auto& cluster = clusters_[n];
  if (!cluster.process) return;
  auto& node = *cluster.process->node;
  truth_.says(n, node.stamp(), cluster.rows);
  if (cluster.disk != 0 || random_.chance(0.01)) cluster.disk = node.stamp().incarnation;
  for (const auto& event : effects.events) {
    note(cluster.name + ": " + describe(event));
    if (!event.origin.cluster.empty())
      truth_.event(now_, n, Truth::index(event.origin), event.kind);
  }
  for (const auto& [id, wire] : wires_)
    if ((wire.from == n || wire.to == n) &&
        node.backlog(id) > kMaxRows + kChanges + 3 * clusters_.size())
      truth_.violated(cluster.name + " piles up frames for a link");
  if (effects.publish) truth_.look(now_, n, node);
  for (auto& request : effects.probes) probe(n, std::move(request));
  for (const auto& close : effects.close) {
    note(cluster.name + " closes link " + std::to_string(close.link) + ": " + close.reason);
    if (const auto at = wires_.find(close.link); at != wires_.end())
      end_wire(close.link, LinkEnd::closed, at->second.from == n ? at->second.to : at->second.from);
  }
  for (const auto id : effects.writable)
    if (const auto at = wires_.find(id); at != wires_.end()) pump(id, at->second.from == n ? 0 : 1);
}

void Mesh::probe(std::size_t n, discovery::ProbeRequest request) {
  const auto target = Truth::index(request.origin);
  discovery::ProbeReply reply{request.id, {}, {}};
  const bool cut = data_blocked_[n][target] > 0;
  for (const auto& address : request.targets)
    (!cut && clusters_[target].answering.contains(address) ? reply.alive : reply.failed)
        .push_back(address);
  const bool answered = !reply.alive.empty();
  const auto time = reply.failed.empty() ? between(1, 80) : request.timeout;
  tell(n, clusters_[n].process->life, time, [=, this, asked_at = now_](discovery::Node& node) {
    truth_.probed(asked_at, n, target, answered);
    return node.probed(now_, reply);
  });
}

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
    auto frame = process.node->next_frame(now_, id, kFrame);
    if (!frame) return;
    if (!within(*frame, kFrame))
      truth_.violated(clusters_[sender].name + " sends more in a frame than it may carry");
    ++way.under_way;
    ++frames;
    if (transcript)
      note(clusters_[sender].name + " -> " + clusters_[way_number == 0 ? wire.to : wire.from].name +
           " [" + std::to_string(id) + "] " + describe(*frame));
    if (way.hole) continue;
    way.frames.emplace_back(now_, std::move(*frame));
    way.last_arrival = std::max(way.last_arrival, now_ + wire.delay + between(0, 2));
    after(way.last_arrival - now_, [this, id, way_number] { deliver(id, way_number); });
  }
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
  auto [sent, frame] = std::move(way.frames.front());
  way.frames.pop_front();
  --way.under_way;
  truth_.delivered(now_ - sent);
  if (const auto slow = slow_reader[reader]; slow > base::Duration::zero())
    way.last_arrival = std::max(way.last_arrival, now_) + slow;
  if (!std::holds_alternative<discovery::Hello>(frame) &&
      !std::holds_alternative<discovery::Goodbye>(frame)) {
    auto& kept = replays_[{sender, reader}];
    if (kept.size() >= kReplayed) kept.erase(kept.begin());
    kept.push_back(frame);
  }
  act(reader, process.node->receive(now_, id, std::move(frame)));
  pump(id, way_number);
}

// The stream is gone: `told` and, for a reset, both sides learn of it, each after its delay.
void Mesh::end_wire(LinkId id, LinkEnd end, std::size_t told) {
  const auto at = wires_.find(id);
  const auto wire = std::move(at->second);
  wires_.erase(at);
  const std::size_t sides[2] = {wire.from, wire.to};
  for (std::size_t side = 0; side < 2; ++side)
    if (end == LinkEnd::reset || sides[side] == told)
      tell(sides[side], wire.lives[side], between(0, 5),
           [this, id, end](discovery::Node& node) { return node.link_down(now_, id, end); });
  const auto from = wire.from, to = wire.to;
  after(between(50, 1000), [this, from, to] { keep_dialling(from, to); });
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
    if (wire.from == from && wire.to == to) return;
  dial(from, to);
}

void Mesh::dial(std::size_t from, std::size_t to) {
  const auto& dialler = clusters_[from].process;
  const bool open = dialler && clusters_[to].process && !blocked(from, to) && !blocked(to, from);
  if (open)
    after(between(1, 80), [this, from, to] { connect(from, to); });
  else
    after(between(200, 4000), [this, from, to] { keep_dialling(from, to); });
}

void Mesh::connect(std::size_t from, std::size_t to) {
  auto& dialler = clusters_[from].process;
  auto& accepter = clusters_[to].process;
  if (!dialler || !accepter || blocked(from, to) || blocked(to, from)) {
    after(between(200, 4000), [this, from, to] { keep_dialling(from, to); });
    return;
  }
  const auto id = next_link_++;
  auto& wire = wires_[id];
  wire.from = from;
  wire.to = to;
  wire.lives[0] = dialler->life;
  wire.lives[1] = accepter->life;
  wire.delay = between(0.2, 90);
  const std::string names[2] = {clusters_[from].name, clusters_[to].name};
  const bool proven = random_.chance(0.5);
  tell(to, wire.lives[1], {}, [=, this](discovery::Node& node) {
    return node.link_up(now_, id, {proven ? names[0] : "", names[0], false});
  });
  tell(from, wire.lives[0], {}, [=, this](discovery::Node& node) {
    return node.link_up(now_, id, {proven ? names[1] : "", names[1], true});
  });
}

void Mesh::replay_after_reconnect(LinkId id) {
  const auto at = wires_.find(id);
  if (at == wires_.end()) return;
  const auto from = at->second.from, to = at->second.to;
  reset(id);
  after(between(1500, 3000), [this, from, to] {
    for (const auto& [again, wire] : wires_) {
      if (wire.from != from || wire.to != to) continue;
      for (auto& frame : replays_[{from, to}]) {
        const auto link = again;
        tell(to, wire.lives[1], {}, [this, link, frame](discovery::Node& node) {
          return node.receive(now_, link, frame);
        });
      }
      return;
    }
  });
}

}  // namespace sim
