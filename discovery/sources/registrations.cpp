#include "discovery/sources/registrations.hpp"

#include <algorithm>
#include <set>

#include "resources/documents.hpp"

namespace discovery::sources {
namespace {

using resources::StaticService;

std::string name_of(const resources::StaticEndpoint& endpoint) {
  return endpoint.port == 0 ? endpoint.ip.to_string()
                            : base::SocketAddress{endpoint.ip, endpoint.port}.to_string();
}

std::string endpoints_of(const StaticService& service) {
  std::set<std::string> names;
  for (const auto& endpoint : service.endpoints) names.insert(name_of(endpoint));
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string title_of(const resources::Metadata& metadata) {
  return metadata.namespace_ + "/" + metadata.name;
}

bool same_port(const resources::ServicePort& a, const resources::ServicePort& b) {
  return a.name == b.name && a.number == b.number;
}

// What `one` says of the service and `other` does not; "" = they say the same.
std::string difference(const StaticService& one, const StaticService& other) {
  if (!std::ranges::equal(one.ports, other.ports, same_port)) return "ports";
  if (one.metadata.labels != other.metadata.labels) return "labels";
  if (one.metadata.annotations != other.metadata.annotations) return "export";
  if (one.headless != other.headless) return "headless";
  return one.checked == other.checked && one.check == other.check ? "" : "check";
}

bool has_documents_beside_services(const resources::Documents& documents) {
  return !documents.virtual_destinations.empty() || !documents.route_tables.empty() ||
         !documents.virtual_gateways.empty() || !documents.services.empty() ||
         !documents.endpoint_slices.empty() || !documents.external_services.empty() ||
         !documents.external_endpoints.empty();
}

}  // namespace

base::Result<StaticService> Registrations::read(const std::string& text) {
  if (text.size() > kMostText)
    return base::invalid("a registration of " + std::to_string(text.size()) + " bytes: at most " +
                         std::to_string(kMostText));
  const auto loaded = resources::load({{"registration", text}});
  // Who registers reads no status: what would be a warning there is refused here.
  if (!loaded.problems.empty()) return base::invalid(loaded.problems.front().to_string());
  const auto& services = loaded.documents.static_services;
  if (services.size() != 1 || has_documents_beside_services(loaded.documents))
    return base::invalid(
        "a registration is one service in the short form: service, port and endpoints");
  auto service = services.front();
  if (service.endpoints.empty())
    return base::invalid("a registration without endpoints: write the addresses that serve");
  if (service.endpoints.size() > kMostEndpoints)
    return base::invalid("a registration of " + std::to_string(service.endpoints.size()) +
                         " endpoints: at most " + std::to_string(kMostEndpoints));
  for (auto& endpoint : service.endpoints) {
    if (!endpoint.name.empty())
      return base::invalid("\"" + endpoint.name +
                           "\" is a name: register addresses; names are for documents");
    endpoint.labels[kSourceLabel] = "registration";
  }
  return service;
}

Registrations::Key Registrations::key_of(const StaticService& service) {
  return {{service.metadata.namespace_, service.metadata.name}, endpoints_of(service)};
}

// Another registration of the same service.
const Registrations::Held* Registrations::other_of(const Key& key) const {
  for (auto at = held_.lower_bound({key.first, ""});
       at != held_.end() && at->first.first == key.first; ++at)
    if (at->first != key) return &at->second;
  return nullptr;
}

base::Result<bool> Registrations::put(base::TimePoint now, const std::string& text,
                                      base::Duration lease) {
  if (lease < kShortest || lease > kLongest)
    return base::invalid("a lease of " + base::to_string(lease) + ": from " +
                         base::to_string(kShortest) + " to " + base::to_string(kLongest));
  const Key* known = nullptr;
  for (const auto& [key, held] : held_)
    if (held.saved.text == text) known = &key;
  if (known) {
    auto& held = held_.at(*known);
    held.until = now + lease;
    return std::exchange(held.saved.lease, lease) != lease;
  }
  auto service = read(text);
  if (!service) return service.error();
  const auto key = key_of(*service);
  if (const auto* other = other_of(key))
    if (const auto what = difference(other->service, *service); !what.empty())
      return base::invalid(title_of(service->metadata) + " is registered with other " + what +
                           ": registrations of one service differ in their endpoints only; what "
                           "one endpoint has of its own stands with the endpoint");
  if (held_.size() == kMost && !held_.contains(key))
    return base::Error{base::Code::exhausted, "there are " + std::to_string(kMost) +
                                                  " registrations already, as many as may be"};
  held_[key] = {std::move(*service), {text, lease}, now + lease};
  merge();
  return true;
}

base::Result<bool> Registrations::remove(const std::string& text) {
  const auto service = read(text);
  if (!service) return service.error();
  if (held_.erase(key_of(*service)) == 0) return false;
  merge();
  return true;
}

bool Registrations::tick(base::TimePoint now) {
  if (std::erase_if(held_, [&](const auto& one) { return one.second.until <= now; }) == 0)
    return false;
  merge();
  return true;
}

void Registrations::forgive(base::Duration stall) {
  for (auto& [key, held] : held_) held.until += stall;
}

base::TimePoint Registrations::deadline() const {
  auto first = base::TimePoint::max();
  for (const auto& [key, held] : held_) first = std::min(first, held.until);
  return first;
}

// What two registrations say of one endpoint, the first of them says.
void Registrations::merge() {
  services_ = {};
  StaticService merged;
  std::set<std::string> names;
  const auto finish = [&] {
    if (!merged.endpoints.empty()) services_.push_back(std::exchange(merged, {}));
    names.clear();
  };
  const Service* last = nullptr;
  for (const auto& [key, held] : held_) {
    if (!last || *last != key.first) {
      finish();
      merged = held.service;
      merged.endpoints.clear();
    }
    last = &key.first;
    for (const auto& endpoint : held.service.endpoints)
      if (names.insert(name_of(endpoint)).second) merged.endpoints.push_back(endpoint);
  }
  finish();
}

std::vector<SavedRegistration> Registrations::saved() const {
  std::vector<SavedRegistration> all;
  for (const auto& [key, held] : held_) all.push_back(held.saved);
  return all;
}

std::vector<Registrations::Entry> Registrations::entries(base::TimePoint now) const {
  std::vector<Entry> all;
  for (const auto& [key, held] : held_)
    all.push_back({title_of(held.service.metadata), key.second, held.saved.lease,
                   std::max(held.until - now, base::Duration::zero())});
  return all;
}

}  // namespace discovery::sources
