#include "agent/config_callers.hpp"

#include <algorithm>

#include "agent/config_values.hpp"
#include "discovery/view/resolution.hpp"

namespace agent {

using discovery::view::CallerNetwork;
using resources::Fields;
using resources::Value;

void read_localities(const Value& value, std::vector<CallerNetwork>& out) {
  if (!value.node().is_map()) return value.expected("a map of networks");
  out.clear();
  std::vector<std::string_view> spelt;  // as each of `out` is written
  std::vector<base::Locality> different;
  for (const auto& member : value.node().children) {
    const Value entry(member, value);
    const auto network = base::Cidr::parse(member.key);
    if (!network)
      entry.error(resources::quoted(member.key) + " is not a network",
                  "write it like 10.2.0.0/16 or fd00:2::/48, no bit set behind the prefix");
    base::Locality locality;
    Fields fields(entry);
    fields.optional("region", locality.region);
    fields.optional("zone", locality.zone);
    if (!network) continue;
    if (locality.empty())
      entry.error("nothing is said of where that is",
                  "write `" + member.key + ": {region: REGION, zone: ZONE}`");
    // A key twice is an error anywhere.
    const auto twice = std::ranges::find(out, *network, &CallerNetwork::network) - out.begin();
    if (twice < std::ssize(out) && spelt[static_cast<std::size_t>(twice)] != member.key)
      entry.error("network " + network->to_string() + " twice", "name each network once");
    out.push_back({*network, locality});
    spelt.push_back(member.key);
    if (std::ranges::find(different, locality) == different.end()) different.push_back(locality);
  }
  // One class is the agent's own.
  constexpr auto kMost = discovery::view::kMaxCallerClasses - 1;
  if (different.size() > kMost)
    value.error(std::to_string(different.size()) + " localities, at most " + std::to_string(kMost),
                "let agents of their own answer for some of them");
}

void read_trusted_forwarders(const Value& value, std::vector<base::Cidr>& out) {
  resources::read(value, out, kNetwork);
  if (!value.node().is_list() || out.size() != value.node().children.size()) return;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (out[i].prefix_length == 0)
      Value(value.node().children[i], value)
          .error("every client could say that it is another",
                 "name the servers that ask for others: 10.0.0.53/32");
}

}  // namespace agent
