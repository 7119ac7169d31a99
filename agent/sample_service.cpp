#include "agent/sample_service.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "forwarder/http/field.hpp"

namespace agent {
namespace {

namespace http = forwarder::http;

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || stop != end || error != std::errc{}) return {};
  return value;
}

HttpReply echo(const HttpRequest& request) {
  const auto* const type = http::find_header(request.headers, "content-type");
  return {200, std::string(request.body),
          type != nullptr ? std::string(type->value) : "application/octet-stream"};
}

}  // namespace

HttpReply SampleService::respond(const HttpRequest& request) {
  constexpr std::string_view kStatus = "/status/";
  ++requests_;
  if (request.path == "/echo") return echo(request);
  auto reply = describe(request);
  if (request.path == "/slow") {
    const auto delay = number(query_parameter(request.query, "ms").value_or(""));
    if (!delay) return refusal(400, "say /slow?ms=NUMBER");
    reply.after = std::min<base::Duration>(std::chrono::milliseconds(*delay), kMaxDelay);
  } else if (request.path.starts_with(kStatus)) {
    const auto status = number(request.path.substr(kStatus.size())).value_or(0);
    if (status < 200 || status > 599) return refusal(400, "say /status/200 to /status/599");
    reply.status = static_cast<std::uint16_t>(status);
  }
  return reply;
}

HttpReply SampleService::describe(const HttpRequest& request) const {
  nlohmann::ordered_json headers = {{"host", request.host}};
  for (const auto& header : request.headers) {
    const auto name = base::lower(header.name);
    if (name.starts_with("x-")) headers[name] = header.value;
  }
  const nlohmann::ordered_json body = {
      {"service", identity_.service}, {"version", identity_.version},
      {"cluster", identity_.cluster}, {"requests", requests_},
      {"method", request.method},     {"path", request.path},
      {"query", request.query},       {"headers", headers}};
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return {200, body.dump(-1, ' ', false, kReplace) + "\n"};
}

}  // namespace agent
