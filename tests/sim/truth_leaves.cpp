// What holds of leaves alone.
#include "discovery/ageing.hpp"
#include "tests/sim/truth.hpp"

namespace sim {
namespace {

// So long a leaf may take another agent of a cluster than its home does.
constexpr base::Duration kChangesOver = std::chrono::seconds(4);

std::map<std::string, std::uint32_t> taken_in(const discovery::Publication& publication) {
  std::map<std::string, std::uint32_t> taken;
  for (const auto& origin : publication.origins)
    if (origin.taken) taken[origin.id.cluster] = origin.id.replica;
  return taken;
}

}  // namespace

void Truth::leaf_event(Clock now, std::size_t viewer, const discovery::Event& event) {
  using Kind = discovery::Event::Kind;
  if (event.kind == Kind::forgotten)
    return this->event(now, viewer, index(event.origin), event.kind);
  const bool before_hello = event.text == "a frame before its hello";  // whoever sent that
  if (viewers_[viewer].deceived || before_hello) return;
  if (event.kind == Kind::malformed || event.kind == Kind::link_refused)
    violated(name(viewer) + " turns a sound leaf or home away: " + event.text);
}

void Truth::ages(Clock now, std::size_t viewer, const std::vector<discovery::Member>& members) {
  for (const auto& member : members) {
    discovery::OriginPublication shown;
    shown.id = member.id;
    shown.freshness = discovery::freshness_of(member.state);
    shown.age = member.age;
    check_age(now, viewer, shown);
  }
}

void Truth::follows(Clock now, std::size_t viewer, const discovery::Publication& shown,
                    std::size_t home, const discovery::Publication& at_home) {
  auto& eyes = viewers_[viewer];
  if (std::exchange(eyes.home, home) != home) eyes.disagrees.clear();
  const auto its = taken_in(shown), homes = taken_in(at_home);
  for (const auto& [cluster, replica] : homes) {
    const auto at = its.find(cluster);
    if (at != its.end() && at->second == replica) {
      eyes.disagrees.erase(cluster);
      continue;
    }
    const auto since = eyes.disagrees.try_emplace(cluster, now).first->second;
    if (now - since > kChangesOver)
      violated(name(viewer) + " takes another agent of " + cluster + " than " + name(home) +
               ", its home, for " + base::to_string(now - since));
  }
}

}  // namespace sim
