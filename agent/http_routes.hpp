// Which function answers which path and method of the agent's own endpoints.
//
// A path that is known under other methods gets 405 with Allow, any other 404; HEAD is answered as
// GET. A pattern is a path, or ends in "/*" and stands for everything below. The first that fits
// wins. Thread: built once, then immutable.
#pragma once

#include <string>
#include <vector>

#include "agent/http_message.hpp"

namespace agent {

class HttpRoutes {
 public:
  void get(std::string pattern, Respond respond) {
    add("GET", std::move(pattern), std::move(respond));
  }
  void post(std::string pattern, Respond respond) {
    add("POST", std::move(pattern), std::move(respond));
  }

  HttpReply respond(const HttpRequest& request) const;

 private:
  struct Route {
    std::string method, pattern;
    Respond respond;
  };
  void add(std::string method, std::string pattern, Respond respond) {
    routes_.push_back({std::move(method), std::move(pattern), std::move(respond)});
  }
  std::vector<Route> routes_;
};

}  // namespace agent
