#include "agent/http_routes.hpp"

namespace agent {
namespace {

bool fits(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/*")) return pattern == path;
  const auto below = pattern.substr(0, pattern.size() - 1);
  return path.size() > below.size() && path.starts_with(below);
}

}  // namespace

HttpReply HttpRoutes::respond(const HttpRequest& request) const {
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  std::string allowed;
  for (const Route& route : routes_) {
    if (!fits(route.pattern, request.path)) continue;
    if (route.method == method) return route.respond(request);
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (allowed.empty()) return refusal(404, "no such path");
  auto reply = refusal(405, "this path takes " + allowed);
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

}  // namespace agent
