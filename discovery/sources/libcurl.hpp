// libcurl, loaded when it is first asked for: an agent that speaks to no API server carries none.
//
// Thread: any.
#pragma once

#include <curl/curl.h>

namespace discovery::sources {

inline constexpr const char* kLibCurl = "libcurl.so.4";

struct LibCurl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) init = nullptr;
  decltype(&::curl_easy_setopt) set = nullptr;
  decltype(&::curl_easy_perform) perform = nullptr;
  decltype(&::curl_easy_getinfo) get = nullptr;
  decltype(&::curl_easy_strerror) text = nullptr;
  decltype(&::curl_easy_cleanup) cleanup = nullptr;
  decltype(&::curl_slist_append) append = nullptr;
  decltype(&::curl_slist_free_all) free_all = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_add_handle) multi_add = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_wakeup) multi_wakeup = nullptr;
  decltype(&::curl_multi_info_read) multi_info = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
};

// Null where there is none; it stays until the process ends.
const LibCurl* libcurl();

}  // namespace discovery::sources
