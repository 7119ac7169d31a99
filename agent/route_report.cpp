#include "agent/route_report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/address.hpp"
#include "base/ascii.hpp"
#include "forwarder/explain.hpp"
#include "forwarder/http/parser.hpp"

namespace agent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint16_t kDefaultPort = 80;
constexpr std::size_t kMaxPortsShown = 60;  // characters

struct Url {
  std::string host, target;  // host: as clients write it, without the default port
  std::uint16_t port = kDefaultPort;
};

base::Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme))
    return base::invalid("write the whole URL: http://host:port/path");
  text.remove_prefix(kScheme.size());
  text = text.substr(0, text.find('#'));
  const auto slash = text.find_first_of("/?");
  const auto authority = std::string(text.substr(0, slash));
  Url url;
  url.target = slash == text.npos ? "/" : std::string(text.substr(slash));
  if (url.target.front() == '?') url.target.insert(0, 1, '/');
  // The colons of "[::1]" are no port's.
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  const auto parsed =
      base::HostPort::parse(colon == authority.npos ? authority + ":80" : authority);
  if (!parsed) return parsed.error();
  url.port = parsed->port;
  url.host = url.port == kDefaultPort ? authority.substr(0, colon) : authority;
  return url;
}

bool is_host(std::string_view line) {
  constexpr std::string_view kHost = "host:";
  return base::equal_ignoring_case(line.substr(0, kHost.size()), kHost);
}

// The request as its bytes would come in, so that the forwarder's own parser decides what it means.
std::string as_bytes(std::string_view method, const Url& url, std::string_view headers) {
  std::string lines;
  bool has_host = false;
  while (!headers.empty()) {
    const auto end = headers.find('\n');
    auto line = headers.substr(0, end);
    headers = end == headers.npos ? std::string_view() : headers.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    has_host = has_host || is_host(line);
    lines.append(line).append("\r\n");
  }
  return std::string(method) + ' ' + url.target + " HTTP/1.1\r\n" +
         (has_host ? "" : "Host: " + url.host + "\r\n") + lines + "\r\n";
}

std::string describe(const forwarder::Tier& tier, std::size_t place, base::TimePoint now) {
  const auto& member = tier.members[place];
  auto text = member.address.to_string() + (member.stale ? " (stale)" : "");
  if (!tier.warm_up || tier.warm_up->is_over(now)) return text;
  const auto percent = std::lround(100 * tier.warm_up->warmth(place, now));
  return percent < 100 ? text + " (warms up: " + std::to_string(percent) + " % of its weight)"
                       : text;
}

Json report(const forwarder::ExplainedDestination& destination, base::TimePoint now) {
  Json tiers = Json::array();
  if (destination.upstream)
    for (const auto& tier : destination.upstream->tiers) {
      Json members = Json::array();
      for (std::size_t place = 0; place < tier.members.size(); ++place)
        members.push_back(describe(tier, place, now));
      tiers.push_back(
          {{"tier", tier.name}, {"share", tier.share}, {"members", std::move(members)}});
    }
  Json json{{"upstream", destination.name},
            {"weight", destination.share},
            {"drawnBy", destination.drawn_by},
            {"host", destination.host},
            {"tiers", std::move(tiers)}};
  if (!destination.policies.empty()) json["policies"] = destination.policies;
  return json;
}

// As the forwarder's draw has it: what is drawn lives, unless nothing does.
bool leads_to_nothing(const forwarder::Explanation& found) {
  return std::ranges::none_of(found.destinations, [](const auto& destination) {
    return destination.drawn_by > 0 && destination.upstream && !destination.upstream->tiers.empty();
  });
}

std::string outcome(const forwarder::Explanation& found) {
  if (found.virtual_host.empty())
    return std::to_string(found.reply->status) +
           ": no route table and no destination has this host" +
           (found.reply->status == 503 ? " yet: other clusters are not heard" : "");
  if (found.route.empty()) return "404: the host is known, but no route takes the request";
  if (!found.reply && leads_to_nothing(found))
    return "503: no endpoint: the route leads to nothing that lives";
  if (!found.reply) return "forwarded as " + found.target;
  auto text = "answered here: " + std::to_string(found.reply->status);
  if (!found.reply->location.empty()) text += " to " + found.reply->location;
  return text;
}

// "" where some listener has the port; or else why no request gets as far as a route.
std::string no_connection(const forwarder::Table& table, std::uint16_t port) {
  std::set<std::uint16_t> ports;
  for (const auto& listener : table.listeners) ports.insert(listener.port);
  if (ports.contains(port)) return "";
  std::string others;
  for (const auto other : ports) {
    if (others.size() > kMaxPortsShown) {
      others += " …";
      break;
    }
    others += (others.empty() ? ", only on " : ", ") + std::to_string(other);
  }
  return "no connection: the forwarder does not listen on port " + std::to_string(port) + others;
}

}  // namespace

Json report_route(const forwarder::Table& table, const AskedRoute& asked) {
  const auto url = parse_url(asked.url);
  if (!url) return Json{{"error", url.error().message}};
  const auto client = base::IpAddress::parse(asked.from.empty() ? "127.0.0.1" : asked.from);
  if (!client) return Json{{"error", "a caller is an address: " + client.error().message}};
  const auto bytes = as_bytes(asked.method, *url, asked.headers);
  forwarder::http::RequestHead head;
  const auto parsed = forwarder::http::RequestParser().parse(bytes, head);
  if (!parsed.complete())
    return Json{
        {"error", "the forwarder refuses this request: " + std::string(parsed.reject.reason)}};

  Json skipped = Json::array(), destinations = Json::array();
  if (const auto why = no_connection(table, url->port); !why.empty())
    return Json{{"virtualHost", ""}, {"skipped", std::move(skipped)}, {"outcome", why}};
  const auto found = forwarder::explain(table, {url->port, *client, &head});
  for (const auto& verdict : found.verdicts)
    if (!verdict.why_not.empty())
      skipped.push_back(
          {{"route", verdict.route}, {"matcher", verdict.matcher}, {"why", verdict.why_not}});
  for (const auto& destination : found.destinations)
    destinations.push_back(report(destination, asked.now));
  Json json{{"virtualHost", found.virtual_host},
            {"skipped", std::move(skipped)},
            {"outcome", outcome(found)}};
  if (!found.route.empty()) json["route"] = found.route;
  if (!found.policies.empty()) json["policies"] = found.policies;
  if (!destinations.empty()) json["destinations"] = std::move(destinations);
  return json;
}

}  // namespace agent
