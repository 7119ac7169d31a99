#include "agent/client/http_client.hpp"

#include <curl/curl.h>
#include <dlfcn.h>

#include <memory>

namespace agent::client {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";

struct Library {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) init = nullptr;
  decltype(&::curl_easy_setopt) set = nullptr;
  decltype(&::curl_easy_perform) perform = nullptr;
  decltype(&::curl_easy_getinfo) get = nullptr;
  decltype(&::curl_easy_strerror) text = nullptr;
  decltype(&::curl_easy_cleanup) cleanup = nullptr;
  decltype(&::curl_slist_append) append = nullptr;
  decltype(&::curl_slist_free_all) free_all = nullptr;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool load(Library& curl) {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  return library && find(library, "curl_global_init", curl.global_init) &&
         find(library, "curl_easy_init", curl.init) &&
         find(library, "curl_easy_setopt", curl.set) &&
         find(library, "curl_easy_perform", curl.perform) &&
         find(library, "curl_easy_getinfo", curl.get) &&
         find(library, "curl_easy_strerror", curl.text) &&
         find(library, "curl_easy_cleanup", curl.cleanup) &&
         find(library, "curl_slist_append", curl.append) &&
         find(library, "curl_slist_free_all", curl.free_all) &&
         curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

// Null where there is none; it stays until the process ends.
const Library* loaded() {
  static const auto library = [] {
    auto found = std::make_unique<Library>();
    return load(*found) ? std::move(found) : nullptr;
  }();
  return library.get();
}

std::size_t append(const char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > kMaxAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

}  // namespace

HttpAnswer ask(const HttpAsk& ask) {
  HttpAnswer answer;
  const auto* curl = loaded();
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(
      curl ? curl->init() : nullptr, curl ? curl->cleanup : [](CURL*) {});
  if (!handle) {
    answer.error = std::string(kLibrary) + " cannot be loaded: is libcurl installed?";
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
