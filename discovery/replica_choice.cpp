#include "discovery/replica_choice.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace discovery {
namespace {

using State = Member::State;

// Best first.
enum class Standing : std::uint8_t {
  current,
  dated,    // its agent is silent, its source stuck or its news lost; its endpoints may well live
  empty,    // heard, and serves nothing
  demoted,  // its endpoints do not answer
  dead,
  unread,  // has read nothing
};

Standing standing_of(const Replica& replica) {
  if (!replica.read || (replica.stuck && !replica.serves)) return Standing::unread;
  if (replica.state == State::dead) return Standing::dead;
  if (!replica.serves) return replica.state == State::fresh ? Standing::empty : Standing::dead;
  if (replica.state == State::demoted) return Standing::demoted;
  const bool current = replica.state == State::fresh && !replica.stuck && !replica.behind;
  return current ? Standing::current : Standing::dated;
}

bool is_better(const Replica& one, const Replica& other) {
  const auto standing = standing_of(one), its = standing_of(other);
  if (standing != its) return standing < its;
  if (standing == Standing::current || standing == Standing::empty) {
    if (one.local || other.local) return one.local;
    return other.returned && !one.returned;
  }
  // Compared without the margin where nobody knows, or it is so still: neither end has room for it.
  if (other.known_until == base::TimePoint::min())
    return one.known_until != base::TimePoint::min() || (other.stuck && !one.stuck);
  if (other.known_until == base::TimePoint::max()) return false;
  return one.known_until > other.known_until + kYoungerBy;
}

std::string name_of(const Replica& replica) {
  return (replica.local ? "this agent, replica " : "replica ") + std::to_string(replica.number);
}

std::string fault_of(const Replica& replica) {
  const auto name = name_of(replica);
  if (!replica.read) return name + ", has not read its source yet";
  if (replica.stuck) return "the source of " + name + " is stuck";
  if (replica.state == State::returning) return name + " restarts";
  if (replica.state == State::dead) return name + " is dead";
  if (replica.state != State::fresh) return name + " is silent";
  if (replica.behind) return "the newest of " + name + " does not come";
  return name + " serves nothing";
}

const Replica* find_in(const std::vector<Replica>& replicas, std::uint32_t number) {
  const auto at = std::ranges::find(replicas, number, &Replica::number);
  return at == replicas.end() ? nullptr : &*at;
}

std::string reason(const Replica& now, const Replica* before) {
  const bool current = standing_of(now) == Standing::current;
  if (now.local && current) return "this agent's own source is read";
  if (before) return fault_of(*before);
  return current ? "the lowest that is fresh" : "none is fresh; its rows are the youngest";
}

}  // namespace

bool ReplicaChoice::choose(const std::string& cluster, const std::vector<Replica>& replicas) {
  std::optional<std::uint32_t> last;
  if (const auto at = alone_.find(cluster); at != alone_.end()) last = at->second;
  std::string reason_before = "it was there first";
  if (const auto* taken = find(cluster)) last = taken->number, reason_before = taken->why;
  clear(cluster);
  if (replicas.empty()) return false;
  const auto* before = last ? find_in(replicas, *last) : nullptr;
  const auto* best = before ? before : &replicas.front();
  for (const auto& replica : replicas)
    if (is_better(replica, *best)) best = &replica;
  const bool current = standing_of(*best) == Standing::current;
  auto why = before == best    ? std::move(reason_before)
             : last && !before ? "replica " + std::to_string(*last) + " is gone"
                               : reason(*best, before);
  taken_[cluster] = {best->number, current, std::move(why)};
  return before != best;
}

void ReplicaChoice::alone(const std::string& cluster, std::uint32_t number) {
  taken_.erase(cluster);
  alone_[cluster] = number;
}

void ReplicaChoice::clear(const std::string& cluster) {
  taken_.erase(cluster);
  alone_.erase(cluster);
}

const ReplicaChoice::Taken* ReplicaChoice::find(const std::string& cluster) const {
  const auto at = taken_.find(cluster);
  return at == taken_.end() ? nullptr : &at->second;
}

bool ReplicaChoice::is_taken(const OriginId& origin) const {
  const auto* taken = find(origin.cluster);
  return !taken || taken->number == origin.replica;
}

bool ReplicaChoice::covers(const OriginId& origin) const {
  const auto* taken = find(origin.cluster);
  return taken && taken->current && taken->number != origin.replica;
}

}  // namespace discovery
