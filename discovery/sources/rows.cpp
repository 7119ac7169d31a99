#include "discovery/sources/rows.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/network.hpp"
#include "discovery/row_check.hpp"
#include "resources/kinds/names.hpp"

namespace discovery::sources {
namespace {

using resources::EndpointSlice;
using resources::Metadata;
using resources::Problem;
using resources::Severity;

view::ServicePort to_row(const resources::ServicePort& port) {
  return {port.name, port.number, port.target_port.name, port.target_port.number,
          port.app_protocol};
}

view::Health health_of(const resources::SliceEndpoint& endpoint, bool publish_not_ready) {
  if (endpoint.terminating)
    return endpoint.serving ? view::Health::draining : view::Health::unhealthy;
  if (endpoint.ready || publish_not_ready) return view::Health::healthy;
  return view::Health::unhealthy;
}

// Of two words on one endpoint the more useful one is taken for the newer.
bool better(view::Health a, view::Health b) {
  const auto rank = [](view::Health health) {
    return health == view::Health::healthy ? 0 : health == view::Health::draining ? 1 : 2;
  };
  return rank(a) < rank(b);
}

// visit(endpoint, ip, priority) for the endpoint's own address, or each that its name leads to:
// with the port and the weight that an SRV record gives it.
template <class Visit>
void for_each_address(const resources::StaticEndpoint& endpoint, const NamedAddresses& names,
                      Visit&& visit) {
  if (endpoint.name.empty()) return visit(endpoint, endpoint.ip, 0);
  const auto found = names.find(endpoint.name);
  if (found == names.end()) return;
  if (!resources::is_srv_name(endpoint.name)) {
    for (const auto& ip : found->second.addresses) visit(endpoint, ip, 0);
    return;
  }
  auto one = endpoint;
  for (const auto& to : found->second.to) {
    one.port = to.port;
    one.weight = to.weight;
    visit(one, to.ip, to.priority);
  }
}

std::string id_of(const resources::StaticEndpoint& endpoint, const base::IpAddress& ip) {
  const auto own = endpoint.ports.empty() ? endpoint.port : endpoint.ports.front().number;
  return ip.to_string() + (own ? ":" + std::to_string(own) : "");
}

std::vector<view::EndpointPort> ports_of(const resources::StaticService& service,
                                         const resources::StaticEndpoint& endpoint) {
  std::vector<view::EndpointPort> ports;
  for (const auto& port : endpoint.ports) ports.push_back({port.name, port.number});
  for (const auto& port : service.ports) {
    if (!endpoint.ports.empty()) break;
    const auto own = port.target_port.number ? port.target_port.number : port.number;
    ports.push_back({port.name, endpoint.port ? endpoint.port : own});
  }
  return ports;
}

// An endpoint of a slice, and what it is an address of.
struct Found {
  EndpointRow row;
  resources::PodRef pod;
};

bool is_same_but_family(const Found& v6, const Found& v4) {
  return v6.pod.name != 0 && v6.pod == v4.pod && v6.row.traits.ports == v4.row.traits.ports;
}

// Namespace and name.
using ServiceKey = std::pair<std::string, std::string>;

class Maker {
 public:
  Maker(const ExportRule& rule, const Seen& seen) : rule_(rule), seen_(seen) {}

  void add(const resources::Documents& documents) {
    for (const auto& slice : documents.endpoint_slices)
      slices_[{slice.metadata.namespace_, slice.service}].push_back(&slice);
    for (const auto& service : documents.services) add(service);
    // Slices whose Service is not among the documents: their endpoints are known all the same.
    for (const auto& [key, slices] : slices_)
      if (!services_.contains(key)) {
        begin(key, slices.front()->metadata);
        add_endpoints(key, slices.front()->metadata, {}, false);
      }
    for (const auto& service : documents.static_services) add(service);
    for (const auto& destination : documents.virtual_destinations) add(destination);
  }

  MadeRows finish() && {
    for (auto& [key, value] : exported_) made_.rows.push_back({key, std::move(value)});
    for (auto& [key, value] : home_) made_.home.push_back({key, std::move(value)});
    return std::move(made_);
  }

