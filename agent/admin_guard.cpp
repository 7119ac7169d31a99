#include "agent/admin_guard.hpp"

#include "base/address.hpp"
#include "base/ascii.hpp"

namespace agent {
namespace {

// The port does not matter: an operator may come through a tunnel (ssh -L).
std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return end == authority.npos ? std::string_view() : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool is_this_host(std::string_view authority) {
  auto host = without_port(authority);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (base::equal_ignoring_case(host, "localhost")) return true;
  const auto ip = base::IpAddress::parse(host);
  return ip && ip->is_loopback();
}

}  // namespace

std::optional<HttpReply> refuse_foreign(const HttpRequest& request) {
  for (const auto& header : request.headers) {
    if (base::equal_ignoring_case(header.name, "origin") ||
        (base::equal_ignoring_case(header.name, "sec-fetch-site") &&
         !base::equal_ignoring_case(header.value, "none")))
      return refusal(403, "a web page asks: the admin listener answers programs on this host");
  }
  if (!is_this_host(request.host))
    return refusal(403, "asked under a name that is not this host's: use its loopback address");
  return std::nullopt;
}

}  // namespace agent
