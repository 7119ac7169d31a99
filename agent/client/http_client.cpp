#include "agent/client/http_client.hpp"

#include <memory>

#include "discovery/sources/libcurl.hpp"

namespace agent::client {
namespace {

std::size_t append(const char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > kMaxAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

}  // namespace

HttpAnswer ask(const HttpAsk& ask) {
  HttpAnswer answer;
  const auto* curl = discovery::sources::libcurl();
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(
      curl ? curl->init() : nullptr, curl ? curl->cleanup : [](CURL*) {});
  if (!handle) {
    answer.error =
        std::string(discovery::sources::kLibCurl) + " cannot be loaded: is libcurl installed?";
    return answer;
  }
  using List = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;
  List headers(nullptr, curl->free_all), to(nullptr, curl->free_all);
  for (const auto& header : ask.headers)
    headers.reset(curl->append(headers.release(), header.c_str()));
  if (!ask.connect_to.empty()) to.reset(curl->append(nullptr, ("::" + ask.connect_to).c_str()));
  const auto set = [&](CURLoption option, auto value) { curl->set(handle.get(), option, value); };
  set(CURLOPT_URL, ask.url.c_str());
  set(CURLOPT_CUSTOMREQUEST, ask.method.c_str());
  if (!ask.body.empty()) {
    set(CURLOPT_POSTFIELDS, ask.body.c_str());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(ask.body.size()));
  }
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_CONNECT_TO, to.get());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(base::to_ms(kPatience)));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_WRITEFUNCTION, &append);
  set(CURLOPT_WRITEDATA, &answer.body);
  const auto outcome = curl->perform(handle.get());
  long status = 0;
  const char* location = nullptr;
  curl->get(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  curl->get(handle.get(), CURLINFO_REDIRECT_URL, &location);
  if (outcome == CURLE_OK)
    answer.status = static_cast<int>(status);
  else
    answer.error = curl->text(outcome);
  if (location) answer.location = location;
  return answer;
}

}  // namespace agent::client