 private:
  bool exported(const Metadata& metadata) {
    const auto said = metadata.annotations.find(resources::kExportAnnotation);
    if (said != metadata.annotations.end() && said->second != "true" && said->second != "false")
      problem(metadata, "annotation " + said->first + " is \"" + said->second + "\": not exported",
              "write \"true\" or \"false\"");
    return is_exported(metadata, rule_);
  }
  // The rows from here on are those of this object, which is called `key`.
  void begin(ServiceKey key, const Metadata& metadata) {
    key_ = std::move(key);
    rows_ = exported(metadata) ? &exported_ : &home_;
  }
  void begin(const Metadata& metadata) { begin({metadata.namespace_, metadata.name}, metadata); }

  void add(const resources::Service& service) {
    begin(service.metadata);
    const auto key = key_;
    services_.insert(key);
    ServiceRow row{key.first, key.second, service.metadata.labels, {}, service.headless};
    for (const auto& port : service.ports) row.ports.push_back(to_row(port));
    if (!put(row, service.metadata)) return;
    if (service.external_name.empty())
      add_endpoints(key, service.metadata, service.selector, service.publish_not_ready);
    else
      add_led(service);
  }

  // A name that the cluster's own DNS would answer with a CNAME.
  void add_led(const resources::Service& service) {
    const auto led = seen_.names.find(service.external_name);
    if (led == seen_.names.end()) return;
    for (const auto& ip : led->second.addresses) {
      EndpointRow row;
      row.namespace_ = service.metadata.namespace_;
      row.service = service.metadata.name;
      row.id = ip.to_string();
      row.ip = ip;
      row.health = view::Health::healthy;
      for (const auto& port : service.ports)
        row.traits.ports.push_back(
            {port.name, port.target_port.number ? port.target_port.number : port.number});
      row.traits.labels[kNameLabel] = service.external_name;
      put(row, service.metadata);
    }
  }

  void add_endpoints(const ServiceKey& key, const Metadata& of, const base::Labels& selector,
                     bool publish_not_ready) {
    const auto slices = slices_.find(key);
    if (slices == slices_.end()) return;
    std::map<base::IpAddress, std::vector<Found>> endpoints;
    for (const auto* slice : slices->second)
      for (const auto& endpoint : slice->endpoints)
        if (endpoint.address) {
          Found found{read(*slice, endpoint, selector, publish_not_ready), endpoint.pod};
          join(endpoints[found.row.ip], std::move(found));
        }
    mark_seconds(endpoints);
    for (auto& [ip, all] : endpoints)
      for (auto& [row, pod] : all) {
        row.id = ip.to_string();
        // Pods of the host's network share its address and differ by port.
        if (all.size() > 1 && !row.traits.ports.empty())
          row.id += ":" + std::to_string(row.traits.ports.front().number);
        put(row, of);
      }
  }

