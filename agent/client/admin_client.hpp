// Asks a running agent over its admin endpoint.
//
// Errors: unavailable when nobody answers (the message says where and what to do), invalid when the
// agent refuses. Thread: any; blocks for at most kPatience (http_client.hpp).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace agent::client {

using Json = nlohmann::ordered_json;

// GET `path` ("/api/v1/status"); a JSON object, whatever the answer's status, unless that is 5xx.
base::Result<Json> get(const base::SocketAddress& admin, const std::string& path);
base::Result<Json> post(const base::SocketAddress& admin, const std::string& path,
                        const std::string& body = "");

// "name=ratings%20x"
std::string query_parameter(std::string_view name, std::string_view value);

}  // namespace agent::client
