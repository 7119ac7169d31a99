#include "agent/client/admin_client.hpp"

#include <curl/curl.h>

#include <memory>

namespace agent::client {
namespace {

constexpr std::size_t kMaxAnswer = 256u << 20;

std::size_t append(const char* data, std::size_t size, std::size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + size * count > kMaxAnswer) return 0;
  answer.append(data, size * count);
  return size * count;
}

base::Result<Json> perform(const base::SocketAddress& admin, const std::string& path,
                           const char* method) {
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  if (!handle) return base::unavailable("libcurl does not start");
  const std::string url = "http://" + admin.to_string() + path;
  std::string answer;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(base::to_ms(kPatience)));
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer);
  const auto outcome = curl_easy_perform(handle.get());
  if (outcome != CURLE_OK)
    return base::unavailable(
        "no agent answers at " + admin.to_string() + " (" + curl_easy_strerror(outcome) +
        "): is it running? name its admin address with --admin, or its file with -c");
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  auto json = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (status >= 500 || !json.is_object())
    return base::Error{base::Code::internal,
                       "the agent at " + admin.to_string() + " answered " + std::to_string(status) +
                           ": " + answer.substr(0, 200) + ": is this its admin address?"};
  return json;
}

}  // namespace

base::Result<Json> get(const base::SocketAddress& admin, const std::string& path) {
  return perform(admin, path, "GET");
}

base::Result<Json> post(const base::SocketAddress& admin, const std::string& path) {
  return perform(admin, path, "POST");
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
