#include "discovery/origin_services.hpp"

#include <algorithm>
#include <tuple>

namespace discovery {
namespace {

using ServiceKey = std::pair<std::string, std::string>;

// Rows come by the hash of their keys; people read lists of endpoints.
std::pair<base::IpAddress, std::uint16_t> place_of(const view::Endpoint& endpoint) {
  return {endpoint.ip, endpoint.ports.empty() ? std::uint16_t{0} : endpoint.ports.front().number};
}

class Decoder {
 public:
  explicit Decoder(const OriginPublication& origin) : origin_(origin) {}

  void add(const RowView& row) {
    auto decoded = decode(row.key, row.value);
    if (!decoded) {
      ++result_.undecodable;
      return;
    }
    std::visit([this](auto&& value) { take(std::move(value)); }, std::move(*decoded));
  }

  std::shared_ptr<const OriginServices> finish() && {
    for (auto& [key, service] : services_) {
      for (auto& endpoint : service->endpoints) complete(endpoint);
      std::ranges::sort(service->endpoints, {}, place_of);
      result_.services.push_back(std::move(service));
    }
    std::ranges::sort(result_.destinations, {}, [](const auto& destination) {
      return std::tie(destination.metadata.namespace_, destination.metadata.name);
    });
    return std::make_shared<const OriginServices>(std::move(result_));
  }

 private:
  void take(AgentRow&& row) { result_.agent = std::move(row); }
  void take(ServiceRow&& row) {
    auto& service = find(row.namespace_, row.name);
    service.labels = std::move(row.labels);
    service.ports = std::move(row.ports);
    service.headless = row.headless;
  }
  void take(EndpointRow&& row) {
    find(row.namespace_, row.service).endpoints.push_back(std::move(row.endpoint));
  }
  void take(DestinationRow&& row) {
    row.destination.metadata.cluster = origin_.id.cluster;
    result_.destinations.push_back(std::move(row.destination));
  }

  // An endpoint may come before its service's row, or without one: rows are in no order of
  // meaning.
  view::Service& find(const std::string& namespace_, const std::string& name) {
    auto& service = services_[{namespace_, name}];
    if (!service) {
      service = std::make_shared<view::Service>();
      service->cluster = origin_.id.cluster;
      service->home_only = origin_.home_only;
      service->namespace_ = namespace_;
      service->name = name;
    }
    return *service;
  }

  void complete(view::Endpoint& endpoint) const {
    endpoint.cluster = origin_.id.cluster;
    const auto& own = result_.agent.locality;
    if (endpoint.locality.region.empty()) endpoint.locality.region = own.region;
    if (endpoint.locality.zone.empty() && endpoint.locality.region == own.region)
      endpoint.locality.zone = own.zone;
    endpoint.path_failed =
        std::any_of(endpoint.ports.begin(), endpoint.ports.end(), [&](const auto& port) {
          return std::binary_search(origin_.path_failed.begin(), origin_.path_failed.end(),
                                    base::SocketAddress{endpoint.ip, port.number});
        });
  }

  const OriginPublication& origin_;
  OriginServices result_;
  std::map<ServiceKey, std::shared_ptr<view::Service>> services_;
};

}  // namespace

std::shared_ptr<const OriginServices> decode_origin(const OriginPublication& origin) {
  Decoder decoder(origin);
  origin.rows.for_each([&](const RowView& row) { decoder.add(row); });
  return std::move(decoder).finish();
}

std::shared_ptr<const OriginServices> OriginCache::get(const OriginPublication& origin) {
  auto& entry = entries_[origin.id];
  if (!entry.services || !entry.rows.same(origin.rows) || entry.path_failed != origin.path_failed)
    entry = {origin.rows, origin.path_failed, decode_origin(origin)};
  return entry.services;
}

void OriginCache::keep_only(const Publication& publication) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::none_of(publication.origins.begin(), publication.origins.end(),
                        [&](const auto& origin) { return origin.id == entry.first; });
  });
}

}  // namespace discovery
