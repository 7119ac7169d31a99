#include "discovery/sources/registrations.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <set>

#include "base/bytes.hpp"
#include "base/hash.hpp"
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

// How long an end is: whoever was away knows no longer what has ended.
base::Duration remembered(base::Duration lease) { return 2 * lease + Registrations::kGoneLonger; }

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

std::string Registrations::id_of(const Key& key) {
  const auto text = key.first.first + "/" + key.first.second + " " + key.second;
  const auto hash = base::hash128(base::as_span(std::string_view(text)));
  char id[33];
  std::snprintf(id, sizeof id, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
  return id;
}

Registrations::Held* Registrations::find(const std::string& id) {
  const auto key = keys_.find(id);
  return key == keys_.end() ? nullptr : &held_.at(key->second);
}

// Of the other registrations of its service the one that says what the service is.
const Registrations::Held* Registrations::leader_beside(const Key& key) const {
  const Held* leader = nullptr;
  for (auto at = held_.lower_bound({key.first, ""});
       at != held_.end() && at->first.first == key.first; ++at)
    if (at->first != key && (!leader || at->second.order > leader->order)) leader = &at->second;
  return leader;
}

std::string Registrations::objection(const Key& key, const StaticService& service) const {
  const auto* other = leader_beside(key);
  const auto what = other ? difference(other->service, service) : "";
  if (what.empty()) return "";
  return title_of(service.metadata) + " is registered with other " + what +
         ": registrations of one service differ in their endpoints only; what one endpoint has of "
         "its own stands with the endpoint";
}

// Above all that is known, so that it counts wherever they are.
OrderNumber Registrations::next_order(std::uint32_t chance) {
  last_order_ = std::min(last_order_ + 1, kMaxOrderCounter);
  return {last_order_, chance};
}

base::Result<bool> Registrations::put(base::TimePoint now, const std::string& text,
                                      base::Duration lease, std::uint32_t chance) {
  if (lease < kShortest || lease > kLongest)
    return base::invalid("a lease of " + base::to_string(lease) + ": from " +
                         base::to_string(kShortest) + " to " + base::to_string(kLongest));
  const auto known = std::ranges::find(
      held_, text, [](const auto& one) -> const std::string& { return one.second.saved.text; });
  if (known != held_.end()) return renew(now, known->first, lease, chance);
  auto service = read(text);
  if (!service) return service.error();
  const auto key = key_of(*service);
  if (auto why = objection(key, *service); !why.empty()) return base::invalid(std::move(why));
  if (held_.size() == kMost && !held_.contains(key))
    return base::Error{base::Code::exhausted, "there are " + std::to_string(kMost) +
                                                  " registrations already, as many as may be"};
  auto& held = add(key);
  held.service = std::move(*service);
  held.saved = {text, lease};
  held.order = next_order(chance);
  held.until = now + lease;
  other_services_ = other_records_ = true;
  return settle(now);
}

// One that another agent took of two that do not fit together is not served: who renews it hears
// so.
base::Result<bool> Registrations::renew(base::TimePoint now, const Key& key, base::Duration lease,
                                        std::uint32_t chance) {
  auto& held = held_.at(key);
  if (const auto* leader = leader_beside(key); leader && leader->order > held.order)
    if (auto why = objection(key, held.service); !why.empty()) return base::invalid(std::move(why));
  other_records_ |= !held.until || held.saved.lease != lease;
  if (std::exchange(held.saved.lease, lease) != lease) held.order = next_order(chance);
  held.until = now + lease;
  return settle(now);
}

// What a disk has kept counts for less than what any agent says.
base::Result<bool> Registrations::resume(base::TimePoint now, const SavedRegistration& saved,
                                         std::uint32_t chance) {
  const auto last = last_order_;
  auto done = put(now, saved.text, saved.lease);
  if (!done) return done;
  last_order_ = last;
  for (auto& [key, held] : held_)
    if (held.saved.text == saved.text) held.order = {1, chance};
  return done;
}

base::Result<bool> Registrations::remove(base::TimePoint now, const std::string& text,
                                         std::uint32_t chance) {
  const auto service = read(text);
  if (!service) return service.error();
  const auto known = held_.find(key_of(*service));
  if (known == held_.end()) return false;
  const auto lease = known->second.saved.lease;
  end(known->second.id,
      {next_order(chance), lease, now + remembered(lease), known->second.service.metadata, true});
  erase(known);
  settle(now);
  return true;
}

bool Registrations::hear(base::TimePoint now, const Heard& heard) {
  auto& sibling = siblings_[heard.from];
  const bool began_anew = sibling.life != 0 && sibling.life != heard.life;
  sibling.life = heard.life;
  std::set<Key> says;
  for (const auto& record : heard.records) {
    last_order_ = std::max(last_order_, record.order.counter);
    if (record.is_gone())
      take_end(now, record);
    else if (heard.silent_since && *heard.silent_since + record.lease <= now)
      continue;
    else if (const auto* key = take(heard.from, record))
      says.insert(*key);
  }
  const auto go_on = [&](Held& held, base::TimePoint last_word) {
    held.elsewhere.erase(heard.from);
    other_records_ |= !held.until;
    held.until = std::max(held.until.value_or(last_word), last_word + held.saved.lease);
  };
  for (const auto& key : sibling.says) {
    const auto known = held_.find(key);
    if (known == held_.end() || says.contains(key)) continue;
    if (began_anew) {
      go_on(known->second, now);
    } else {
      known->second.elsewhere.erase(heard.from);
      choose(known->second);
    }
  }
  for (const auto& key : says) {
    const auto known = held_.find(key);
    if (known == held_.end()) continue;
    choose(known->second);
    if (heard.silent_since) go_on(known->second, *heard.silent_since);
  }
  sibling.says = heard.silent_since ? std::set<Key>() : std::move(says);
  return settle(now);
}

// Null: it is not known here after this, for it has ended, makes no sense or is one too many.
const Registrations::Key* Registrations::take(const OriginId& from, const RegistrationRow& record) {
  const auto ended = gone_.find(record.id);
  if (ended != gone_.end() && ended->second.order > record.order) return nullptr;
  if (record.lease < kShortest || record.lease > kLongest) return nullptr;
  auto* held = find(record.id);
  if (!held || held->saved.text != record.text) {
    auto service = read(record.text);
    if (!service || id_of(key_of(*service)) != record.id) return nullptr;
    if (!held && held_.size() == kMost) return nullptr;
    if (!held) {
      held = &add(key_of(*service));
      held->service = std::move(*service);
      held->saved.text = record.text;
      other_services_ = true;
    }
  }
  held->elsewhere[from] = record;
  return &keys_.at(record.id);
}

// What the latest order says, of those that somebody carries out.
void Registrations::choose(Held& held) {
  const RegistrationRow* latest = nullptr;
  for (const auto& [from, record] : held.elsewhere)
    if (!latest || record.order > latest->order) latest = &record;
  if (!latest || latest->order == held.order || (held.until && latest->order < held.order)) return;
  if (held.saved.text != latest->text) held.service = *read(latest->text);
  held.saved = {latest->text, latest->lease};
  held.order = latest->order;
  other_services_ = true;
  other_records_ |= held.until.has_value();
}

void Registrations::take_end(base::TimePoint now, const RegistrationRow& record) {
  if (const auto* held = find(record.id)) {
    if (held->order > record.order) return;
    erase(held_.find(keys_.at(record.id)));
  }
  const auto known = gone_.find(record.id);
  if (known != gone_.end() && known->second.order > record.order) return;
  const bool ours = known != gone_.end() && known->second.order == record.order;
  if (ours && known->second.here) return;
  end(record.id, {record.order, record.lease, now + remembered(record.lease), {}, false});
}

void Registrations::end(const std::string& id, Gone gone) {
  other_records_ |= gone.here;
  gone_[id] = std::move(gone);
  if (gone_.size() <= kMost) return;
  const auto oldest = std::ranges::min_element(
      gone_, {}, [](const auto& one) -> const OrderNumber& { return one.second.order; });
  gone_.erase(oldest);
}

Registrations::Held& Registrations::add(const Key& key) {
  auto& held = held_[key];
  held.id = id_of(key);
  keys_[held.id] = key;
  if (const auto ended = gone_.find(held.id); ended != gone_.end()) {
    other_records_ |= ended->second.here;
    if (ended->second.here) held.ended_before = std::move(ended->second);
    gone_.erase(ended);
  }
  return held;
}

void Registrations::erase(std::map<Key, Held>::iterator at) {
  other_services_ = true;
  other_records_ |= at->second.until.has_value();
  keys_.erase(at->second.id);
  held_.erase(at);
}

// Drops what is over. True: something is other than before.
bool Registrations::settle(base::TimePoint now) {
  for (auto at = held_.begin(); at != held_.end();) {
    const auto next = std::next(at);
    auto& held = at->second;
    if (held.until && *held.until <= now) {
      held.until.reset();
      other_records_ = true;
      choose(held);
    }
    if (!held.until && held.elsewhere.empty()) {
      if (auto& ended = held.ended_before) end(held.id, std::move(*ended));
      erase(at);
    }
    at = next;
  }
  std::erase_if(gone_, [&](const auto& one) {
    const bool over = one.second.until <= now;
    other_records_ |= over && one.second.here;
    return over;
  });
  if (other_services_) merge();
  const bool other = other_services_ || other_records_;
  other_services_ = other_records_ = false;
  return other;
}

bool Registrations::tick(base::TimePoint now) { return now >= deadline() && settle(now); }

void Registrations::forgive(base::Duration stall) {
  for (auto& [key, held] : held_)
    if (held.until) *held.until += stall;
  for (auto& [id, gone] : gone_) gone.until += stall;
}

base::TimePoint Registrations::deadline() const {
  auto first = base::TimePoint::max();
  for (const auto& [key, held] : held_)
    if (held.until) first = std::min(first, *held.until);
  for (const auto& [id, gone] : gone_) first = std::min(first, gone.until);
  return first;
}

// What two registrations say of one endpoint, the first of them says. What the latest says of the
// service counts: where two agents took at once what does not fit together, the other is left out.
void Registrations::merge() {
  services_ = {};
  for (auto first = held_.begin(); first != held_.end();) {
    const auto end = std::find_if(
        first, held_.end(), [&](const auto& one) { return one.first.first != first->first.first; });
    const auto& leader = std::max_element(first, end, [](const auto& a, const auto& b) {
                           return a.second.order < b.second.order;
                         })->second;
    auto merged = leader.service;
    merged.endpoints.clear();
    std::set<std::string> names;
    for (; first != end; ++first) {
      if (!difference(leader.service, first->second.service).empty()) continue;
      for (const auto& endpoint : first->second.service.endpoints)
        if (names.insert(name_of(endpoint)).second) merged.endpoints.push_back(endpoint);
    }
    services_.push_back(std::move(merged));
  }
}

std::vector<RegistrationRow> Registrations::records(
    const std::function<bool(const resources::Metadata&)>& may_be_told) const {
  std::vector<RegistrationRow> all;
  for (const auto& [key, held] : held_)
    if (held.until && may_be_told(held.service.metadata))
      all.push_back({held.id, held.saved.text, held.saved.lease, held.order});
  for (const auto& [id, gone] : gone_)
    if (gone.here && may_be_told(gone.service)) all.push_back({id, "", gone.lease, gone.order});
  return all;
}

std::vector<SavedRegistration> Registrations::saved() const {
  std::vector<SavedRegistration> all;
  for (const auto& [key, held] : held_)
    if (held.until) all.push_back(held.saved);
  return all;
}

std::vector<Registrations::Entry> Registrations::entries(base::TimePoint now) const {
  std::vector<Entry> all;
  for (const auto& [key, held] : held_) {
    auto& entry = all.emplace_back();
    entry.service = title_of(held.service.metadata);
    entry.endpoints = key.second;
    entry.lease = held.saved.lease;
    entry.elsewhere = !held.until;
    if (held.until) entry.rest = std::max(*held.until - now, base::Duration::zero());
  }
  return all;
}

}  // namespace discovery::sources
