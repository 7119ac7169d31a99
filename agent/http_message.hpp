// A request to one of the agent's own endpoints, whole, and its reply.
//
// Thread: values. Ownership: a request's views live while it is being answered.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "forwarder/http/message.hpp"

namespace agent {

struct HttpRequest {
  std::string_view method;
  std::string_view path;   // without the query, as on the wire
  std::string_view query;  // without the '?'
  std::string_view host;   // with its port
  std::span<const forwarder::http::Header> headers;
  std::string_view body;
  base::SocketAddress peer;
};

struct HttpReply {
  std::uint16_t status = 200;
  std::string body;
  std::string content_type = "application/json";  // left out where empty
  std::vector<std::pair<std::string, std::string>> headers = {};
  base::Duration after = {};  // waited before it is sent; other connections go on
};

using Respond = std::function<HttpReply(const HttpRequest&)>;

// What came in may not be UTF-8; what goes out is, with U+FFFD where it was not. Never throws.
std::string to_text(const nlohmann::ordered_json& json, int indent = -1);

HttpReply json_reply(const nlohmann::ordered_json& body, std::uint16_t status = 200);
// {"error": why}
HttpReply refusal(std::uint16_t status, std::string_view why);

// The first `name=value` of the query, percent-decoded; nullopt where there is none or it is
// malformed.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace agent
