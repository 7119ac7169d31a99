#include "agent/client/admin_client.hpp"

#include "agent/client/http_client.hpp"

namespace agent::client {
namespace {

base::Result<Json> perform(const base::SocketAddress& admin, const std::string& path,
                           const char* method, const std::string& body = "") {
  const auto answer = ask({"http://" + admin.to_string() + path, method, {}, {}, body});
  if (answer.status == 0)
    return base::unavailable(
        "no agent answers at " + admin.to_string() + " (" + answer.error +
        "): is it running? name its admin address with --admin, or its file with -c");
  auto json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (answer.status >= 500 || !json.is_object())
    return base::Error{base::Code::internal, "the agent at " + admin.to_string() + " answered " +
                                                 std::to_string(answer.status) + ": " +
                                                 answer.body.substr(0, 200) +
                                                 ": is this its admin address?"};
  return json;
}

}  // namespace

base::Result<Json> get(const base::SocketAddress& admin, const std::string& path) {
  return perform(admin, path, "GET");
}

base::Result<Json> post(const base::SocketAddress& admin, const std::string& path,
                        const std::string& body) {
  return perform(admin, path, "POST", body);
}

std::string query_parameter(std::string_view name, std::string_view value) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text(name);
  text += '=';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      text += c;
    } else {
      text += '%';
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
  }
  return text;
}

}  // namespace agent::client
