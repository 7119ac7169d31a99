#include "discovery/origin_services.hpp"

#include <algorithm>
#include <tuple>

#include "base/hash.hpp"

namespace discovery {
namespace {

// Rows come by the hash of their keys; people read lists of endpoints.
auto place_of(const view::Endpoint& endpoint, std::uint64_t row) {
  const auto& ports = endpoint.traits->ports;
  const auto port = ports.empty() ? std::uint16_t{0} : ports.front().number;
  return std::tuple(endpoint.ip, port, row);
}

// Rises as addresses do; of few it is the same.
std::uint64_t prefix_of(const base::IpAddress& ip) {
  const auto bytes = ip.bytes();
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < 8; ++i) first = first << 8 | (i < bytes.size() ? bytes[i] : 0u);
  return std::uint64_t{ip.is_v4()} << 63 | first >> 1;
}

std::uint64_t id_of(const RowView& row) { return base::hash64(row.key, 0); }

// The two names in "<kind>/<namespace>/<name>" and what may follow.
std::pair<std::string, std::string> names_in(std::string_view key) {
  const auto first = key.find('/') + 1, second = key.find('/', first);
  const auto end = key.find('/', second + 1);
  return {std::string(key.substr(first, second - first)),
          std::string(key.substr(second + 1, end - second - 1))};
}

std::string_view agent_row(const Rows& rows) {
  const auto row = rows.find(kAgentKey);
  return row ? row->value : std::string_view();
}

}  // namespace

std::shared_ptr<const OriginServices> decode_origin(const OriginPublication& origin) {
  return OriginDecoder().decode(origin);
}

bool OriginDecoder::is_current(const OriginPublication& origin) const {
  return last_ && path_failed_ == origin.path_failed && rows_.same(origin.rows);
}

std::shared_ptr<const OriginServices> OriginDecoder::decode(const OriginPublication& origin) {
  if (is_current(origin)) return last_;
  const bool same_paths = path_failed_ == origin.path_failed;
  if (!last_ || !same_paths || agent_row(rows_) != agent_row(origin.rows)) start_anew(origin);
  const auto difference = Rows::between(rows_, origin.rows);
  for (const auto& row : difference.gone) remove(row);
  for (const auto& row : difference.written) write(row);
  for (auto& [name, change] : changes_) apply(name, std::move(change));

  auto result = std::make_shared<OriginServices>();
  result->agent = agent_;
  result->services = changed_services();
  changes_.clear();
  endpoints_.sweep();
  rows_ = origin.rows;
  for (const auto& [name, destination] : destinations_) result->destinations.push_back(destination);
  result->undecodable = undecodable_.size();
  return last_ = std::move(result);
}

std::vector<std::shared_ptr<const view::Service>> OriginDecoder::changed_services() const {
  std::vector<std::shared_ptr<const view::Service>> services;
  if (last_ && changes_.size() < kFew) {
    services = last_->services;
    const auto name_of = [](const auto& service) {
      return NameView(service->namespace_, service->name);
    };
    for (const auto& [name, change] : changes_) {
      const auto at = std::ranges::lower_bound(services, NameView(name), {}, name_of);
      const bool was = at != services.end() && name_of(*at) == NameView(name);
      const auto known = services_.find(name);
      if (known == services_.end()) {
        if (was) services.erase(at);
      } else if (was) {
        *at = known->second.service;
      } else {
        services.insert(at, known->second.service);
      }
    }
    return services;
  }
  services.reserve(services_.size());
  for (const auto& [name, known] : services_) services.push_back(known.service);
  return services;
}

AgentRow agent_of(const OriginPublication& origin) {
  auto decoded = decode(kAgentKey, agent_row(origin.rows));
  auto* agent = decoded.ok() ? std::get_if<AgentRow>(&*decoded) : nullptr;
  return agent ? std::move(*agent) : AgentRow{};
}

// All endpoints depend on what the agent says of its cluster, and on which of them answer.
void OriginDecoder::start_anew(const OriginPublication& origin) {
  *this = OriginDecoder();
  cluster_ = origin.id.cluster;
  home_only_ = origin.home_only;
  path_failed_ = origin.path_failed;
  agent_ = agent_of(origin);
  endpoints_ = EndpointReader(cluster_, agent_.locality);
}

void OriginDecoder::remove(const RowView& row) {
  if (undecodable_.erase(id_of(row))) return;
  const auto kind = row.key.substr(0, row.key.find('/'));
  if (kind == "e") changes_[names_in(row.key)].gone.insert(id_of(row));
  if (kind == "s") changes_[names_in(row.key)].undeclared = true;
  if (kind == "d") destinations_.erase(names_in(row.key));
}

