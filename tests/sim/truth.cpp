#include "tests/sim/truth.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "discovery/quarantine.hpp"
#include "discovery/row.hpp"
#include "tests/sim/describe.hpp"

namespace sim {
namespace {

constexpr std::size_t kMaxViolations = 5;
// After its last word, its beacon's interval and the silence we allow, an agent that is dead is not
// fresh.
constexpr base::Duration kUnderWay = std::chrono::seconds(5);  // longest, in calm weather
constexpr base::Duration kFreshSlack = std::chrono::seconds(6);
// A home's word is believed for so long.
constexpr base::Duration kLeafSlack = std::chrono::seconds(3);
// Of a word on its way, beside those through agents that start meanwhile: they pass on again what
// they have forgotten.
constexpr int kMaxHops = 4;
constexpr std::size_t kMaxTaken = 60;  // in a life: twice the faults of a run
// Beyond these an agent has had the time to find out that endpoints are out of reach, or back.
constexpr base::Duration kLost = std::chrono::seconds(15), kFound = std::chrono::seconds(13);
constexpr double kMostRows = 80;        // of a delta: what a relay brings counts when it is taken
constexpr std::size_t kKeepEvery = 40;  // looks: hashing every state whole would be most of a run

double newer_rows(const discovery::Rows& rows, std::uint64_t version) {
  double count = 0;
  rows.for_each([&](const discovery::RowView& row) { count += row.version > version ? 1 : 0; });
  return count;
}

// Of endpoints nothing changes but their health, which is check_health's.
std::string at(base::TimePoint now) {
  return ", at " + base::to_string(now.time_since_epoch() - std::chrono::hours(1));
}

std::uint64_t hash_row(std::string_view key, std::string_view value) {
  const auto hash = base::hash64(key, 1);
  return is_endpoint(key) ? hash : base::hash64(value, hash);
}

std::uint64_t hash_of(const discovery::Rows& rows) {
  std::uint64_t sum = 0;
  rows.for_each([&](const discovery::RowView& row) { sum += hash_row(row.key, row.value); });
  return sum;
}

std::uint64_t hash_of(const discovery::Publication& publication) {
  std::uint64_t sum = publication.version;
  for (const auto& origin : publication.origins) sum = sum * 31 + hash_of(origin.rows);
  return sum;
}

}  // namespace

std::uint64_t hash_of(const Contents& contents) {
  std::uint64_t sum = 0;
  for (const auto& [key, value] : contents) sum += hash_row(key, value);
  return sum;
}

Truth::Truth(std::vector<discovery::OriginId> agents, std::size_t leaves)
    : agents_(agents.size()), ids_(std::move(agents)) {
  for (std::size_t n = 1; n <= leaves; ++n) ids_.push_back({"leaf" + std::to_string(n), 0});
  origins_.resize(ids_.size());
  viewers_.resize(ids_.size());
}

std::size_t Truth::index(const discovery::OriginId& origin) const {
  return static_cast<std::size_t>(std::ranges::find(ids_, origin) - ids_.begin());
}

bool Truth::is_alone(std::size_t agent) const {
  return std::ranges::count(ids_, ids_[agent].cluster, &discovery::OriginId::cluster) == 1;
}

void Truth::violated(std::string what) {
  if (violations_.size() < kMaxViolations) violations_.push_back(std::move(what));
}

void Truth::says(Clock now, std::size_t cluster, discovery::Stamp stamp, const Contents& contents) {
  auto& origin = origins_[cluster];
  if (stamp == discovery::Stamp{}) return;
  if (origin.said.contains(stamp)) violated(name(cluster) + " used " + describe(stamp) + " twice");
  if (origin.with_disk && !origin.said.empty() && stamp < origin.said.rbegin()->first)
    violated(name(cluster) + " goes back to " + describe(stamp) + " though it has its disk");
  origin.now = stamp;
  origin.bare |= contents.size() <= 1;
  origin.highest_life = std::max(origin.highest_life, stamp.incarnation);
  origin.said[stamp] = {hash_of(contents), ++origin.order, stamp.incarnation < origin.highest_life,
                        now};
}

void Truth::source_says(Clock now, std::size_t home, const Contents& contents) {
  origins_[home].source.emplace_back(now, hash_of(contents));
}

void Truth::born(std::size_t cluster, bool with_disk) {
  auto& origin = origins_[cluster];
  origin.alive = true;
  origin.left = false;
  origin.with_disk = with_disk;
  origin.failed.clear();
  viewers_[cluster] = {};
  for (auto& other : origins_) ++other.born_since;
}

void Truth::remembers(std::size_t viewer, const discovery::Member& member) {
  if (member.state == discovery::Member::State::fresh)
    violated(name(viewer) + " calls " + member.id.cluster + " fresh by its disk alone");
}

void Truth::died(Clock now, std::size_t cluster) {
  auto& origin = origins_[cluster];
  origin.alive = false;
  origin.died_at = now;
  origin.slowest = {};
  origin.born_since = 0;
}

void Truth::delivered(base::Duration transit) {
  for (auto& origin : origins_)
    if (!origin.alive) origin.slowest = std::max(origin.slowest, transit);
}

void Truth::probed(Clock now, std::size_t viewer, std::size_t cluster, bool answered) {
  auto& seen = viewers_[viewer].seen[cluster];
  seen.failed_since = !answered;
  if (answered != (seen.reach == Reach::all)) seen.reach_since = now;  // it was otherwise meanwhile
  if (!answered) return;
  seen.answered_at = now;
  seen.ever_answered = seen.lifted = true;
}

void Truth::spoke(Clock now, std::size_t viewer, std::size_t cluster) {
  auto& seen = viewers_[viewer].seen[cluster];
  seen.spoke_at = now;
  seen.lifted = true;
}

void Truth::event(Clock now, std::size_t viewer, std::size_t cluster, discovery::Event::Kind kind) {
  using Kind = discovery::Event::Kind;
  auto& seen = viewers_[viewer].seen[cluster];
  const auto who = name(viewer) + " calls " + name(cluster);
  if (kind == Kind::suspect) seen.failed_since = false;
  if (kind == Kind::demoted) {
    if (!seen.failed_since) violated(who + " demoted while its endpoints answer");
    seen.given_up = true;
    seen.lifted = seen.bare;  // by the answers of what it has no more
  }
  if (kind == Kind::fresh_again || kind == Kind::stale) {
    const bool by_word = !seen.lifted && !seen.bare;
    if (std::exchange(seen.given_up, false) && by_word && !viewers_[viewer].deceived)
      violated(who + " reachable again, by the word of others");
  }
  if (kind == Kind::dead && origins_[cluster].left) seen.given_up = false;
  if (kind == Kind::dead && !origins_[cluster].left) {
    if (!seen.failed_since && !origins_[cluster].bare)
      violated(who + " dead while its endpoints answer");
    if (seen.ever_answered && now - seen.answered_at < std::chrono::seconds(14))
      violated(who + " dead soon after its endpoints answered");
  }
  if (kind == Kind::quarantined && !origins_[cluster].noisy && !viewers_[viewer].deceived)
    violated(who + " to be in quarantine, though it did nothing");
  if (kind == Kind::quarantined || kind == Kind::released)
    seen.quarantined = kind == Kind::quarantined, seen.quarantine_moved_at = now;
  if (kind == Kind::forgotten) {
    if (is_alone(cluster)) violated(who + " forgotten");
    seen = {};
  }
  if (kind == Kind::taken) {
    if (is_alone(cluster)) violated(who + " taken, though there is no other");
    // Of the noisy now one is in quarantine and behind, now the other.
    if (settled_ && !origins_[cluster].noisy)
      violated(name(viewer) + " takes " + name(cluster) + " without need");
    if (++viewers_[viewer].taken > kMaxTaken) violated(name(viewer) + " cannot make up its mind");
  }
  if (kind == Kind::malformed && !viewers_[viewer].deceived) violated(who + " malformed");
}

void Truth::holds(std::size_t viewer, std::size_t backlog, std::size_t most) {
  if (backlog > most) violated(name(viewer) + " piles up frames for a link");
}

void Truth::look(Clock now, std::size_t viewer, discovery::Participant& node, Clock its_clock) {
  auto& eyes = viewers_[viewer];
  const auto publication = node.publication(its_clock);
  if (publication == eyes.looked) return;
  eyes.looked = publication;
  if (eyes.looks++ % kKeepEvery == 0) {
    if (eyes.kept && hash_of(*eyes.kept) != eyes.kept_hash)
      violated(name(viewer) + ": a published state was changed");
    eyes.kept = publication;
    eyes.kept_hash = hash_of(*publication);
  }
  std::size_t shown = 0;
  std::map<std::string, std::size_t> taken;
  std::set<std::string> clusters;
  for (const auto& origin : publication->origins) {
    if (origin.taken) ++taken[origin.id.cluster];
    clusters.insert(origin.id.cluster);
    if (origin.local) {
      if (std::exchange(eyes.own, origin.stamp) == origin.stamp) continue;
      const auto said = origins_[viewer].said.find(origin.stamp);
      if (said != origins_[viewer].said.end() && said->second.hash != hash_of(origin.rows))
        violated(name(viewer) + " shows other rows of its own at " + describe(origin.stamp) +
                 " than its sources say");
      check_health(viewer, origin.rows);
      continue;
    }
    check_cost(now, viewer, origin);
    check_rows(viewer, origin);
    check_age(now, viewer, origin);
    ++shown;
  }
  for (const auto& cluster : clusters)
    if (taken[cluster] != 1)
      violated(name(viewer) + " takes the rows of " + std::to_string(taken[cluster]) +
               " agents of " + cluster);
  std::size_t known = 0;
  for (const auto& [cluster, seen] : eyes.seen) known += seen.shown ? 1 : 0;
  if (shown < known) violated(name(viewer) + " lost a cluster");
  if (node.counters().divergences > 0 && !eyes.deceived)
    violated(name(viewer) + ": copies diverged by " +
             base::to_string(now.time_since_epoch() - std::chrono::hours(1)));
  if (node.counters().unproven > 0 && !eyes.deceived)
    violated(name(viewer) + " was brought what is not proven, though nobody lied to it");
}

void Truth::check_rows(std::size_t viewer, const discovery::OriginPublication& shown) {
  const auto cluster = index(shown.id);
  auto& seen = viewers_[viewer].seen[cluster];
  if (seen.shown && seen.stamp == shown.stamp) return;
  const auto what = name(viewer) + " shows " + name(cluster) + " at " + describe(shown.stamp);
  const auto& said = origins_[cluster].said;
  const auto at = said.find(shown.stamp);
  if (at == said.end()) return violated(what + ", which was never said");
  if (at->second.hash != hash_of(shown.rows)) violated(what + " with other rows than it had");
  if (shown.rows.size() == 0) violated(what + ", empty");
  const bool later = at->second.order > seen.order;
  if (shown.stamp < seen.stamp && !(is_leaf(viewer) && later))
    violated(what + " after " + describe(seen.stamp));
  // A life that lost its disk may be overtaken by the memory of one before it, until its origin
  // hears of that.
  if (at->second.order < seen.order && !seen.after_loss) violated(what + ", which was past");
  seen.stamp = shown.stamp;
  seen.order = at->second.order;
  seen.after_loss = at->second.after_loss;
  seen.bare = shown.rows.size() <= 1;
  seen.lifted |= seen.bare;  // no endpoint is left that failed: a word is all that there is
  seen.shown = true;
}

void Truth::check_health(std::size_t cluster, const discovery::Rows& rows) {
  rows.for_each([&](const discovery::RowView& row) {
    if (!is_endpoint(row.key)) return;
    const auto value = discovery::decode(row.key, row.value);
    const auto& endpoint = std::get<discovery::EndpointRow>(*value);
    if (endpoint.health == discovery::view::Health::unhealthy &&
        !origins_[cluster].failed.contains({endpoint.ip, endpoint.traits.ports.front().number}))
      violated(name(cluster) + " calls " + std::string(row.key) + " unhealthy, which answers");
  });
}

// Rows that have come or changed, fewer than were counted: what is gone shows no more.
void Truth::check_cost(Clock now, std::size_t viewer, const discovery::OriginPublication& shown) {
  if (is_leaf(viewer)) return;  // a leaf's home limits others for it, and itself not
  auto& seen = viewers_[viewer].seen[index(shown.id)];
  if (!seen.shown || seen.stamp == shown.stamp) return;
  if (seen.quarantined && !viewers_[viewer].deceived)
    violated(name(viewer) + " takes over what " + shown.id.cluster + " says in quarantine");
  const double rate = kLimits.changes_per_second;
  const double burst = rate * std::chrono::duration<double>(discovery::Quarantine::kBurst).count();
  const auto passed = std::chrono::duration<double>(now - seen.cost_at).count();
  const bool same_life = seen.stamp.incarnation == shown.stamp.incarnation;
  seen.cost = std::max(0.0, seen.cost - passed * rate) +
              newer_rows(shown.rows, same_life ? seen.stamp.version : 0);
  seen.cost_at = now;
  if (seen.cost > burst + kMostRows)
    violated(name(viewer) + " takes over more of " + shown.id.cluster + " than its limits allow");
}

void Truth::check_age(Clock now, std::size_t viewer, const discovery::OriginPublication& shown) {
  const auto cluster = index(shown.id);
  const auto& origin = origins_[cluster];
  if (!shown.age && shown.freshness == discovery::view::Freshness::fresh)
    violated(name(viewer) + " calls " + name(cluster) + " fresh without having heard it");
  if (origin.alive) return;
  const auto silent = now - origin.died_at, late = (kMaxHops + origin.born_since) * origin.slowest;
  if (shown.age && *shown.age + late < silent)
    violated(name(viewer) + " calls what " + name(cluster) + " said " +
             base::to_string(*shown.age) + " old, " + base::to_string(silent) + " after its death");
  if (shown.freshness != discovery::view::Freshness::fresh) return;
  auto allowed = kFreshSlack + late + (is_leaf(viewer) ? kLeafSlack : base::Duration{});
  // What a viewer sleeps through it does not take for silence; nor does a leaf what its home does.
  for (std::size_t sleeper = 0; sleeper < viewers_.size(); ++sleeper)
    for (const auto& [until, stall] : viewers_[sleeper].stalls)
      if (until > origin.died_at && (sleeper == viewer || is_leaf(viewer))) allowed += stall;
  if (silent > allowed)
    violated(name(viewer) + " calls " + name(cluster) + " fresh " + base::to_string(silent) +
             " after its death");
}

void Truth::flows(Clock now, std::size_t viewer, std::size_t cluster, discovery::Participant& node,
                  Clock its_clock, base::Duration bound) {
  const auto publication = node.publication(its_clock);
  const auto& said = origins_[cluster].said;
  std::size_t due = 0, shown = 0;
  for (const auto& [stamp, what] : said)
    if (now - what.at > bound) due = std::max(due, what.order);
  for (const auto& origin : publication->origins) {
    if (index(origin.id) != cluster) continue;
    if (const auto at = said.find(origin.stamp); at != said.end()) shown = at->second.order;
    if (origin.freshness != discovery::view::Freshness::fresh)
      violated(name(viewer) + " does not call " + name(cluster) + " fresh in calm weather" +
               at(now));
  }
  if (shown < due)
    violated(name(viewer) + " does not show what " + name(cluster) + " said " +
             base::to_string(bound) + " ago" + at(now));
}

void Truth::reaches(Clock now, std::size_t viewer, std::size_t cluster, Reach reach,
                    discovery::Participant& node, Clock its_clock) {
  auto& seen = viewers_[viewer].seen[cluster];
  const auto publication = node.publication(its_clock);
  const auto shown = std::find_if(publication->origins.begin(), publication->origins.end(),
                                  [&](const auto& origin) { return index(origin.id) == cluster; });
  if (shown == publication->origins.end() || shown->left || !shown->taken || seen.bare)
    reach = Reach::unclear;  // who is not taken, or shows nothing, leads nobody anywhere
  if (std::exchange(seen.reach, reach) != reach) seen.reach_since = now;
  if (reach == Reach::unclear || viewers_[viewer].deceived) return;
  const bool leads = shown->freshness == discovery::view::Freshness::fresh ||
                     shown->freshness == discovery::view::Freshness::stale;
  const auto reached = now - seen.reach_since, silent = std::min(reached, now - seen.spoke_at);
  if (reach == Reach::all && !leads && reached > kFound)
    violated(name(viewer) + " leads nobody to " + name(cluster) + ", which can be reached for " +
             base::to_string(reached) + at(now));
  if (reach == Reach::none && leads && silent > kLost)
    violated(name(viewer) + " leads callers to " + name(cluster) +
             ", of which nothing is heard or reached for " + base::to_string(silent) + at(now));
}

// Whether it is the memory of a life before its disk was lost: that stands in the way of what was
// said since, until its origin hears of it.
bool Truth::is_overtaken(const discovery::OriginPublication& shown) const {
  const auto& said = origins_[index(shown.id)].said;
  const auto at = said.find(shown.stamp);
  return at != said.end() && std::any_of(said.begin(), at, [&](const auto& earlier) {
           return earlier.second.order > at->second.order;
         });
}

void Truth::covered(Clock now, std::size_t viewer, std::size_t of, discovery::Participant& node,
                    Clock its_clock, base::Duration bound) {
  const auto& seen = viewers_[viewer].seen[of];
  if (seen.quarantined ||
      (seen.quarantine_moved_at > Clock{} && now - seen.quarantine_moved_at < bound))
    return;
  const auto& cluster = ids_[of].cluster;
  const auto home = static_cast<std::size_t>(
      std::ranges::find(ids_, cluster, &discovery::OriginId::cluster) - ids_.begin());
  const auto what = name(viewer) + ", which hears " + name(of) + " well, ";
  const auto publication = node.publication(its_clock);
  for (const auto& origin : publication->origins) {
    if (origin.id.cluster != cluster || !origin.taken) continue;
    if (origin.freshness != discovery::view::Freshness::fresh)
      violated(what + "takes " + origin.id.to_string() + ", which is not fresh" + at(now));
    const auto& source = origins_[home].source;
    const auto hash = hash_of(origin.rows);
    auto said = source.rbegin();
    while (said != source.rend() && said->second != hash && now - said->first <= bound) ++said;
    if (said != source.rend() && said->second != hash && !is_overtaken(origin))
      violated(what + "takes " + origin.id.to_string() + ", which does not say what was " +
               base::to_string(bound) + " ago" + at(now));
    return;
  }
  violated(what + "takes nobody of its cluster");
}

void Truth::converged(Clock now, std::size_t viewer, discovery::Participant& node,
                      Clock its_clock) {
  look(now, viewer, node, its_clock);
  const auto publication = node.publication(its_clock);
  if (!publication->synced) violated(name(viewer) + " never synced");
  if (publication->origins.size() != agents_)
    violated(name(viewer) + " does not know everybody in the end");
  for (const auto& origin : publication->origins) {
    const auto cluster = index(origin.id);
    // A hold that ends just before the end may still be on its way.
    const auto& said = origins_[cluster].said;
    std::size_t due = 0;
    for (const auto& [stamp, what] : said)
      if (now - what.at > kUnderWay) due = std::max(due, what.order);
    const auto shown = said.find(origin.stamp);
    const bool is_due = shown == said.end() || shown->second.order < due;
    if (origin.stamp != origins_[cluster].now && is_due)
      violated(name(viewer) + " has " + name(cluster) + " at " + describe(origin.stamp) +
               " in the end, not at " + describe(origins_[cluster].now));
    if (origin.freshness != discovery::view::Freshness::fresh)
      violated(name(viewer) + " does not call " + name(cluster) + " fresh in the end");
  }
}

}  // namespace sim
