#include "agent/route_report.hpp"

#include "base/address.hpp"
#include "forwarder/explain.hpp"
#include "forwarder/http/parser.hpp"

namespace agent {
namespace {

using Json = nlohmann::ordered_json;

struct Url {
  std::string host, target;
  std::uint16_t port = 80;
};

base::Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme))
    return base::invalid("write the whole URL: http://host:port/path");
  text.remove_prefix(kScheme.size());
  const auto slash = text.find_first_of("/?");
  auto authority = std::string(text.substr(0, slash));
  Url url;
  url.target = slash == text.npos ? "/" : std::string(text.substr(slash));
  if (url.target.front() == '?') url.target.insert(0, 1, '/');
  if (authority.find(':') == authority.npos) authority += ":80";
  const auto parsed = base::HostPort::parse(authority);
  if (!parsed) return parsed.error();
  url.host = parsed->host;
  url.port = parsed->port;
  return url;
}

// The request as its bytes would come in, so that the forwarder's own parser decides what it means.
std::string as_bytes(std::string_view method, const Url& url, std::string_view headers) {
  std::string bytes(method);
  bytes +=
      " " + url.target + " HTTP/1.1\r\nHost: " + url.host + ":" + std::to_string(url.port) + "\r\n";
  while (!headers.empty()) {
    const auto end = headers.find('\n');
    auto line = headers.substr(0, end);
    headers = end == headers.npos ? std::string_view() : headers.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) bytes.append(line).append("\r\n");
  }
  return bytes + "\r\n";
}

Json report(const forwarder::WeightedUpstream& destination) {
  Json tiers = Json::array();
  if (destination.upstream)
    for (const auto& tier : destination.upstream->tiers) {
      Json members = Json::array();
      for (const auto& member : tier.members)
        members.push_back(member.address.to_string() + (member.stale ? " (stale)" : ""));
      tiers.push_back(
          {{"tier", tier.name}, {"share", tier.share}, {"members", std::move(members)}});
    }
  return Json{{"upstream", destination.name},
              {"weight", destination.share},
              {"drawnBy", destination.effective},
              {"host", destination.host},
              {"tiers", std::move(tiers)}};
}

std::string outcome(const forwarder::Explanation& found) {
  if (found.virtual_host.empty()) return "404: no route table and no destination has this host";
  if (found.route.empty()) return "404: the host is known, but no route takes the request";
  if (!found.reply) return "forwarded as " + found.target;
  auto text = "answered here: " + std::to_string(found.reply->status);
  if (!found.reply->location.empty()) text += " to " + found.reply->location;
  return text;
}

}  // namespace

Json report_route(const forwarder::Table& table, std::string_view method, std::string_view url_text,
                  std::string_view headers) {
  const auto url = parse_url(url_text);
  if (!url) return Json{{"error", url.error().message}};
  const auto bytes = as_bytes(method, *url, headers);
  forwarder::http::RequestHead head;
  const auto parsed = forwarder::http::RequestParser().parse(bytes, head);
  if (!parsed.complete())
    return Json{
        {"error", "the forwarder refuses this request: " + std::string(parsed.reject.reason)}};

  const auto found = forwarder::explain(table, {url->port, base::IpAddress::v4(0x7f000001), &head});
  Json skipped = Json::array(), destinations = Json::array();
  for (const auto& verdict : found.verdicts)
    if (!verdict.why_not.empty())
      skipped.push_back(
          {{"route", verdict.route}, {"matcher", verdict.matcher}, {"why", verdict.why_not}});
  for (const auto& destination : found.destinations) destinations.push_back(report(destination));
  Json json{{"virtualHost", found.virtual_host},
            {"skipped", std::move(skipped)},
            {"outcome", outcome(found)}};
  if (!found.route.empty()) json["route"] = found.route;
  if (!destinations.empty()) json["destinations"] = std::move(destinations);
  return json;
}

}  // namespace agent