void OriginDecoder::write_endpoint(const RowView& row) {
  auto read = endpoints_.read(row);
  if (!read) {
    undecodable_.insert(id_of(row));
    return;
  }
  read->endpoint.path_failed = is_path_failed(read->endpoint);
  const NameView name(read->namespace_, read->service);
  auto change = changes_.find(name);
  if (change == changes_.end()) change = changes_.try_emplace(Name(name)).first;
  change->second.written.push_back({std::move(read->endpoint), id_of(row)});
}

void OriginDecoder::write(const RowView& row) {
  if (row.key.starts_with("e/")) return write_endpoint(row);
  auto decoded = discovery::decode(row.key, row.value);
  if (!decoded) {
    undecodable_.insert(id_of(row));
  } else if (auto* service = std::get_if<ServiceRow>(&*decoded)) {
    changes_[{service->namespace_, service->name}].declared = std::move(*service);
  } else if (auto* definition = std::get_if<DestinationRow>(&*decoded)) {
    auto& destination = definition->destination;
    destination.metadata.cluster = cluster_;
    Name name{destination.metadata.namespace_, destination.metadata.name};
    destinations_[std::move(name)] =
        std::make_shared<const resources::VirtualDestination>(std::move(destination));
  }
}

// An endpoint may come before its service's row, or without one: rows are in no order of meaning.
void OriginDecoder::apply(const Name& name, Change change) {
  auto& known = services_[name];
  auto next = std::make_shared<view::Service>();
  next->cluster = cluster_;
  next->home_only = home_only_;
  next->namespace_ = name.first;
  next->name = name.second;
  if (change.declared) {
    next->labels = std::move(change.declared->labels);
    next->ports = std::move(change.declared->ports);
    next->headless = change.declared->headless;
    next->external = std::move(change.declared->external);
    known.declared = true;
  } else if (known.declared && !change.undeclared) {
    next->labels = known.service->labels;
    next->ports = known.service->ports;
    next->headless = known.service->headless;
    next->external = known.service->external;
  } else {
    known.declared = false;
  }

  sort(change.written);
  auto& written = change.written;
  std::vector<std::uint64_t> rows;
  const auto count = known.rows.size() + written.size();
  rows.reserve(count);
  next->endpoints.reserve(count);
  auto at = written.begin();
  const auto take = [&](view::Endpoint endpoint, std::uint64_t row) {
    next->endpoints.push_back(std::move(endpoint));
    rows.push_back(row);
  };
  for (std::size_t n = 0; n < known.rows.size(); ++n) {
    if (change.gone.contains(known.rows[n])) continue;
    const auto& old = known.service->endpoints[n];
    for (; at != written.end() && place_of(at->endpoint, at->row) < place_of(old, known.rows[n]);
         ++at)
      take(std::move(at->endpoint), at->row);
    take(old, known.rows[n]);
  }
  for (; at != written.end(); ++at) take(std::move(at->endpoint), at->row);
  known.rows = std::move(rows);
  known.service = std::move(next);
  if (!known.declared && known.rows.empty()) services_.erase(name);
}

// By place; a thousand are sorted in a third of the time by numbers.
void OriginDecoder::sort(std::vector<Placed>& endpoints) {
  std::vector<std::pair<std::uint64_t, Placed*>> order;
  order.reserve(endpoints.size());
  for (auto& placed : endpoints) order.emplace_back(prefix_of(placed.endpoint.ip), &placed);
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return place_of(a.second->endpoint, a.second->row) <
           place_of(b.second->endpoint, b.second->row);
  });
  std::vector<Placed> sorted;
  sorted.reserve(endpoints.size());
  for (const auto& [prefix, placed] : order) sorted.push_back(std::move(*placed));
  endpoints = std::move(sorted);
}

bool OriginDecoder::is_path_failed(const view::Endpoint& endpoint) const {
  return !path_failed_.empty() && std::ranges::any_of(endpoint.traits->ports, [&](auto& port) {
    return std::ranges::binary_search(path_failed_, base::SocketAddress{endpoint.ip, port.number});
  });
}

std::vector<std::shared_ptr<const OriginServices>> OriginCache::get(
    const std::vector<const OriginPublication*>& origins, const base::Each& each) {
  std::vector<std::pair<OriginDecoder*, const OriginPublication*>> changed;
  for (const auto* origin : origins)
    if (auto& decoder = decoders_[origin->id]; !decoder.is_current(*origin))
      changed.emplace_back(&decoder, origin);
  each(changed.size(), [&](std::size_t i) { changed[i].first->decode(*changed[i].second); });
  std::vector<std::shared_ptr<const OriginServices>> services;
  for (const auto* origin : origins) services.push_back(decoders_[origin->id].decode(*origin));
  return services;
}

void OriginCache::keep_only(const Publication& publication) {
  std::erase_if(decoders_, [&](const auto& entry) {
    return std::none_of(publication.origins.begin(), publication.origins.end(),
                        [&](const auto& origin) { return origin.id == entry.first; });
  });
}

}  // namespace discovery
