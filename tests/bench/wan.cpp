#include "tests/bench/wan.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "discovery/row.hpp"
#include "discovery/rpc/dialer.hpp"
#include "discovery/rpc/wire.hpp"
#include "tests/bench/processor.hpp"
#include "tests/sim/toy_notary.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using discovery::LinkId;
using LinkEnd = discovery::Node::LinkEnd;

struct City {
  const char* name;
  double latitude, longitude;
};
constexpr City kCities[] = {
    {"amsterdam", 52.4, 4.9},      {"ashburn", 39.0, -77.5},      {"bogota", 4.7, -74.1},
    {"chicago", 41.9, -87.6},      {"dallas", 32.8, -96.8},       {"frankfurt", 50.1, 8.7},
    {"hong kong", 22.3, 114.2},    {"johannesburg", -26.2, 28.0}, {"london", 51.5, -0.1},
    {"los angeles", 34.1, -118.2}, {"madrid", 40.4, -3.7},        {"mumbai", 19.1, 72.9},
    {"paris", 48.9, 2.4},          {"san jose", 37.3, -121.9},    {"sao paulo", -23.6, -46.6},
    {"singapore", 1.4, 103.8},     {"sydney", -33.9, 151.2},      {"tokyo", 35.7, 139.7},
    {"toronto", 43.7, -79.4}};
static_assert(std::size(kCities) == 19);

constexpr std::size_t kWindow = 16;  // frames that a stream takes before its writer waits
constexpr std::size_t kPacket = 1'400;
constexpr base::Duration kLeastTimeout = 200ms;  // of a retransmission, as Linux has it

std::string name_of(std::size_t number) {
  auto text = std::to_string(number);
  return "c" + std::string(3 - text.size(), '0') + text;
}
std::size_t number_of(const discovery::OriginId& origin) {
  return static_cast<std::size_t>(std::stoul(origin.cluster.substr(1)));
}

double kilometres(const City& a, const City& b) {
  const auto rad = [](double degrees) { return degrees * std::numbers::pi / 180; };
  const auto s = [](double x) { return std::sin(x / 2) * std::sin(x / 2); };
  const auto h = s(rad(b.latitude - a.latitude)) + std::cos(rad(a.latitude)) *
                                                       std::cos(rad(b.latitude)) *
                                                       s(rad(b.longitude - a.longitude));
  return 2 * 6'371 * std::asin(std::sqrt(h));
}

}  // namespace

base::Duration one_way(std::size_t from, std::size_t to) {
  const auto km = kilometres(kCities[from % std::size(kCities)], kCities[to % std::size(kCities)]);
  return base::Duration(static_cast<std::int64_t>((4 + km / 75) / 2 * 1e6));
}

discovery::EncodedRow endpoint_row(std::size_t cluster, std::size_t service, std::size_t number,
                                   std::size_t edition) {
  const auto ip = base::IpAddress::v4(10u << 24 | static_cast<std::uint32_t>(cluster % 64) << 18 |
                                      static_cast<std::uint32_t>(number));
  discovery::EndpointRow row{"shop", "web" + std::to_string(service), ip.to_string(), {}};
  row.ip = ip;
  row.traits.ports = {{"http", 8080}};
  row.traits.locality = {"eu-west-1", "eu-west-1" + std::string(1, "abc"[number % 3]), ""};
  row.weight = static_cast<std::uint32_t>(1 + edition % 100);
  return encode(discovery::RowValue(row));
}

void Wan::at(Clock when, std::function<void()> what) {
  later_.push({when, next_number_++, std::move(what)});
}

std::vector<discovery::EncodedRow> Wan::encoded(const Agent& agent) const {
  std::vector<discovery::EncodedRow> rows;
  for (const auto& [key, value] : agent.rows) rows.push_back({key, value});
  return rows;
}

void Wan::start(std::size_t number, std::size_t rows) {
  auto& agent = agents_[number];
  discovery::NodeConfig config;
  config.self = {name_of(number), 0};
  config.instance[0] = static_cast<std::uint8_t>(number);
  config.instance[1] = static_cast<std::uint8_t>(number >> 8);
  config.advertise = name_of(number) + ".example.net:7700";
  config.notary = std::make_shared<sim::ToyNotary>(config.self.cluster);
  agent.node = std::make_unique<discovery::Node>(config, random_.fork(), now_);
  for (std::size_t n = 0; n < rows; ++n) {
    auto row = endpoint_row(number, n / 10, n);
    agent.rows[row.key] = row.value;
  }
  act(number, agent.node->replace_local(now_, "files", encoded(agent)));
  act(number, agent.node->local_ready(now_));
}

