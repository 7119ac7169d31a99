#include "discovery/import_rule.hpp"

#include <algorithm>

namespace discovery {

bool ImportRule::admits(const base::IpAddress& ip) const {
  if (ip.is_unspecified() || ip.is_multicast() || ip.is_link_local()) return false;
  if (ip.is_loopback() && remote_loopback == Loopback::refused) return false;
  return std::find(own_addresses.begin(), own_addresses.end(), ip) == own_addresses.end();
}

}  // namespace discovery
