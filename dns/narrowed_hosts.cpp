#include "dns/narrowed_hosts.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <tuple>

#include "base/ascii.hpp"
#include "base/bytes.hpp"
#include "dns/host_maker.hpp"

namespace dns {
namespace {

namespace view = discovery::view;
using Strength = view::Affinity::Strength;

std::size_t bytes_of(const view::Selection& selection) {
  auto choices = selection.left_out.size();
  for (const auto& tier : selection.tiers) choices += tier.endpoints.size();
  return sizeof selection + selection.tiers.size() * sizeof(view::Tier) +
         choices * sizeof(view::Choice);
}

}  // namespace

bool NarrowedMemory::take(std::size_t bytes) {
  if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most_) return true;
  give_back(bytes);
  return false;
}

// Where a host has somebody, and what was made for there.
struct NarrowedHosts::Places {
  struct Kept {
    std::uint16_t caller_class;
    Strength strength;
    std::shared_ptr<const Host> host;
    const Kept* next;
  };
  struct Place {
    view::Topology topology{};
    std::string name{};  // lower case
    std::atomic<const Kept*> kept{nullptr};

    const Host* find(std::uint16_t caller_class, Strength strength) const {
      const auto* at = kept.load(std::memory_order_acquire);
      while (at && (at->caller_class != caller_class || at->strength != strength)) at = at->next;
      return at ? at->host.get() : nullptr;
    }
  };

  explicit Places(const view::Destination& destination);
  ~Places();
  Place* find(view::Topology topology, std::string_view name);
  std::size_t bytes() const { return sizeof *this + all.size() * (sizeof(Place) + 16); }

  std::deque<Place> all;  // by topology and name
  Place nowhere;
  std::shared_ptr<NarrowedMemory> memory{};  // where it is kept
  std::atomic<std::size_t> taken{0};         // of it
};

NarrowedHosts::Places::Places(const view::Destination& destination) {
  std::vector<std::pair<view::Topology, std::string>> found;
  const view::Traits* last = nullptr;
  for (const auto& service : destination.services)
    for (const auto& endpoint : service->endpoints) {
      if (endpoint.traits.get() == last) continue;
      last = endpoint.traits.get();
      for (const auto topology : view::kTopologies) {
        auto name = base::lower(view::place_of(*last, topology));
        if (!name.empty()) found.emplace_back(topology, std::move(name));
      }
    }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (auto& [topology, name] : found) {
    auto& place = all.emplace_back();
    place.topology = topology;
    place.name = std::move(name);
  }
}

NarrowedHosts::Places::~Places() {
  const auto free = [](const Place& place) {
    for (const auto* kept = place.kept.load(); kept;) delete std::exchange(kept, kept->next);
  };
  std::ranges::for_each(all, free);
  free(nowhere);
  if (memory) memory->give_back(taken);
}

NarrowedHosts::Places::Place* NarrowedHosts::Places::find(view::Topology topology,
                                                          std::string_view name) {
  const auto key = [](const Place& place) {
    return std::tuple<view::Topology, std::string_view>(place.topology, place.name);
  };
  const std::tuple wanted(topology, name);
  const auto found = std::ranges::lower_bound(all, wanted, {}, key);
  return found != all.end() && key(*found) == wanted ? &*found : nullptr;
}

NarrowedHosts::~NarrowedHosts() { delete places_.load(); }

Narrower::Narrower(ZoneConfig config, std::size_t most_bytes)
    : config_(std::move(config)), memory_(std::make_shared<NarrowedMemory>(most_bytes)) {}

Narrowed Narrower::narrow(const Host& host, const Name& name, const PlaceLabels& labels,
                          const view::View& view, const view::Callers& callers,
                          std::uint16_t caller_class) const {
  const auto& destination = host.resolved()->destination;
  auto* places = host.narrowed().places_.load(std::memory_order_acquire);
  std::unique_ptr<NarrowedHosts::Places> unkept;
  if (!places) {
    unkept = std::make_unique<NarrowedHosts::Places>(*destination);
    if (memory_->take(unkept->bytes())) {
      unkept->memory = memory_;
      unkept->taken = unkept->bytes();
      if (host.narrowed().places_.compare_exchange_strong(places, unkept.get()))
        places = unkept.release();
    } else {
      places = unkept.get();
    }
  }

  auto* place = places->find(labels.topology, base::as_text(labels.place));
  if (!place && labels.strength == Strength::prefer) return {&host};
  if (!place) place = &places->nowhere;
  if (const auto* kept = place->find(caller_class, labels.strength)) return {kept};

  const view::Affinity affinity{labels.topology, labels.strength, place->name};
  auto resolved = std::make_shared<view::ResolvedDestination>();
  resolved->destination = destination;
  resolved->by_class.push_back(
      view::select(*destination, view, callers.classes[caller_class], &affinity));
  auto made = HostMaker(config_).destination(resolved, name);

  using Kept = NarrowedHosts::Places::Kept;
  const auto cost = sizeof(Kept) + made->bytes() + bytes_of(resolved->by_class.front());
  if (places == unkept.get() || !memory_->take(cost)) return {made.get(), made};
  auto kept = std::make_unique<Kept>(
      Kept{caller_class, labels.strength, std::move(made), place->kept.load()});
  do {
    if (const auto* quicker = place->find(caller_class, labels.strength)) {
      memory_->give_back(cost);
      return {quicker};
    }
  } while (!place->kept.compare_exchange_weak(kept->next, kept.get(), std::memory_order_acq_rel));
  places->taken.fetch_add(cost, std::memory_order_relaxed);
  return {kept.release()->host.get()};
}

}  // namespace dns