  static void join(std::vector<Found>& all, Found found) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const Found& other) {
      return other.row.traits.ports == found.row.traits.ports;
    });
    if (same == all.end())
      all.push_back(std::move(found));
    else if (better(found.row.health, same->row.health))
      *same = std::move(found);
  }

  static void mark_seconds(std::map<base::IpAddress, std::vector<Found>>& endpoints) {
    std::multimap<std::uint64_t, const Found*> v4;  // by what they are addresses of
    const bool has_v6 =
        std::ranges::any_of(endpoints, [](const auto& one) { return !one.first.is_v4(); });
    for (const auto& [ip, all] : endpoints)
      for (const auto& found : all)
        if (has_v6 && ip.is_v4() && found.pod.name != 0) v4.emplace(found.pod.name, &found);
    for (auto& [ip, all] : endpoints)
      for (auto& found : all) {
        if (ip.is_v4()) continue;
        const auto [begin, end] = v4.equal_range(found.pod.name);
        found.row.traits.second_address = std::any_of(
            begin, end, [&](const auto& one) { return is_same_but_family(found, *one.second); });
      }
  }

  EndpointRow read(const EndpointSlice& slice, const resources::SliceEndpoint& endpoint,
                   const base::Labels& selector, bool publish_not_ready) const {
    EndpointRow row;
    row.namespace_ = slice.metadata.namespace_;
    row.service = slice.service;
    row.ip = *endpoint.address;
    for (const auto& port : slice.ports) row.traits.ports.push_back({port.name, port.number});
    row.traits.locality = place_of(endpoint, seen_.places.get());
    row.traits.hostname = endpoint.hostname.view();
    row.traits.labels = selector;  // a selected pod carries them; its others are not in a slice
    if (const auto* labels = labels_of(endpoint, seen_.pods.get()))
      for (const auto& [key, value] : *labels) row.traits.labels[key] = value;
    row.health = health_of(endpoint, publish_not_ready);
    return row;
  }

  void add(const resources::StaticService& service) {
    begin(service.metadata);
    if (services_.contains({service.metadata.namespace_, service.metadata.name})) {
      problem(service.metadata,
              "service " + service.metadata.namespace_ + "/" + service.metadata.name +
                  " is defined by a Kubernetes Service too",
              "keep one of the two");
      return;
    }
    ServiceRow row{service.metadata.namespace_,
                   service.metadata.name,
                   service.metadata.labels,
                   {},
                   service.headless,
                   service.external};
    for (const auto& port : service.ports) row.ports.push_back(to_row(port));
    if (!static_services_.insert({row.namespace_, row.name}).second) {
      problem(service.metadata, "service " + row.namespace_ + "/" + row.name + " is defined twice",
              "call one of the two otherwise");
      return;
    }
    if (!put(row, service.metadata)) return;
    for (const auto& endpoint : service.endpoints) {
      const auto serving = serving_priority(service, endpoint);
      for_each_address(endpoint, seen_.names, [&](const auto& one, const auto& ip, int priority) {
        if (priority == serving) put(read(service, one, ip), service.metadata);
      });
    }
  }

  // Why it fails; null: it does not.
  const std::string* failure(const EndpointName& endpoint) const {
    if (seen_.failing.empty()) return nullptr;
    const auto found = seen_.failing.find(endpoint);
    return found == seen_.failing.end() ? nullptr : &found->second;
  }

  // Of an SRV name's; 0 of all others.
  int serving_priority(const resources::StaticService& service,
                       const resources::StaticEndpoint& endpoint) const {
    std::optional<int> first, answering;
    const auto look = [&](const auto& one, const auto& ip, int priority) {
      first = first.value_or(priority);
      if (!answering &&
          !failure({service.metadata.namespace_, service.metadata.name, id_of(one, ip)}))
        answering = priority;
    };
    if (resources::is_srv_name(endpoint.name)) for_each_address(endpoint, seen_.names, look);
    return answering.value_or(first.value_or(0));
  }

  EndpointRow read(const resources::StaticService& service,
                   const resources::StaticEndpoint& endpoint, const base::IpAddress& ip) const {
    EndpointRow row;
    row.namespace_ = service.metadata.namespace_;
    row.service = service.metadata.name;
    row.id = id_of(endpoint, ip);
    row.ip = ip;
    row.weight = endpoint.weight;
    const auto* fails = failure({row.namespace_, row.service, row.id});
    row.health = endpoint.ready && !fails ? view::Health::healthy : view::Health::unhealthy;
    auto& made = row.traits;
    made.ports = ports_of(service, endpoint);
    made.locality = endpoint.locality;
    made.network = endpoint.network;
    made.hostname = endpoint.hostname;
    made.labels = service.metadata.labels;
    for (const auto& [key, value] : endpoint.labels) made.labels[key] = value;
    if (!endpoint.name.empty()) made.labels[kNameLabel] = endpoint.name;
    if (fails) made.labels[kUnhealthyLabel] = *fails;
    return row;
  }

  void add(const resources::VirtualDestination& destination) {
    begin(destination.metadata);
    put(DestinationRow{destination}, destination.metadata);
  }

  // False when no peer would take the row.
  template <class R>
  bool put(const R& row, const Metadata& of) {
    const RowValue value(row);
    if (const auto checked = check(value); !checked) {
      problem(of, "not for the mesh: " + checked.error().message, "change it, or split the object");
      return false;
    }
    auto encoded = encode(value);
    if (encoded.key.size() > kMaxKeyBytes ||
        encoded.key.size() + encoded.value.size() > kMaxRowBytes) {
      problem(
          of,
          "too large for the mesh: " + std::to_string(encoded.key.size() + encoded.value.size()) +
              " bytes, at most " + std::to_string(kMaxRowBytes),
          "shorten its labels or names");
      return false;
    }
    if (rows_->size() >= kMaxRowsPerOrigin) {
      problem(of, "one agent serves at most " + std::to_string(kMaxRowsPerOrigin) + " rows",
              "split the cluster between several");
      return false;
    }
    rows_->insert_or_assign(std::move(encoded.key), std::move(encoded.value));
    return true;
  }

  void problem(const Metadata& of, std::string message, std::string hint) {
    made_.troubled.insert(key_);
    made_.problems.push_back({Severity::error, of.place, of.namespace_ + "/" + of.name, "",
                              std::move(message), std::move(hint)});
  }

  const ExportRule& rule_;
  const Seen& seen_;
  MadeRows made_;
  std::map<base::Bytes, base::Bytes> exported_, home_;
  std::map<base::Bytes, base::Bytes>* rows_ = &exported_;
  ServiceKey key_;
  std::map<ServiceKey, std::vector<const EndpointSlice*>> slices_;
  std::set<ServiceKey> services_, static_services_;
};

