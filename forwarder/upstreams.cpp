#include "forwarder/upstreams.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "resources/external_aliases.hpp"
#include "resources/suggest.hpp"

namespace forwarder {
namespace {

namespace view = discovery::view;
using resources::DestinationKind;

std::string list_ports(const view::Destination& destination) {
  std::string text;
  for (const auto& port : destination.ports) {
    text += (text.empty() ? "" : ", ") + std::to_string(port.number);
    if (!port.name.empty()) text += " (" + port.name + ')';
  }
  return text.empty() ? "none" : text;
}

base::Result<view::DestinationPort> choose_port(const view::Destination& destination,
                                                const resources::PortSelector& wanted) {
  if (wanted.unset()) {
    if (destination.ports.size() == 1) return destination.ports.front();
    return base::invalid(destination.host + " has the ports " + list_ports(destination) +
                         ": say which");
  }
  for (const auto& port : destination.ports)
    if (wanted.number != 0 ? port.number == wanted.number : port.name == wanted.name) return port;
  const auto asked = wanted.number != 0 ? std::to_string(wanted.number) : wanted.name;
  return base::invalid(destination.host + " has no port " + asked + "; it has " +
                       list_ports(destination));
}

// What remains of a destination in one cluster ("" = all) and with these labels.
view::Destination narrow(view::Destination destination, std::string_view cluster,
                         const base::Labels& subset) {
  if (!cluster.empty())
    std::erase_if(destination.services, [&](const auto& s) { return s->cluster != cluster; });
  if (subset.empty()) return destination;
  for (auto& service : destination.services) {
    auto part = std::make_shared<view::Service>(*service);
    std::erase_if(part->endpoints, [&](const view::Endpoint& endpoint) {
      return !base::contains_all(endpoint.traits->labels, subset);
    });
    service = std::move(part);
  }
  return destination;
}

std::string upstream_name(const KeptUpstreams::Recipe& recipe) {
  auto name =
      recipe.host.empty() ? "service " + recipe.namespace_ + '/' + recipe.name : recipe.host;
  name.append(":").append(std::to_string(recipe.port.number));
  for (const auto& label : recipe.subset)
    name.append(&label == &*recipe.subset.begin() ? "{" : ",")
        .append(label.first)
        .append("=")
        .append(label.second);
  if (!recipe.subset.empty()) name += '}';
  if (!recipe.cluster.empty()) name.append(" in ").append(recipe.cluster);
  return name;
}

// Tiers keep their proportions when one has lost all its members; when all that remain had no
// share, the best takes everything.
void rescale(std::vector<Tier>& tiers) {
  double sum = 0;
  for (const auto& tier : tiers) sum += tier.share;
  for (auto& tier : tiers) tier.share = sum > 0 ? tier.share / sum : 0;
  if (sum <= 0 && !tiers.empty()) tiers.front().share = 1;
}

// An address that several services of a destination share stands once, by the first, as in DNS.
void drop_repeated(std::vector<Member>& members, SlotMap& slots) {
  std::unordered_set<SlotId> seen;
  std::erase_if(members, [&](const Member& member) {
    const bool repeated = !seen.insert(member.slot).second;
    if (repeated) slots.release(member.slot);
    return repeated;
  });
}

// A target with an address of each family counts once, by its IPv4 one. A service of which the tier
// has no such address (they cannot be reached from here, say) counts by the others.
class Seconds {
 public:
  explicit Seconds(const view::Tier& tier) : tier_(tier) {}
  bool counts_elsewhere(const view::Choice& choice) {
    if (!choice.endpoint().traits->second_address) return false;
    if (!by_v4_) {
      by_v4_.emplace();
      for (const auto& other : tier_.endpoints)
        if (other.endpoint().ip.is_v4()) by_v4_->insert(other.service);
    }
    return by_v4_->contains(choice.service);
  }