void Wan::build(std::size_t count, std::size_t rows) {
  agents_.resize(count);
  // They have not all been started in one moment.
  for (std::size_t n = 0; n < count; ++n)
    at(now_ + base::Duration(static_cast<std::int64_t>(random_.below(1'000'000'000))),
       [this, n, rows] { start(n, rows); });
  run(1s);
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = a + 1; b < count; ++b) connect(a, b);
}

void Wan::run(base::Duration time) {
  const auto until = now_ + time;
  while (!later_.empty() && later_.top().at <= until) {
    auto what = std::move(const_cast<Later&>(later_.top()).what);
    now_ = later_.top().at;
    later_.pop();
    what();
  }
  now_ = until;
}

// What an agent that is measured does counts for it.
template <class F>
auto Wan::work(std::size_t who, F&& f) {
  if (who >= measured) return f();
  const auto begun = processor_time();
  auto result = f();
  agents_[who].busy += processor_time() - begun;
  return result;
}

void Wan::schedule_tick(std::size_t who) {
  auto& agent = agents_[who];
  const auto due = std::max({agent.node->next_deadline(), now_, agent.stalled_until});
  if (due >= agent.tick_at) return;
  agent.tick_at = due;
  at(due, [this, who, due] {
    auto& ticking = agents_[who];
    if (!ticking.node || ticking.tick_at != due) return;
    ticking.tick_at = Clock::max();
    if (ticking.stalled_until > now_) return schedule_tick(who);
    act(who, work(who, [&] { return ticking.node->tick(now_); }));
  });
}

void Wan::act(std::size_t who, discovery::Effects effects) {
  auto& agent = agents_[who];
  if (notes)
    for (const auto& event : effects.events) notes(who, event);
  for (const auto& probe : effects.probes) {
    const auto target = number_of(probe.origin);
    discovery::ProbeReply reply{probe.id, {}, {}};
    const bool alive = agents_[target].node != nullptr;
    (alive ? reply.alive : reply.failed) = probe.targets;
    at(now_ + (alive ? 2 * one_way(who, target) : probe.timeout), [this, who, reply] {
      if (agents_[who].node) act(who, agents_[who].node->probed(now_, reply));
    });
  }
  for (const auto& close : effects.close)
    if (const auto link = links_.find(close.link); link != links_.end())
      end(close.link, link->second.ends[0] == who ? 1 : 0);
  for (const auto id : effects.writable)
    if (const auto link = links_.find(id); link != links_.end())
      pump(id, link->second.ends[0] == who ? 0 : 1);
  if (agent.node) schedule_tick(who);
}

base::Duration Wan::lost_time(std::size_t bytes, base::Duration round_trip) {
  base::Duration lost{};
  for (std::size_t packet = 0; packet <= bytes / kPacket; ++packet)
    for (auto timeout = round_trip + kLeastTimeout; random_.chance(loss); timeout *= 2)
      lost += timeout;
  return lost;
}

void Wan::pump(LinkId id, int side) {
  auto& link = links_.at(id);
  const auto from = link.ends[side], to = link.ends[1 - side];
  auto& agent = agents_[from];
  if (!agent.node) return;
  if (agent.stalled_until > now_)
    return at(agent.stalled_until, [this, id, side] {
      if (links_.contains(id)) pump(id, side);
    });
  while (link.under_way[side] < kWindow) {
    auto frame = work(from, [&] { return agent.node->next_frame(now_, id); });
    if (!frame) return;
    std::size_t bytes = 0;
    const bool heard = arrives && std::holds_alternative<discovery::Delta>(*frame);
    if (from < measured || to < measured || heard || loss > 0)
      bytes = work(from, [&] { return discovery::rpc::encode(*frame).size(); });
    if (from < measured) agent.bytes_sent += bytes;
    ++link.under_way[side];
    if (link.hole) continue;
    const auto delay = one_way(from, to);
    auto& last = link.last_arrival[side];
    last = std::max(last, now_ + delay + (loss > 0 ? lost_time(bytes, 2 * delay) : 0ms));
    at(last, [this, id, side, bytes, frame = std::move(*frame)]() mutable {
      deliver(id, side, std::move(frame), bytes);
    });
  }
}

void Wan::deliver(LinkId id, int side, discovery::Frame frame, std::size_t bytes) {
  const auto at_link = links_.find(id);
  if (at_link == links_.end() || at_link->second.hole) return;
  const auto to = at_link->second.ends[1 - side];
  auto& agent = agents_[to];
  if (!agent.node) return;
  if (agent.stalled_until > now_)
    return at(agent.stalled_until, [this, id, side, bytes, frame = std::move(frame)]() mutable {
      deliver(id, side, std::move(frame), bytes);
    });
  --at_link->second.under_way[side];
  std::optional<discovery::Delta> delta;
  if (arrives)
    if (const auto* one = std::get_if<discovery::Delta>(&frame)) delta = *one;
  if (to < measured) {
    agent.bytes_received += bytes;
    const auto text = discovery::rpc::encode(frame);
    frame = *work(to, [&] { return discovery::rpc::decode(text); });
  }
  act(to, work(to, [&] { return agent.node->receive(now_, id, std::move(frame)); }));
  if (delta) arrives(to, *delta, bytes);
  if (links_.contains(id)) pump(id, side);
}

void Wan::connect(std::size_t a, std::size_t b) {
  const auto id = next_link_++;
  links_[id] = {{a, b}};
  act(b, agents_[b].node->link_up(now_, id, {name_of(a), name_of(a), false}));
  act(a, agents_[a].node->link_up(now_, id, {name_of(b), name_of(b), true}));
}

void Wan::end(LinkId id, int told) {
  const auto link = links_.at(id);
  links_.erase(id);
  for (int side = 0; side < 2; ++side)
    if (told == 2 || told == side)
      if (auto& node = agents_[link.ends[side]].node)
        act(link.ends[side], node->link_down(now_, id, LinkEnd::reset));
  redial(link.ends[0], link.ends[1], 1);
}

// As discovery/rpc/dialer.hpp waits: full jitter, doubling.
void Wan::redial(std::size_t a, std::size_t b, unsigned failures) {
  using discovery::rpc::Dialer;
  const auto most =
      std::min(Dialer::kMostWait, Dialer::kFirstWait * (1u << std::min(failures - 1, 8u)));
  const auto wait =
      base::Duration(static_cast<std::int64_t>(random_.unit() * static_cast<double>(most.count())));
  at(now_ + wait + 2 * one_way(a, b), [this, a, b, failures] {
    if (!agents_[a].node || !agents_[b].node || cut(a, b))
      redial(a, b, failures + 1);
    else
      connect(a, b);
  });
}

bool Wan::cut(std::size_t a, std::size_t b) const {
  const auto half = agents_.size() / 2;
  return partitioned_ && (a < half) != (b < half);
}

void Wan::partition(bool on) {
  partitioned_ = on;
  for (auto& [id, link] : links_)
    if (on && cut(link.ends[0], link.ends[1])) link.hole = true;
}

void Wan::change(std::size_t number, std::size_t count) {
  auto& agent = agents_[number];
  for (std::size_t n = 0; n < count; ++n) {
    const auto which = random_.below(agent.rows.size());
    auto row = endpoint_row(number, which / 10, which, random_.below(100));
    agent.rows[row.key] = row.value;
  }
  act(number, agent.node->replace_local(now_, "files", encoded(agent)));
}

void Wan::kill(std::size_t number, bool with_reset) {
  agents_[number].node.reset();
  agents_[number].tick_at = Clock::max();
  for (auto at_link = links_.begin(); at_link != links_.end();) {
    const auto [id, link] = *at_link++;
    if (link.ends[0] != number && link.ends[1] != number) continue;
    links_[id].hole = true;
    const auto other = link.ends[0] == number ? link.ends[1] : link.ends[0];
    if (with_reset)
      at(now_ + one_way(number, other), [this, id = id] {
        if (links_.contains(id)) end(id, 2);
      });
  }
}

void Wan::stall(std::size_t number, base::Duration time) {
  agents_[number].stalled_until = now_ + time;
}

bool Wan::shows(std::size_t viewer, std::size_t of, discovery::Stamp stamp) {
  for (const auto& origin : agents_[viewer].node->publication(now_)->origins)
    if (origin.id.cluster == name_of(of)) return origin.stamp >= stamp;
  return false;
}

}  // namespace bench
