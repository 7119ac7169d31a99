#include "discovery/probing.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/network.hpp"
#include "discovery/endpoint_reader.hpp"

namespace discovery {
void Probing::learn_targets(const OriginState& state, const std::vector<std::string>& networks) {
  if (learnt_ == state.stamp() && networks_ == networks) return;
  learnt_ = state.stamp();
  networks_ = networks;
  EndpointReader reader;
  // By namespace and name, which lie in the rows.
  std::map<std::pair<std::string_view, std::string_view>, std::vector<base::SocketAddress>>
      services;
  std::set<base::SocketAddress> failed;  // of those that have, which are still there
  state.rows().for_each([&](const RowView& row) {
    const auto read = reader.read(row);
    if (!read || read->endpoint.traits->ports.empty()) return;
    const auto& endpoint = read->endpoint;
    if (!base::is_reachable(endpoint.traits->network, networks)) return;
    const base::SocketAddress address{endpoint.ip, endpoint.traits->ports.front().number};
    if (failures_.contains(address)) failed.insert(address);
    if (endpoint.health == view::Health::healthy)
      services[{read->namespace_, read->service}].push_back(address);
  });
  services_.clear();
  for (auto& [name, addresses] : services) services_.push_back(std::move(addresses));
  std::erase_if(failures_, [&](const auto& of) { return !failed.contains(of.first); });
}

base::TimePoint Probing::deadline(const NodeConfig& config, base::Duration rhythm) const {
  if (!begun_) return base::TimePoint::min();
  const bool undecided = std::any_of(failures_.begin(), failures_.end(),
                                     [](const auto& of) { return !of.second.counts; });
  return *begun_ + (undecided ? std::min(rhythm, config.probe_interval) : rhythm);
}

Probing::Round Probing::begin(base::TimePoint now, const NodeConfig& config, const OriginId& origin,
                              const OriginState* state, base::Duration rhythm, std::uint64_t id,
                              std::size_t most, base::Random& random) {
  if (now < deadline(config, rhythm)) return {};
  // Out of step with beacons: at some phases of theirs nothing can be judged.
  const auto quarter = static_cast<std::uint64_t>(config.probe_interval.count() / 4);
  begun_ = now - base::Duration(static_cast<std::int64_t>(random.below(quarter)));
  if (open_ != 0 && now < open_until_) return {};
  if (!state) return {};  // only heard of: there is nothing yet to judge by
  learn_targets(*state, config.networks);
  if (services_.empty()) return {true, std::nullopt};

  ProbeRequest request{id, origin, {}, config.probe_timeout};
  std::vector<std::size_t> order(services_.size());
  for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
  random.shuffle(order);
  std::set<base::SocketAddress> chosen;
  // At most half of them are asked again whether they have failed. One of each service, then
  // another of each, until there are enough or no more.
  for (const auto& [address, failure] : failures_)
    if (chosen.size() < most / 2 && chosen.insert(address).second)
      request.targets.push_back(address);
  for (std::size_t n = 0; n < 2 * most && chosen.size() < most; ++n) {
    const auto& addresses = services_[order[n % order.size()]];
    const auto& address = addresses[random.below(addresses.size())];
    if (chosen.insert(address).second) request.targets.push_back(address);
  }
  open_ = id;
  open_until_ = now + config.probe_timeout + kProbeSlack;
  return {false, std::move(request)};
}

std::optional<Ageing::Probes> Probing::answered(const ProbeReply& reply, unsigned rounds) {
  if (reply.id == 0 || reply.id != open_) return std::nullopt;
  open_ = 0;
  if (reply.alive.empty() && reply.failed.empty()) return std::nullopt;  // nobody could be asked
  if (reply.alive.empty()) {
    std::erase_if(failures_, [](const auto& of) { return !of.second.counts; });
    return Ageing::Probes::unanswered;
  }
  for (const auto& address : reply.alive) failures_.erase(address);
  for (const auto& address : reply.failed) {
    auto& failure = failures_[address];
    failure.counts |= ++failure.rounds >= rounds;
  }
  return Ageing::Probes::answered;
}

std::vector<base::SocketAddress> Probing::failed() const {
  std::vector<base::SocketAddress> failed;
  for (const auto& [address, failure] : failures_)
    if (failure.counts) failed.push_back(address);
  return failed;
}

bool Probing::stop() {
  const bool any = !failed().empty();
  open_ = 0;
  begun_.reset();
  failures_.clear();
  return any;
}

}  // namespace discovery