 private:
  const view::Tier& tier_;
  std::optional<std::unordered_set<const view::Service*>> by_v4_;  // services; none asked for yet
};

// Leaves it empty where all weigh the same: such a tier is drawn from faster.
void sum_weights(Tier& tier) {
  const auto& members = tier.members;
  if (std::all_of(members.begin(), members.end(),
                  [&](const Member& m) { return m.weight == members.front().weight; }))
    return;
  std::uint64_t sum = 0;
  for (const auto& member : members) tier.until.push_back(sum += std::max(member.weight, 1u));
}

// Null where nobody came late.
std::shared_ptr<const WarmUp> warm_up(const Tier& tier, base::Duration lasts,
                                      const SlotMap& slots) {
  std::vector<base::TimePoint> since;
  for (const auto& member : tier.members) since.push_back(slots.since(member.slot));
  if (std::ranges::count(since, since.front()) == std::ssize(since)) return nullptr;
  return std::make_shared<const WarmUp>(std::move(since), lasts);
}

// What its policy needs of each member.
void prepare_for_policy(Upstream& upstream, const KeptUpstreams::Recipe& recipe,
                        KeptUpstreams& kept) {
  if (!upstream.policy) return;
  const bool by_hash = upstream.policy->balancing.by == Balancing::By::hash;
  if (upstream.policy->connections.requests > 0) upstream.in_flight = kept.in_flight(recipe);
  const auto lasts = upstream.policy->balancing.warm_up;
  for (auto& tier : upstream.tiers) {
    if (lasts > base::Duration::zero()) tier.warm_up = warm_up(tier, lasts, kept.slots());
    for (auto& member : tier.members) {
      if (by_hash) tier.hashes.push_back(endpoint_hash(member.address));
      if (!upstream.policy->outliers) continue;
      upstream.outliers.push_back(kept.outlier(recipe, member.address));
      member.outlier = upstream.outliers.back().get();
    }
  }
}

}  // namespace

std::string sought_name(const resources::DestinationRef& ref) {
  return ref.kind == DestinationKind::external_service ? resources::external_alias(ref.ref.name)
                                                       : ref.ref.name;
}

const Upstreams::Services& Upstreams::services() const {
  if (!services_) {
    services_.emplace();
    for (const auto& service : resolution_.view->services)
      (*services_)[{service->namespace_, service->name}].push_back(service);
  }
  return *services_;
}

base::Result<Upstreams::Target> Upstreams::find(const resources::DestinationRef& ref,
                                                std::string_view home) {
  const auto namespace_ = ref.ref.namespace_.empty() ? home : std::string_view(ref.ref.namespace_);
  const auto called = std::string(namespace_) + '/' + ref.ref.name;
  if (ref.kind == DestinationKind::unsupported)
    return base::invalid("a destination of a kind that is not supported");

  const auto is_service = ref.kind == DestinationKind::service;
  const auto kind =
      is_service ? view::Destination::Kind::service : view::Destination::Kind::virtual_destination;
  auto sought = ref.ref;
  sought.name = sought_name(ref);
  const bool is_external = ref.kind == DestinationKind::external_service;
  const auto resolved = find_destination(kind, namespace_, sought);
  // A virtual destination spans clusters, so its reference's cluster only says who defined it.
  const std::string_view cluster = is_service ? std::string_view(ref.ref.cluster) : "";
  auto destination = resolved ? resolved->destination : nullptr;
  if (!destination && is_service) destination = unnamed_service(namespace_, ref.ref.name);
  if (!destination) {
    const auto subject = (is_service    ? "service "
                          : is_external ? "ExternalService "
                                        : "VirtualDestination ") +
                         called;
    if (!resolution_.view->synced)
      return base::unavailable(subject + " is not known here before other clusters are heard");
    return base::Error{base::Code::not_found, subject + " is not known here"};
  }

  auto port = choose_port(*destination, ref.port);
  if (!port) return port.error();
  Recipe recipe{"", "", "", std::string(cluster), ref.subset, *port};
  if (resolved) {
    recipe.host = destination->host;
  } else {
    recipe.namespace_ = namespace_;
    recipe.name = ref.ref.name;
  }
  return Target{seek(std::move(recipe)), std::move(destination), *port};
}

std::string Upstreams::did_you_mean(const resources::DestinationRef& ref,
                                    std::string_view home) const {
  std::vector<DestinationNames::Key> known;
  if (ref.kind == DestinationKind::service)
    for (const auto& [key, unused] : services()) known.push_back(key);
  else
    names_.for_each([&](const auto& key, const auto& candidates) {
      for (const auto& candidate : candidates)
        if (candidate->destination->kind == view::Destination::Kind::virtual_destination &&
            resources::kind_of(key.second) == ref.kind)
          known.emplace_back(key.first, resources::title_of(key.second).name);
    });
  const auto namespace_ = ref.ref.namespace_.empty() ? home : std::string_view(ref.ref.namespace_);
  std::vector<std::string_view> beside;  // in the same namespace
  std::string elsewhere;                 // of the same name
  for (const auto& [space, name] : known) {
    if (space == namespace_) beside.push_back(name);
    if (name == ref.ref.name) elsewhere = std::string(space) + '/' + std::string(name);
  }
  const auto near = resources::nearest(ref.ref.name, beside);
  if (!near.empty()) elsewhere = std::string(namespace_) + '/' + std::string(near);
  return elsewhere.empty() ? "" : "did you mean \"" + elsewhere + "\"?";
}

UpstreamId Upstreams::of(const Source& destination, const view::DestinationPort& port) {
  return seek({destination->destination->host, "", "", "", {}, port});
}

void Upstreams::renew() {
  for (const auto id : kept_.outdated()) make(kept_.name(id), kept_.recipe(id));
}

UpstreamId Upstreams::seek(Recipe recipe) {
  auto name = upstream_name(recipe);
  const auto known = kept_.find(name, recipe);
  return known != kNoUpstream ? known : make(std::move(name), std::move(recipe));
}

UpstreamId Upstreams::make(std::string name, Recipe recipe) {
  const auto* resolved = recipe.host.empty() ? nullptr : resolution_.find(recipe.host);
  if (resolved && recipe.cluster.empty() && recipe.subset.empty()) {
    // The forwarder's callers are near the agent: class 0 is its own locality.
    auto upstream =
        fill(std::move(name), recipe, resolved->by_class.front(), *resolved->destination);
    return kept_.put(std::move(recipe), std::move(upstream));
  }
  const auto whole = resolved              ? resolved->destination
                     : recipe.host.empty() ? unnamed_service(recipe.namespace_, recipe.name)
                                           : nullptr;
  if (!whole) {  // a table that is frozen leads to what is gone
    auto upstream = std::make_shared<Upstream>();
    upstream->name = std::move(name);
    return kept_.put(std::move(recipe), std::move(upstream));
  }
  const auto part = narrow(*whole, recipe.cluster, recipe.subset);
  const auto selection =
      view::select(part, *resolution_.view, resolution_.callers->classes.front());
  auto upstream = fill(std::move(name), recipe, selection, *whole);
  return kept_.put(std::move(recipe), std::move(upstream));
}

Upstreams::Source Upstreams::find_destination(view::Destination::Kind kind,
                                              std::string_view namespace_,
                                              const resources::ObjectRef& ref) const {
  Source best;
  auto best_rank = 6;
  for (const auto& candidate : names_.find({namespace_, ref.name})) {
    if (candidate->destination->kind != kind) continue;
    const auto& cluster = candidate->destination->cluster;
    const auto near = !ref.cluster.empty() && cluster == ref.cluster ? 0
                      : cluster == resolution_.view->cluster         ? 1
                                                                     : 2;
    // A host had to be let in here; to have none is anybody's word.
    const auto rank = 2 * near + (candidate->destination->has_host() ? 0 : 1);
    if (rank >= best_rank) continue;
    best = candidate;
    best_rank = rank;
  }
  return best;
}

std::shared_ptr<const view::Destination> Upstreams::unnamed_service(std::string_view namespace_,
                                                                    std::string_view name) const {
  const auto found = services().find({namespace_, name});
  if (found == services().end()) return nullptr;
  auto made = std::make_shared<view::Destination>();
  auto& destination = *made;
  destination.namespace_ = namespace_;
  destination.name = name;
  destination.host = std::string(name) + '.' + std::string(namespace_);
  destination.services = found->second;
  destination.labels = destination.services.front()->labels;
  for (const auto& service : destination.services)
    for (const auto& port : service->ports)
      if (!destination.find_port(port.number))
        destination.ports.push_back({port.number, port.name, port.app_protocol, port.name, 0});
  return made;
}

std::shared_ptr<Upstream> Upstreams::fill(std::string name, const Recipe& recipe,
                                          const view::Selection& selection,
                                          const view::Destination& destination) {
  auto& slots = kept_.slots();
  auto upstream = std::make_shared<Upstream>();
  upstream->name = std::move(name);
  upstream->fail_open = selection.fail_open;
  if (!policies_.empty()) upstream->policy = policies_.of(selectable(destination, recipe.port));
  view::TargetPorts targets(recipe.port);
  for (const auto& selected : selection.tiers) {
    Tier tier{selected.name, selected.share, {}, {}};
    tier.members.reserve(selected.endpoints.size());
    Seconds seconds(selected);
    for (const auto& choice : selected.endpoints) {
      if (seconds.counts_elsewhere(choice)) continue;
      const auto& endpoint = choice.endpoint();
      const auto target = targets.of(*choice.service, endpoint);
      if (!target) continue;
      const base::SocketAddress address{endpoint.ip, *target};
      const auto id = slots.hold(address);
      tier.members.push_back(
          {id, slots.slot(id).generation, address, selected.weight_of(choice), choice.stale});
    }
    if (tier.members.empty()) continue;
    const auto* first = selected.endpoints.front().service;
    if (std::ranges::any_of(selected.endpoints, [&](const auto& c) { return c.service != first; }))
      drop_repeated(tier.members, slots);
    sum_weights(tier);
    upstream->tiers.push_back(std::move(tier));
  }
  rescale(upstream->tiers);
  prepare_for_policy(*upstream, recipe, kept_);
  return upstream;
}

}  // namespace forwarder
