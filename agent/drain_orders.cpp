#include "agent/drain_orders.hpp"

#include <algorithm>

#include "agent/drain_preview.hpp"
#include "resources/duration.hpp"
#include "resources/suggest.hpp"

namespace agent {
namespace {

using namespace discovery;

constexpr const char* kDefaultOver = "60s";

std::string asked(const HttpRequest& request, const char* name) {
  return query_parameter(request.query, name).value_or("");
}

HttpReply refused(const base::Error& error) {
  return refusal(error.code == base::Code::not_found ? 404 : 400, error.message);
}

base::Result<base::Duration> over_in(const HttpRequest& request, const char* otherwise) {
  const auto text = asked(request, "over");
  const auto over = resources::parse_duration(text.empty() ? otherwise : text);
  if (!over) return over.error();
  if (*over < base::Duration::zero() || *over > Draining::kLongest)
    return base::invalid("over is from 0s to " + base::to_string(Draining::kLongest) + ", not " +
                         text);
  return over;
}

double part(std::uint16_t thousandths) { return static_cast<double>(thousandths) / view::kAllLeft; }

// "": it may be asked to.
std::string refusal_of(const char* what, const Config& config, const Membership& membership) {
  if (config.is_leaf())
    return std::string("a leaf has no endpoints to ") + what + ": ask an agent of the cluster";
  if (!membership.synced)
    return "this agent has just started and may not know yet what is drained: ask again when it "
           "is ready";
  return "";
}

// What is drained may have gone since.
base::Result<view::DrainTarget> drained(const std::string& kind, const std::string& name,
                                        const Config& config, const view::View& view,
                                        const std::vector<Draining::Status>& all) {
  if (kind != "cluster") {
    std::vector<view::DrainTarget> found;
    for (const auto& one : all) {
      const auto text = one.target.to_string();
      if (text == kind + " " + name) return one.target;
      if (kind == "service" && text.ends_with("/" + name)) found.push_back(one.target);
    }
    if (found.size() == 1) return found.front();
    if (found.size() > 1)
      return base::invalid("\"" + name + "\" may be " + found[0].to_string() + " or " +
                           found[1].to_string() + ": name its namespace");
  }
  auto target = drain_target(config.cluster, kind, name, view);
  if (!target || std::ranges::count(all, *target, &Draining::Status::target) > 0) return target;
  const auto* drains = view.find_drains(config.cluster);
  if (drains && std::ranges::count(*drains, *target, &view::Drain::target) > 0)
    return base::invalid("another agent of " + config.cluster + " drains " + target->to_string() +
                         ": ask that one");
  std::vector<std::string> texts;
  for (const auto& one : all) texts.push_back(one.target.to_string());
  return base::Error{
      base::Code::not_found,
      target->to_string() + " is not drained" +
          (texts.empty() ? ""
                         : "; what is: " + resources::joined(std::vector<std::string_view>(
                                               texts.begin(), texts.end())))};
}

// A drain outlasts what it was for, and would be heeded for what comes to its address next.
bool is_there(const view::View& view, const std::string& cluster, const view::DrainTarget& target) {
  return std::ranges::any_of(view.services, [&](const auto& service) {
    if (service->cluster != cluster) return false;
    if (target.kind != view::DrainTarget::Kind::endpoint) return target.is_of(*service);
    return std::ranges::any_of(service->endpoints,
                               [&](const auto& endpoint) { return target.is_of(endpoint); });
  });
}

}  // namespace

HttpReply order_drain(const HttpRequest& request, const Config& config,
                      const Membership& membership, const view::Resolution& resolution,
                      Drainer& drainer) {
  if (const auto why = refusal_of("drain", config, membership); !why.empty())
    return refusal(config.is_leaf() ? 400 : 503, why);
  const auto over = over_in(request, kDefaultOver);
  if (!over) return refused(over.error());
  const auto target = drain_target(config.cluster, asked(request, "kind"), asked(request, "name"),
                                   *resolution.view);
  if (!target) return refused(target.error());
  const auto would = preview(resolution, *target, drainer.status());
  Json answer{{"drain", target->to_string()},
              {"overMs", base::to_ms(*over)},
              {"kept", !config.state_dir.empty() || membership.hears_sibling()},
              {"preview", report(would)}};
  const bool forced = asked(request, "force") == "true";
  if (!would.without.empty() && !forced)
    answer["refused"] = std::to_string(would.without.size()) +
                        (would.without.size() == 1 ? " destination" : " destinations") +
                        " would have nothing healthy left, " + would.without.front() +
                        " for one; force it if that is meant";
  if (asked(request, "dryRun") == "true") return json_reply(answer, 200);
  if (answer.contains("refused")) {
    answer["error"] = answer["refused"];
    return json_reply(answer, 409);
  }
  if (const auto done = drainer.drain(*target, *over); !done)
    return refusal(409, done.error().message);
  return json_reply(answer, 202);
}

HttpReply order_undrain(const HttpRequest& request, const Config& config,
                        const Membership& membership, const view::View& view, Drainer& drainer) {
  if (const auto why = refusal_of("undrain", config, membership); !why.empty())
    return refusal(config.is_leaf() ? 400 : 503, why);
  const auto over = over_in(request, "0s");
  if (!over) return refused(over.error());
  const auto target =
      drained(asked(request, "kind"), asked(request, "name"), config, view, drainer.status());
  if (!target) return refused(target.error());
  drainer.undrain(*target, *over);
  return json_reply({{"undrain", target->to_string()}, {"overMs", base::to_ms(*over)}}, 202);
}

Json report_drains(const view::View& view, const Drainer& drainer) {
  Json all = Json::array();
  const auto own = drainer.status();
  for (const auto& [cluster, drains] : view.drains)
    for (const auto& drain : drains) {
      Json one{
          {"cluster", cluster}, {"target", drain.target.to_string()}, {"left", part(drain.left)}};
      if (!is_there(view, cluster, drain.target)) one["gone"] = true;
      const auto here = std::ranges::find(own, drain.target, &Draining::Status::target);
      if (cluster == view.cluster && here != own.end()) {
        one["goal"] = part(here->goal);
        one["restMs"] = base::to_ms(here->rest);
      }
      all.push_back(std::move(one));
    }
  return all;
}

void add(Metrics& metrics, const view::View& view) {
  std::size_t count = 0;
  for (const auto& [cluster, drains] : view.drains) count += drains.size();
  metrics.gauge("nearmost_drains", "drains that are heeded here, of all clusters",
                static_cast<double>(count));
}

}  // namespace agent
