#include "forwarder/hosts.hpp"

#include "base/ascii.hpp"
#include "forwarder/matcher.hpp"

namespace forwarder {

std::string normal_host(std::string_view authority) {
  // The colons of "[::1]" are no port's.
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon))
    authority = authority.substr(0, colon);
  if (authority.ends_with('.')) authority.remove_suffix(1);
  return base::lower(authority);
}

void HostIndex::add(std::string_view pattern, std::uint32_t value) {
  if (!pattern.starts_with('*')) {
    exact_.emplace(pattern, value);
    return;
  }
  pattern.remove_prefix(1);
  suffixes_.add(std::string(pattern.rbegin(), pattern.rend()), value);
}

std::optional<std::uint32_t> HostIndex::find(std::string_view host) const {
  if (const auto found = exact_.find(host); found != exact_.end()) return found->second;
  const std::string reversed(host.rbegin(), host.rend());
  const auto* node = suffixes_.longest(reversed);
  // A wildcard is never the empty string; "*" alone serves requests without a host, too.
  while (node && node->key.size() == host.size() && !node->key.empty())
    node = suffixes_.shorter(*node);
  if (!node) return std::nullopt;
  return node->values.front();
}

}  // namespace forwarder
