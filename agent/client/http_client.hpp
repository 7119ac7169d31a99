// One HTTP request by libcurl: what the commands and the demo ask agents with.
//
// libcurl is loaded with the first request: it brings thirty libraries along, of which an agent,
// which mostly asks nobody, would carry 4 MB. Errors: where it is not installed, and when nobody
// answers, the answer says so. Thread: any; blocks for at most kPatience.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"

namespace agent::client {

inline constexpr base::Duration kPatience = std::chrono::seconds(5);
inline constexpr std::size_t kMaxAnswer = 256u << 20;

struct HttpAsk {
  std::string url, method = "GET";
  std::string connect_to;            // "10.0.0.1:80", whatever the URL's host is; "" = that host
  std::vector<std::string> headers;  // "name: value"
  std::string body = {};             // of a POST
};

struct HttpAnswer {
  int status = 0;  // 0 = no answer
  std::string body;
  std::string location;  // of a redirect, absolute
  std::string error;     // why there is no answer
};

HttpAnswer ask(const HttpAsk& ask);

}  // namespace agent::client