// A TCP check may knock at any of them; the others ask one.
std::vector<std::uint16_t> checked_ports(const resources::HealthCheck& check,
                                         const std::vector<view::EndpointPort>& ports) {
  if (check.port.number != 0) return {check.port.number};
  std::vector<std::uint16_t> numbers;
  for (const auto& port : ports)
    if (check.port.name.empty() || port.name == check.port.name) numbers.push_back(port.number);
  if (check.kind != resources::HealthCheck::Kind::tcp && numbers.size() > 1) numbers.resize(1);
  return numbers;
}

}  // namespace

base::Locality place_of(const resources::SliceEndpoint& endpoint, const NodePlaces* places) {
  base::Locality place;
  place.zone = endpoint.zone.view();
  if (!places) return place;
  const auto node = places->nodes.find(endpoint.node);
  if (node != places->nodes.end() && (place.zone.empty() || place.zone == node->second.zone))
    return node->second;
  if (const auto region = places->regions.find(place.zone); region != places->regions.end())
    place.region = region->second;
  return place;
}

const base::Labels* labels_of(const resources::SliceEndpoint& endpoint, const PodLabels* pods) {
  if (!pods || endpoint.pod.name == 0) return nullptr;
  const auto found = pods->pods.find(endpoint.pod.name);
  return found != pods->pods.end() && endpoint.pod.means(found->second.ref) ? &found->second.labels
                                                                            : nullptr;
}

Rows rows_at_home(const Rows& before, RowChanges changes, const base::Locality& locality,
                  std::uint64_t version) {
  AgentRow agent;
  agent.locality = locality;
  auto row = encode(RowValue(agent));
  if (const auto known = before.find(row.key); !known || known->value != row.value)
    changes.written.push_back(std::move(row));
  return before.with(changes_at(version, std::move(changes)));
}

CheckTargets check_targets(const resources::SharedList<resources::StaticService>& services,
                           const NamedAddresses& names, const CheckRule& rule) {
  CheckTargets targets;
  for (const auto& service : services) {
    if (!service.checked.value_or(rule.by_default)) continue;
    for (const auto& endpoint : service.endpoints) {
      if (!endpoint.ready || !base::is_reachable(endpoint.network, rule.networks)) continue;
      for_each_address(endpoint, names, [&](const auto& one, const auto& ip, int) {
        auto& target =
            targets[{service.metadata.namespace_, service.metadata.name, id_of(one, ip)}];
        target.how = service.check;
        for (const auto port : checked_ports(service.check, ports_of(service, one)))
          target.addresses.push_back({ip, port});
      });
    }
  }
  return targets;
}

std::vector<EndpointName> endpoints_of(
    const resources::SharedList<resources::StaticService>& services, const NamedAddresses& names) {
  std::vector<EndpointName> all;
  for (const auto& service : services)
    for (const auto& endpoint : service.endpoints)
      for_each_address(endpoint, names, [&](const auto& one, const auto& ip, int) {
        all.push_back({service.metadata.namespace_, service.metadata.name, id_of(one, ip)});
      });
  return all;
}

bool is_exported(const resources::Metadata& metadata, const ExportRule& rule) {
  const auto said = metadata.annotations.find(resources::kExportAnnotation);
  if (said != metadata.annotations.end()) return said->second == "true";
  return std::ranges::none_of(rule.except_namespaces, [&](std::string_view space) {
    return space.ends_with('*') ? metadata.namespace_.starts_with(space.substr(0, space.size() - 1))
                                : metadata.namespace_ == space;
  });
}

MadeRows make_rows(const resources::Documents& documents, const ExportRule& rule,
                   const Seen& seen) {
  Maker maker(rule, seen);
  maker.add(documents);
  return std::move(maker).finish();
}

}  // namespace discovery::sources
