#include "discovery/view/drains.hpp"

#include <algorithm>

namespace discovery::view {
namespace {

template <class Subject>
std::uint16_t least_left(const Subject& subject, const Drains& drains) {
  auto left = kAllLeft;
  for (const auto& drain : drains)
    if (drain.target.is_of(subject)) left = std::min(left, drain.left);
  return left;
}

}  // namespace

bool DrainTarget::is_of(const Service& service) const {
  return kind == Kind::cluster ||
         (kind == Kind::service && service.name == name && service.namespace_ == namespace_);
}

bool DrainTarget::is_of(const Endpoint& endpoint) const {
  return kind == Kind::endpoint && endpoint.ip == ip &&
         (port == 0 || std::ranges::count(endpoint.traits->ports, port, &EndpointPort::number) > 0);
}

std::string DrainTarget::to_string() const {
  switch (kind) {
    case Kind::cluster:
      return "cluster";
    case Kind::service:
      return "service " + namespace_ + "/" + name;
    case Kind::endpoint:
      break;
  }
  return "endpoint " + (port == 0 ? ip.to_string() : base::SocketAddress{ip, port}.to_string());
}

std::uint16_t left_of(const Service& service, const Drains& drains) {
  return least_left(service, drains);
}

std::uint16_t left_of(const Endpoint& endpoint, const Drains& drains) {
  return least_left(endpoint, drains);
}

void merge(Drains& drains, const Drains& more) {
  for (const auto& drain : more) {
    const auto known = std::ranges::find(drains, drain.target, &Drain::target);
    if (known == drains.end())
      drains.push_back(drain);
    else
      known->left = std::min(known->left, drain.left);
  }
}

}  // namespace discovery::view
