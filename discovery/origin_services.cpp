#include "discovery/origin_services.hpp"

#include <algorithm>
#include <tuple>

#include "base/hash.hpp"

namespace discovery {
namespace {

// Rows come by the hash of their keys; people read lists of endpoints.
auto place_of(const view::Endpoint& endpoint, std::uint64_t row) {
  const auto port = endpoint.ports.empty() ? std::uint16_t{0} : endpoint.ports.front().number;
  return std::tuple(endpoint.ip, port, row);
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

std::shared_ptr<const OriginServices> OriginDecoder::decode(const OriginPublication& origin) {
  const bool same_paths = path_failed_ == origin.path_failed;
  if (last_ && same_paths && rows_.same(origin.rows)) return last_;
  if (!last_ || !same_paths || agent_row(rows_) != agent_row(origin.rows)) start_anew(origin);
  const auto difference = Rows::between(rows_, origin.rows);
  for (const auto& row : difference.gone) remove(row);
  for (const auto& row : difference.written) write(row);
  for (auto& [name, change] : changes_) apply(name, std::move(change));
  changes_.clear();
  rows_ = origin.rows;

  auto result = std::make_shared<OriginServices>();
  result->agent = agent_;
  result->services.reserve(services_.size());
  for (const auto& [name, known] : services_) result->services.push_back(known.service);
  for (const auto& [name, destination] : destinations_) result->destinations.push_back(destination);
  result->undecodable = undecodable_.size();
  return last_ = std::move(result);
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
}

void OriginDecoder::remove(const RowView& row) {
  if (undecodable_.erase(id_of(row))) return;
  const auto kind = row.key.substr(0, row.key.find('/'));
  if (kind == "e") changes_[names_in(row.key)].gone.insert(id_of(row));
  if (kind == "s") changes_[names_in(row.key)].undeclared = true;
  if (kind == "d") destinations_.erase(names_in(row.key));
}

void OriginDecoder::write(const RowView& row) {
  auto decoded = discovery::decode(row.key, row.value);
  if (!decoded) {
    undecodable_.insert(id_of(row));
  } else if (auto* endpoint = std::get_if<EndpointRow>(&*decoded)) {
    complete(endpoint->endpoint);
    changes_[{std::move(endpoint->namespace_), std::move(endpoint->service)}].written.push_back(
        {std::move(endpoint->endpoint), id_of(row)});
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
    known.declared = true;
  } else if (known.declared && !change.undeclared) {
    next->labels = known.service->labels;
    next->ports = known.service->ports;
    next->headless = known.service->headless;
  } else {
    known.declared = false;
  }

  std::vector<Placed*> written;
  for (auto& placed : change.written) written.push_back(&placed);
  const auto place = [](const Placed* placed) { return place_of(placed->endpoint, placed->row); };
  std::ranges::sort(written, {}, place);
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
    for (; at != written.end() && place(*at) < place_of(old, known.rows[n]); ++at)
      take(std::move((*at)->endpoint), (*at)->row);
    take(old, known.rows[n]);
  }
  for (; at != written.end(); ++at) take(std::move((*at)->endpoint), (*at)->row);
  known.rows = std::move(rows);
  known.service = std::move(next);
  if (!known.declared && known.rows.empty()) services_.erase(name);
}

void OriginDecoder::complete(view::Endpoint& endpoint) const {
  endpoint.cluster = cluster_;
  const auto& own = agent_.locality;
  if (endpoint.locality.region.empty()) endpoint.locality.region = own.region;
  if (endpoint.locality.zone.empty() && endpoint.locality.region == own.region)
    endpoint.locality.zone = own.zone;
  endpoint.path_failed =
      std::any_of(endpoint.ports.begin(), endpoint.ports.end(), [&](const auto& port) {
        return std::binary_search(path_failed_.begin(), path_failed_.end(),
                                  base::SocketAddress{endpoint.ip, port.number});
      });
}

void OriginCache::keep_only(const Publication& publication) {
  std::erase_if(decoders_, [&](const auto& entry) {
    return std::none_of(publication.origins.begin(), publication.origins.end(),
                        [&](const auto& origin) { return origin.id == entry.first; });
  });
}

}  // namespace discovery
