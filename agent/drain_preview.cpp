#include "agent/drain_preview.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "resources/suggest.hpp"

namespace agent {
namespace {

using namespace discovery;
using view::DrainTarget;
using Kind = DrainTarget::Kind;

base::Result<DrainTarget> find_service(std::string_view cluster, std::string_view name,
                                       const view::View& view) {
  const auto slash = name.find('/');
  const auto namespace_ = slash == name.npos ? std::string_view() : name.substr(0, slash);
  const auto service = slash == name.npos ? name : name.substr(slash + 1);
  std::set<std::string> found, all;
  for (const auto& one : view.services) {
    if (one->cluster != cluster) continue;
    const auto full = one->namespace_ + "/" + one->name;
    all.insert(full);
    if (one->name == service && (namespace_.empty() || one->namespace_ == namespace_))
      found.insert(full);
  }
  const std::vector<std::string_view> known(all.begin(), all.end());
  if (found.empty()) {
    const auto hint = resources::did_you_mean(name, known);
    return base::Error{base::Code::not_found, std::string(cluster) + " has no service \"" +
                                                  std::string(name) + "\"" +
                                                  (hint.empty() ? "" : "; " + hint)};
  }
  if (found.size() > 1)
    return base::invalid(
        "\"" + std::string(name) + "\" may be " +
        resources::joined(std::vector<std::string_view>(found.begin(), found.end())) +
        ": name its namespace");
  DrainTarget target;
  target.kind = Kind::service;
  const auto at = found.begin()->find('/');
  target.namespace_ = found.begin()->substr(0, at);
  target.name = found.begin()->substr(at + 1);
  return target;
}

base::Result<DrainTarget> find_endpoint(std::string_view cluster, std::string_view name,
                                        const view::View& view) {
  DrainTarget target;
  target.kind = Kind::endpoint;
  if (const auto ip = base::IpAddress::parse(name)) {
    target.ip = *ip;
  } else if (const auto address = base::SocketAddress::parse(name)) {
    target.ip = address->ip;
    target.port = address->port;
  } else {
    return base::invalid("\"" + std::string(name) +
                         "\" is no address: 10.0.0.1, 10.0.0.1:8080 or [fd00::1]:8080");
  }
  const bool known = std::ranges::any_of(view.services, [&](const auto& service) {
    return service->cluster == cluster &&
           std::ranges::any_of(service->endpoints,
                               [&](const auto& endpoint) { return target.is_of(endpoint); });
  });
  if (!known)
    return base::Error{base::Code::not_found,
                       std::string(cluster) + " has no endpoint at " + std::string(name)};
  return target;
}

std::size_t touched_endpoints(const view::Service& service, const DrainTarget& target) {
  if (target.is_of(service)) return service.endpoints.size();
  return static_cast<std::size_t>(std::ranges::count_if(
      service.endpoints, [&](const auto& endpoint) { return target.is_of(endpoint); }));
}

std::string picture(const view::Selection& selection) {
  std::string text = selection.fail_open ? "nothing healthy" : "";
  if (selection.fail_open) return text;
  for (const auto& tier : selection.tiers) {
    const auto share = std::lround(tier.share * 100);
    if (share == 0) continue;
    std::map<std::string_view, std::size_t> members;
    for (const auto& choice : tier.endpoints) ++members[choice.endpoint().traits->cluster];
    text += (text.empty() ? "" : ", ") + tier.name + " " + std::to_string(share) + "%";
    const char* before = " (";
    for (const auto& [cluster, count] : members)
      text += std::exchange(before, ", ") + std::string(cluster) + " " + std::to_string(count);
    text += ")";
  }
  return text;
}

// Of our own cluster first, then of others.
std::vector<view::Caller> callers_of(const view::View& view) {
  std::vector<view::Caller> callers{{view.cluster, view.locality, view.networks}};
  for (const auto& [name, cluster] : view.clusters)
    if (name != view.cluster && callers.size() < DrainPreview::kMostClusters)
      callers.push_back({name, cluster.locality, {}});
  return callers;
}

}  // namespace

base::Result<DrainTarget> drain_target(std::string_view cluster, std::string_view kind,
                                       std::string_view name, const view::View& view) {
  if (name.empty()) return base::invalid("name what to drain");
  if (kind == "service") return find_service(cluster, name, view);
  if (kind == "endpoint") return find_endpoint(cluster, name, view);
  if (kind != "cluster")
    return base::invalid("\"" + std::string(kind) +
                         "\" cannot be drained: cluster, service or endpoint");
  if (name != cluster)
    return base::invalid("this is an agent of " + std::string(cluster) + ": ask one of " +
                         std::string(name));
  return DrainTarget{};
}

DrainPreview preview(const view::Resolution& resolution, const DrainTarget& target,
                     const std::vector<Draining::Status>& under_way) {
  const auto& now = *resolution.view;
  auto then = now;
  for (auto& [cluster, drains] : then.drains)
    for (auto& drain : drains) drain.left = 0;
  auto& own = then.drains[now.cluster];
  for (const auto& one : under_way) {
    std::erase_if(own, [&](const view::Drain& drain) { return drain.target == one.target; });
    if (one.goal == 0) own.push_back({one.target, 0});
  }
  merge(own, {{target, 0}});
  const auto callers = callers_of(now);
  DrainPreview preview;
  std::set<const view::Service*> touched;
  for (const auto& destination : now.destinations) {
    bool is_touched = false;
    for (const auto& service : destination->services) {
      if (service->cluster != now.cluster) continue;
      const auto count = touched_endpoints(*service, target);
      is_touched |= count > 0;
      if (touched.insert(service.get()).second) preview.endpoints += count;
    }
    if (!is_touched) continue;
    ++preview.destinations;
    for (const auto& caller : callers) {
      const bool ours = &caller == &callers.front();
      const bool full = preview.moves.size() == DrainPreview::kMostMoves;
      if (full && !ours) break;
      const auto before = select(*destination, now, caller),
                 after = select(*destination, then, caller);
      if (ours && after.fail_open && !before.fail_open)
        preview.without.push_back(destination->host);
      auto was = picture(before), is = picture(after);
      if (was == is) continue;
      if (full)
        ++preview.more_moves;
      else
        preview.moves.push_back({destination->host, caller.cluster, std::move(was), std::move(is)});
    }
  }
  return preview;
}

Json report(const DrainPreview& preview) {
  Json moves = Json::array();
  for (const auto& move : preview.moves)
    moves.push_back({{"host", move.host},
                     {"callersIn", move.callers_in},
                     {"now", move.now},
                     {"then", move.then}});
  return Json{{"destinations", preview.destinations},
              {"endpoints", preview.endpoints},
              {"moves", std::move(moves)},
              {"moreMoves", preview.more_moves},
              {"nothingHealthyFor", preview.without}};
}

}  // namespace agent
