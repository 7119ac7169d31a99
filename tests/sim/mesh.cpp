#include "tests/sim/mesh.hpp"

#include <algorithm>

#include "discovery/local_origin.hpp"
#include "discovery/membership.hpp"
#include "discovery/pulls.hpp"
#include "discovery/row.hpp"
#include "tests/sim/describe.hpp"
#include "tests/sim/toy_notary.hpp"

namespace sim {
namespace {

using discovery::LinkId;
using LinkEnd = discovery::Node::LinkEnd;

using namespace std::chrono_literals;

constexpr std::size_t kEndpoints = 12;    // of a cluster, enough for a relist to be held
constexpr std::size_t kChanges = 24;      // remembered; small, so that every run falls behind
constexpr std::size_t kMostSkew = 8'760;  // hours between the clocks of two processes
constexpr std::size_t kBulkBytes = 400;   // most snapshots of a run with bulk streams are larger
constexpr base::Duration kSaveEvery = 2s;
constexpr base::Duration kHeardWell = 8s;  // a link that long without trouble
// What was lost again and again on a bulk stream is asked for again so late at most.
constexpr base::Duration kAskedAgain =
    discovery::kPullPatience * (1u << discovery::kMaxPullDoublings) + kHeardWell;
constexpr base::Duration kTrueWithin =
    15s;  // what a cluster says is shown, while one of it is heard well

base::SocketAddress endpoint(std::size_t cluster, std::size_t number) {
  const auto host =
      10u << 24 | static_cast<std::uint32_t>(cluster) << 8 | static_cast<std::uint32_t>(number);
  return {base::IpAddress::v4(host), 8080};
}

discovery::EncodedRow endpoint_row(const base::SocketAddress& address, std::size_t service) {
  discovery::EndpointRow row{"apps", "service" + std::to_string(service), address.to_string(), {}};
  row.ip = address.ip;
  row.traits.ports = {{"http", address.port}};
  return encode(row);
}

}  // namespace

Mesh::Mesh(std::uint64_t seed, const std::vector<discovery::OriginId>& agents, std::size_t leaves)
    : with_bulk(seed % 3 == 0),
      secure(base::Random(~seed).chance(0.8)),
      random_(seed),
      leaf_random_(~seed),
      agents_(agents.size()),
      blocked_(agents.size() + leaves, std::vector<int>(agents.size() + leaves)),
      data_blocked_(agents.size() + leaves, std::vector<int>(agents.size() + leaves)),
      truth_(agents, leaves),
      deceived_at_(agents.size() + leaves) {
  const auto clusters = agents.size();
  for (std::size_t n = 0; n < clusters; ++n) {
    Cluster cluster;
    cluster.id = agents[n];
    cluster.name = cluster.id.to_string();
    cluster.home = n;
    while (cluster.home > 0 && agents[cluster.home - 1].cluster == cluster.id.cluster)
      --cluster.home;
    cluster.keeps_disk = random_.chance(0.8);
    for (std::size_t e = 0; e < kEndpoints; ++e) {
      cluster.endpoints.push_back(endpoint(cluster.home, e));
      auto row = endpoint_row(cluster.endpoints.back(), e / 4);
      cluster.source[row.key] = row.value;
    }
    cluster.rows = cluster.source;
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
  for (std::size_t number = 1; number <= leaves; ++number) add_leaf(number);
}

base::Duration Mesh::between(base::Random& dice, double low_ms, double high_ms) {
  return base::Duration(
      static_cast<std::int64_t>((low_ms + (high_ms - low_ms) * dice.unit()) * 1e6));
}

void Mesh::note(std::string line) {
  if (!transcript) return;
  const auto ms = base::to_ms(elapsed());
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
                std::function<discovery::Effects(discovery::Participant&, Clock)> what) {
  after(delay, [this, cluster, life, what = std::move(what)]() mutable {
    if (!is_life(cluster, life)) return;
    auto& process = *clusters_[cluster].process;
    if (process.paused_until > now_)
      return tell(cluster, life, process.paused_until - now_, std::move(what));
    act(cluster, what(*process.node, clock_of(cluster)));
  });
}

bool Mesh::awake(std::size_t cluster) const {
  const auto& process = clusters_[cluster].process;
  return process && process->paused_until <= now_;
}

void Mesh::check_flow(std::size_t viewer, std::size_t of, base::Duration bound) {
  if (awake(viewer) && awake(of))
    truth_.flows(now_, viewer, of, *clusters_[viewer].process->node, clock_of(viewer), bound);
}

// It may take itself to be the one that is cut off, or holds somebody who has said that it returns.
bool Mesh::may_freeze(std::size_t viewer) const {
  std::size_t fresh = 0, others = 0;
  bool holds = false;
  for (const auto& member : clusters_[viewer].process->node->members(clock_of(viewer))) {
    holds |= member.state == discovery::Member::State::returning;
    if (!member.local) ++(member.state == discovery::Member::State::fresh ? fresh : others);
  }
  return holds || (agents_ > discovery::kIsolationClusters && others >= fresh);
}

Reach Mesh::reach(std::size_t viewer, std::size_t of) const {
  const auto& target = clusters_[clusters_[of].home];
  if (data_blocked_[viewer][of] > 0 || target.answering.empty()) return Reach::none;
  return target.answering.size() == target.endpoints.size() ? Reach::all : Reach::unclear;
}

void Mesh::check_reach(std::size_t viewer) {
  auto& process = clusters_[viewer].process;
  if (!process || is_leaf(viewer)) return;  // which asks nobody itself
  const bool judges = awake(viewer) && !may_freeze(viewer);
  for (std::size_t of = 0; of < agents_; ++of)
    if (of != viewer)
      truth_.reaches(now_, viewer, of, judges ? reach(viewer, of) : Reach::unclear, *process->node,
                     clock_of(viewer));
}

void Mesh::check_converged(std::size_t viewer) {
  if (auto& process = clusters_[viewer].process)
    truth_.converged(now_, viewer, *process->node, clock_of(viewer));
  else
    truth_.violated(truth_.name(viewer) + " does not run in the end");
}

// Nothing has been wrong between the two for a while.
bool Mesh::hears_well(std::size_t viewer, std::size_t of) const {
  const auto steady = [&](std::size_t n) {
    return awake(n) && now_ - clusters_[n].process->paused_until >= kHeardWell &&
           slow_reader[n] == base::Duration::zero() && now_ - deceived_at_[n] >= kHeardWell;
  };
  if (!steady(viewer) || !steady(of)) return false;
  if (viewer == of) return true;
  std::size_t links = 0;  // one of them talks: all must be sound
  for (const auto& [id, wire] : wires_) {
    const bool between_them =
        (wire.from == viewer && wire.to == of) || (wire.from == of && wire.to == viewer);
    if (!between_them) continue;
    const bool trouble =
        wire.ways[0].hole || wire.ways[1].hole || wire.loss > 0 || wire.delay >= 200ms;
    const bool bulk = wire.bulk_of != 0;
    if (trouble || now_ - wire.rough_at < (bulk ? kAskedAgain : kHeardWell)) return false;
    if (now_ - wire.lost_bulk_at < kAskedAgain) return false;
    if (bulk) continue;
    ++links;
    if (now_ - wire.up_at < kHeardWell) return false;
  }
  return links > 0;
}

// While one agent of a cluster can read its source and is heard well, the cluster is fresh and
// true, whatever becomes of the others.
void Mesh::check_replicas() {
  for (std::size_t viewer = 0; viewer < agents_; ++viewer)
    for (std::size_t n = 0; n < agents_; ++n) {
      if (!has_siblings(n) || clusters_[n].stuck || !hears_well(viewer, n)) continue;
      if (now_ < clusters_[n].true_since || now_ - clusters_[n].true_since < kHeardWell) continue;
      truth_.covered(now_, viewer, n, *clusters_[viewer].process->node, clock_of(viewer),
                     kTrueWithin);
    }
}

void Mesh::run_until(Clock end) {
  while (true) {
    auto next = end;
    std::size_t ticking = clusters_.size();
    for (std::size_t n = 0; n < clusters_.size(); ++n) {
      if (!clusters_[n].process) continue;
      const auto& process = *clusters_[n].process;
      const auto due = std::max(process.node->next_deadline() - process.skew, process.paused_until);
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
      auto& node = *clusters_[ticking].process->node;
      act(ticking, node.tick(clock_of(ticking)));
      if (is_leaf(ticking)) truth_.ages(now_, ticking, node.members(clock_of(ticking)));
    } else {
      break;
    }
  }
  now_ = end;
}

void Mesh::start(std::size_t n) {
  auto& cluster = clusters_[n];
  if (cluster.process) return;
  if (is_leaf(n)) return start_leaf(n);
  cluster.process.emplace();
  auto& process = *cluster.process;
  process.life = ++next_life_;
  for (const auto& [key, when] : cluster.gone) cluster.source.erase(key);
  cluster.gone.clear();
  cluster.unlisted.clear();  // a first listing is no relist
  discovery::NodeConfig config;
  config.self = cluster.id;
  config.instance[0] = static_cast<std::uint8_t>(process.life);
  config.instance[1] = static_cast<std::uint8_t>(process.life >> 8);
  config.last_incarnation = cluster.disk.life;
  config.max_changes = kChanges;
  config.limits = kLimits;
  if (with_bulk) config.bulk_bytes = kBulkBytes;
  if (secure) config.notary = std::make_shared<ToyNotary>(cluster.id.cluster);
  process.skew = std::chrono::hours(random_.below(kMostSkew));
  process.node = std::make_unique<discovery::Node>(config, random_.fork(), clock_of(n));
  const bool sound = cluster.keeps_disk && cluster.disk.life >= cluster.last_life;
  truth_.born(n, sound);
  note(cluster.name + " starts" +
       (sound                    ? ""
        : cluster.disk.life == 0 ? " without a disk"
                                 : " with an old disk"));
  restore(n);
  auto& home = clusters_[cluster.home];
  home.answering = {home.endpoints.begin(), home.endpoints.end()};
  // Sources take their time, and the first of them does not say everything. Who cannot read its
  // source now has never read it.
  cluster.rows = cluster.stuck ? Contents{} : home.source;
  cluster.true_since = Clock::max();
  if (cluster.stuck)
    act(n, process.node->source_stuck(clock_of(n), kStuck));
  else
    act(n, process.node->replace_local(clock_of(n), "agent", {encoded(cluster).front()}));
  tell(n, process.life, between(1, 1500), [this, n](discovery::Participant& node, Clock at) {
    auto& its = clusters_[n];
    if (!its.stuck) {
      its.rows = clusters_[its.home].source;
      its.true_since = now_;
    }
    say_changes(n);
    act(n, node.replace_local(at, "agent", {}));
    return node.local_ready(at);
  });
  keep_changing(n, process.life);
}

// What can be read; what cannot is set aside.
discovery::SavedState Mesh::read_disk(std::size_t n) {
  auto& cluster = clusters_[n];
  discovery::SavedState state;
  std::erase_if(cluster.disk.files, [&](const auto& entry) {
    auto saved = discovery::decode_origin(entry.second.bytes);
    if (saved)
      state.origins.push_back(std::move(*saved));
    else
      note(cluster.name + " sets " + entry.first.cluster + " aside: it " + saved.error().message);
    state.whole &= saved.ok();
    return !saved;
  });
  return state;
}

void Mesh::restore(std::size_t n) {
  auto& cluster = clusters_[n];
  if (!cluster.keeps_disk) return;
  cluster.disk.life = discovery::next_life(cluster.disk.life);
  auto& node = *cluster.process->node;
  auto state = read_disk(n);
  const auto expected = state.origins.size() + (is_leaf(n) ? 0 : 1);
  act(n, node.restore(clock_of(n), std::move(state)));
  const auto members = node.members(clock_of(n));
  if (members.size() != expected)
    truth_.violated(cluster.name + " does not show what its disk holds");
  for (const auto& member : members)
    if (!member.local) truth_.remembers(n, member);
}

void Mesh::save(Cluster& cluster, Clock its_clock) {
  auto& node = *cluster.process->node;
  auto& disk = cluster.disk;
  if (const auto life = node.stamp().incarnation; life > disk.life) {
    disk.life = life;
    cluster.disks.push_back(disk);
  }
  if (now_ < cluster.save_at) return;
  cluster.save_at = now_ + kSaveEvery;
  std::map<discovery::OriginId, Disk::File> files;
  for (const auto& origin : node.publication(its_clock)->origins) {
    if (origin.local) continue;
    auto& file = files[origin.id] = std::move(disk.files[origin.id]);
    if (file.stamp != origin.stamp || file.left != origin.left)
      file = {origin.stamp, origin.left, encode(origin)};
  }
  disk.files = std::move(files);
}

void Mesh::lose_disk(std::size_t n) { clusters_[n].disk = {}; }

void Mesh::put_older_disk(std::size_t n) {
  auto& cluster = clusters_[n];
  if (!cluster.disks.empty()) cluster.disk = cluster.disks[dice(n).below(cluster.disks.size())];
}

// Each file may be hit, and that of its own life with them: what cannot be read is not there.
void Mesh::corrupt_disk(std::size_t n) {
  auto& random = dice(n);
  if (random.chance(0.3)) clusters_[n].disk.life = 0;
  for (auto& [origin, file] : clusters_[n].disk.files) {
    if (random.chance(0.5)) continue;
    auto& byte = file.bytes[random.below(file.bytes.size())];
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
  }
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
  std::erase_if(replays_,
                [&](const auto& kept) { return kept.first.first == n || kept.first.second == n; });
}

void Mesh::leave(std::size_t n, discovery::Goodbye::Reason reason) {
  auto& cluster = clusters_[n];
  if (!awake(n)) return;
  note(cluster.name +
       (reason == discovery::Goodbye::Reason::leaving ? " leaves" : " stops to return"));
  if (reason == discovery::Goodbye::Reason::leaving) truth_.left(n);
  cluster.true_since = Clock::max();  // of this life no more
  const auto life = cluster.process->life;
  act(n, cluster.process->node->leave(clock_of(n), reason));
  after(between(50, 500), [this, n, life] {
    if (is_life(n, life)) kill(n);
  });
}

void Mesh::pause(std::size_t n, base::Duration time) {
  if (!clusters_[n].process) return;
  note(clusters_[n].name + " stalls for " + base::to_string(time));
  auto& until = clusters_[n].process->paused_until;
  until = std::max(until, now_ + time);
  for (auto& [key, when] : clusters_[n].gone) when.latest += time;
  truth_.stalled(now_ + time, n, time);
}

void Mesh::block(std::size_t from, std::size_t to, int by) { blocked_[from][to] += by; }
void Mesh::block_data(std::size_t from, std::size_t to, int by) { data_blocked_[from][to] += by; }

void Mesh::act(std::size_t n, discovery::Effects effects) {
  auto& cluster = clusters_[n];
  if (!cluster.process) return;
  auto& node = *cluster.process->node;
  look_for_gone(n);
  if (!truth_.is_said(n, node.stamp())) truth_.says(now_, n, node.stamp(), contents(cluster));
  cluster.last_life = std::max(cluster.last_life, node.stamp().incarnation);
  if (cluster.keeps_disk) save(cluster, clock_of(n));
  for (const auto& event : effects.events) {
    note(cluster.name + ": " + describe(event));
    if (is_leaf(n) || event.origin.cluster.empty())
      truth_.leaf_event(now_, n, event);
    else
      truth_.event(now_, n, truth_.index(event.origin), event.kind);
  }
  const auto most = kMaxRows + kChanges + 3 * clusters_.size();
  for (const auto& [id, wire] : wires_)
    if (wire.from == n || wire.to == n) truth_.holds(n, node.backlog(id), most);
  if (effects.publish) truth_.look(now_, n, node, clock_of(n));
  for (auto& request : effects.probes) probe(n, std::move(request));
  for (const auto link : effects.bulk) open_bulk(n, link);
  for (const auto& close : effects.close) {
    note(cluster.name + " closes link " + std::to_string(close.link) + ": " + close.reason);
    if (const auto at = wires_.find(close.link); at != wires_.end())
      end_wire(close.link, LinkEnd::closed, at->second.from == n ? at->second.to : at->second.from);
  }
  for (const auto id : effects.writable)
    if (const auto at = wires_.find(id); at != wires_.end()) pump(id, at->second.from == n ? 0 : 1);
}

void Mesh::probe(std::size_t n, discovery::ProbeRequest request) {
  const auto target = truth_.index(request.origin);
  const auto& answering = clusters_[clusters_[target].home].answering;
  discovery::ProbeReply reply{request.id, {}, {}};
  const bool cut = data_blocked_[n][target] > 0;
  for (const auto& address : request.targets)
    (!cut && answering.contains(address) ? reply.alive : reply.failed).push_back(address);
  const bool answered = !reply.alive.empty();
  const auto time = reply.failed.empty() ? between(1, 80) : request.timeout;
  const auto life = clusters_[n].process->life;
  tell(n, life, time, [=, this, asked_at = now_](discovery::Participant& node, Clock at) {
    if (n == target)
      truth_.held_probed(n, reply);
    else
      truth_.probed(asked_at, n, target, answered);
    return node.probed(at, reply);
  });
}

}  // namespace sim
