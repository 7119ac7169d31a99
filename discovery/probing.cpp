#include "discovery/probing.hpp"

#include <map>
#include <utility>

#include "discovery/row.hpp"

namespace discovery {

void Probing::learn_targets(const OriginState& state) {
  if (learnt_ == state.stamp()) return;
  learnt_ = state.stamp();
  std::map<std::pair<std::string, std::string>, std::vector<base::SocketAddress>> services;
  std::set<base::SocketAddress> known;
  state.rows().for_each([&](const RowView& row) {
    if (!row.key.starts_with("e/")) return;
    const auto value = decode(row.key, row.value);
    if (!value.ok()) return;
    const auto* endpoint = std::get_if<EndpointRow>(&*value);
    if (!endpoint || endpoint->endpoint.ports.empty()) return;
    const base::SocketAddress address{endpoint->endpoint.ip,
                                      endpoint->endpoint.ports.front().number};
    known.insert(address);
    if (endpoint->endpoint.health == view::Health::healthy)
      services[{endpoint->namespace_, endpoint->service}].push_back(address);
  });
  services_.clear();
  for (auto& [name, addresses] : services) services_.push_back(std::move(addresses));
  std::erase_if(failed_, [&](const auto& address) { return !known.contains(address); });
}

base::TimePoint Probing::deadline(const NodeConfig& config, Ageing::State age) const {
  if (!begun_) return base::TimePoint::min();
  return *begun_ + config.probe_interval * (age == Ageing::State::dead ? kDeadProbeFactor : 1);
}

Probing::Round Probing::begin(base::TimePoint now, const NodeConfig& config, const OriginId& origin,
                              const OriginState* state, Ageing::State age, std::uint64_t id,
                              std::size_t most, base::Random& random) {
  if (now < deadline(config, age)) return {};
  begun_ = now;
  if (open_ != 0 && now < open_until_) return {};
  if (!state) return {};  // only heard of: there is nothing yet to judge by
  learn_targets(*state);
  if (services_.empty()) return {true, std::nullopt};

  ProbeRequest request{id, origin, {}, config.probe_timeout};
  std::vector<std::size_t> order(services_.size());
  for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
  random.shuffle(order);
  std::set<base::SocketAddress> chosen;
  // One of each service, then another of each, until there are enough or no more.
  for (std::size_t n = 0; n < 2 * most && chosen.size() < most; ++n) {
    const auto& addresses = services_[order[n % order.size()]];
    const auto& address = addresses[random.below(addresses.size())];
    if (chosen.insert(address).second) request.targets.push_back(address);
  }
  open_ = id;
  open_until_ = now + config.probe_timeout + kProbeSlack;
  return {false, std::move(request)};
}

std::optional<Ageing::Probes> Probing::answered(const ProbeReply& reply) {
  if (reply.id == 0 || reply.id != open_) return std::nullopt;
  open_ = 0;
  if (reply.alive.empty() && reply.failed.empty()) return std::nullopt;  // nobody could be asked
  for (const auto& address : reply.alive) failed_.erase(address);
  if (!reply.alive.empty()) failed_.insert(reply.failed.begin(), reply.failed.end());
  return reply.alive.empty() ? Ageing::Probes::unanswered : Ageing::Probes::answered;
}

void Probing::stop() {
  open_ = 0;
  begun_.reset();
  failed_.clear();
}

}  // namespace discovery
