#include "discovery/relist_hold.hpp"

#include <algorithm>

#include "discovery/row.hpp"

namespace discovery {
namespace {

bool is_endpoint(std::string_view key) { return key.starts_with("e/"); }

// "e/NAMESPACE/SERVICE" of an endpoint's key.
std::string_view service_of(std::string_view key) {
  return key.substr(0, key.find('/', key.find('/', 2) + 1));
}

bool contains(const std::vector<base::SocketAddress>& addresses, const base::SocketAddress& one) {
  return std::find(addresses.begin(), addresses.end(), one) != addresses.end();
}

// Where to knock at a healthy endpoint; nothing for all other rows.
std::optional<base::SocketAddress> door_of(std::string_view key, std::string_view value) {
  const auto row = decode(key, value);
  const auto* endpoint = row.ok() ? std::get_if<EndpointRow>(&*row) : nullptr;
  if (!endpoint || endpoint->traits.ports.empty() || endpoint->health != view::Health::healthy)
    return std::nullopt;
  return base::SocketAddress{endpoint->ip, endpoint->traits.ports.front().number};
}

base::Bytes as_unhealthy(std::string_view key, std::string_view value) {
  auto row = decode(key, value);
  auto* endpoint = row.ok() ? std::get_if<EndpointRow>(&*row) : nullptr;
  if (!endpoint) return base::Bytes(value);
  endpoint->health = view::Health::unhealthy;
  return encode(*row).value;
}

}  // namespace

std::size_t RelistHold::replaced(base::TimePoint now, const NodeConfig& config,
                                 const Listed& before, const Listed& after, Listing listing) {
  std::size_t anew = 0;
  if (listing == Listing::relist && misses_most(before, after)) {
    for (const auto& row : before) {
      if (after.contains(row.first)) continue;
      anew += is_endpoint(row.first) ? 1 : 0;
      held_.emplace(row.first, Held{base::Bytes(row.second), now + config.relist_hold, {}});
    }
  }
  std::erase_if(held_, [&](const auto& held) { return after.contains(held.first); });
  count_ends();
  return anew;
}

// Of all that was there, held or listed. Who is replaced by another of its service is not missed.
bool RelistHold::misses_most(const Listed& before, const Listed& after) const {
  std::size_t had = 0;
  std::map<std::string_view, std::ptrdiff_t> lost;  // by service
  const auto count = [&](std::string_view key) {
    if (!is_endpoint(key)) return;
    ++had;
    lost[service_of(key)] += after.contains(key) ? 0 : 1;
  };
  for (const auto& [key, held] : held_) count(key);
  for (const auto& [key, value] : before) count(key);
  for (const auto& [key, value] : after)
    if (is_endpoint(key) && !before.contains(key) && !held_.contains(key)) --lost[service_of(key)];
  std::size_t missing = 0;
  for (const auto& [service, n] : lost)
    missing += static_cast<std::size_t>(std::max<std::ptrdiff_t>(n, 0));
  return had >= kHoldEndpoints && missing * 2 > had;
}

const base::Bytes* RelistHold::find(std::string_view key) const {
  const auto at = held_.find(key);
  if (at == held_.end()) return nullptr;
  return at->second.unhealthy.empty() ? &at->second.value : &at->second.unhealthy;
}

std::vector<base::Bytes> RelistHold::expire(base::TimePoint now) {
  std::vector<base::Bytes> gone;
  if (now < first_end_) return gone;
  std::erase_if(held_, [&](const auto& held) {
    const bool over = held.second.until <= now;
    if (over) gone.push_back(held.first);
    return over;
  });
  count_ends();
  return gone;
}

std::vector<base::Bytes> RelistHold::release() { return expire(base::TimePoint::max()); }

std::optional<ProbeRequest> RelistHold::begin(base::TimePoint now, const NodeConfig& config,
                                              std::uint64_t id) {
  if (held_.empty() || now < next_round_) return std::nullopt;
  next_round_ = now + std::max(config.probe_interval, config.probe_timeout);
  ProbeRequest request{id, config.self, {}, config.probe_timeout};
  asked_.clear();
  const auto first = held_.lower_bound("e/"), end = held_.lower_bound("e0");
  auto at = held_.upper_bound(std::max<base::Bytes>(knocked_, "e/"));
  if (at == end) at = first;
  const auto begun = at;
  for (std::size_t n = 0; n < config.held_probes && at != end; ++n) {
    knocked_ = at->first;
    if (const auto door = door_of(at->first, at->second.value)) {
      asked_.emplace_back(at->first, *door);
      if (!contains(request.targets, *door)) request.targets.push_back(*door);
    }
    if (++at == end) at = first;
    if (at == begun) break;
  }
  open_ = id;
  if (request.targets.empty()) return std::nullopt;
  return request;
}

// Of who could not be asked the reply says nothing.
std::vector<base::Bytes> RelistHold::answered(const ProbeReply& reply) {
  std::vector<base::Bytes> changed;
  if (reply.id != open_) return changed;
  for (const auto& [key, door] : std::exchange(asked_, {})) {
    const auto at = held_.find(key);
    if (at == held_.end()) continue;
    auto& held = at->second;
    const bool failing = !held.unhealthy.empty();
    if (contains(failing ? reply.alive : reply.failed, door)) {
      held.unhealthy = failing ? base::Bytes() : as_unhealthy(key, held.value);
      changed.push_back(key);
    }
  }
  return changed;
}

Hold RelistHold::status(base::TimePoint now) const {
  Hold hold;
  for (const auto& [key, held] : held_) {
    ++hold.rows;
    hold.endpoints += is_endpoint(key) ? 1 : 0;
    hold.failing += held.unhealthy.empty() ? 0 : 1;
    hold.left = std::max(hold.left, held.until - now);
  }
  return hold;
}

base::TimePoint RelistHold::deadline() const {
  return held_.empty() ? base::TimePoint::max() : std::min(first_end_, next_round_);
}

void RelistHold::forgive(base::Duration stall) {
  for (auto& [key, held] : held_) held.until += stall;
  count_ends();
}

void RelistHold::count_ends() {
  first_end_ = base::TimePoint::max();
  for (const auto& [key, held] : held_) first_end_ = std::min(first_end_, held.until);
}

}  // namespace discovery
