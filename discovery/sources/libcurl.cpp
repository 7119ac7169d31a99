#include "discovery/sources/libcurl.hpp"

#include <dlfcn.h>

#include <memory>

namespace discovery::sources {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool load(LibCurl& curl) {
  void* library = dlopen(kLibCurl, RTLD_NOW | RTLD_LOCAL);
  return library && find(library, "curl_global_init", curl.global_init) &&
         find(library, "curl_easy_init", curl.init) &&
         find(library, "curl_easy_setopt", curl.set) &&
         find(library, "curl_easy_perform", curl.perform) &&
         find(library, "curl_easy_getinfo", curl.get) &&
         find(library, "curl_easy_strerror", curl.text) &&
         find(library, "curl_easy_cleanup", curl.cleanup) &&
         find(library, "curl_slist_append", curl.append) &&
         find(library, "curl_slist_free_all", curl.free_all) &&
         find(library, "curl_multi_init", curl.multi_init) &&
         find(library, "curl_multi_add_handle", curl.multi_add) &&
         find(library, "curl_multi_remove_handle", curl.multi_remove) &&
         find(library, "curl_multi_perform", curl.multi_perform) &&
         find(library, "curl_multi_poll", curl.multi_poll) &&
         find(library, "curl_multi_wakeup", curl.multi_wakeup) &&
         find(library, "curl_multi_info_read", curl.multi_info) &&
         find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
         curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

}  // namespace

const LibCurl* libcurl() {
  static const auto library = [] {
    auto found = std::make_unique<LibCurl>();
    return load(*found) ? std::move(found) : nullptr;
  }();
  return library.get();
}

}  // namespace discovery::sources
