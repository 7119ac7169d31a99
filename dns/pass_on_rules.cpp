#include "dns/pass_on_rules.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace dns {
namespace {

constexpr std::uint32_t kSpecialTtl = 10800;  // RFC 6303 §3

constexpr std::array kEmptyZones{
    "invalid",
    "onion",
    "10.in-addr.arpa",
    "168.192.in-addr.arpa",
    "0.in-addr.arpa",
    "127.in-addr.arpa",
    "254.169.in-addr.arpa",
    "2.0.192.in-addr.arpa",
    "100.51.198.in-addr.arpa",
    "113.0.203.in-addr.arpa",
    "255.255.255.255.in-addr.arpa",
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
    "c.f.ip6.arpa",
    "d.f.ip6.arpa",
    "8.e.f.ip6.arpa",
    "9.e.f.ip6.arpa",
    "a.e.f.ip6.arpa",
    "b.e.f.ip6.arpa",
    "8.b.d.0.1.0.0.2.ip6.arpa",
};

SpecialZone special_zone(const std::string& apex) {
  SpecialZone special{.apex = Name::parse(apex).value()};
  special.zone = make_zone({.name = special.apex,
                            .name_server = special.apex,
                            .hostmaster = hostmaster_name("nobody", special.apex).value(),
                            .ttl = kSpecialTtl,
                            .negative_ttl = kSpecialTtl});
  return special;
}

bool asks_for_addresses(std::uint16_t type) {
  return type == static_cast<std::uint16_t>(Type::a) ||
         type == static_cast<std::uint16_t>(Type::aaaa) ||
         type == static_cast<std::uint16_t>(Type::https);
}

}  // namespace

std::shared_ptr<const PassOnRules> PassOnRules::make(const ZoneConfig& config) {
  if (config.pass_on.empty()) return nullptr;
  std::shared_ptr<PassOnRules> rules(new PassOnRules);
  for (const auto& rule : config.pass_on)
    if (const auto zone = Name::parse(rule.zone); zone.ok() && !rule.to.empty())
      rules->rules_.push_back(std::make_shared<const Upstreams>(
          Upstreams{*zone,
                    {rule.to.begin(), rule.to.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                            rule.to.size(), Upstreams::kMost))}}));
  std::ranges::stable_sort(rules->rules_, std::greater<>(),
                           [](const auto& rule) { return rule->zone.wire().size(); });
  rules->clients_ = config.clients;
  rules->special_.push_back(special_zone("localhost"));
  rules->special_.back().loopback = true;
  for (const auto* apex : kEmptyZones) rules->special_.push_back(special_zone(apex));
  for (int second = 16; second < 32; ++second)
    rules->special_.push_back(special_zone(std::to_string(second) + ".172.in-addr.arpa"));
  return rules;
}

bool PassOnRules::allows(const base::IpAddress& client) const {
  return std::ranges::any_of(clients_,
                             [&](const auto& network) { return network.contains(client); });
}

Way PassOnRules::find(const Name& name, std::uint16_t type) const {
  const auto rule =
      std::ranges::find_if(rules_, [&](const auto& r) { return name.is_within(r->zone); });
  const auto special =
      std::ranges::find_if(special_, [&](const auto& s) { return name.is_within(s.apex); });
  const std::size_t known = rule == rules_.end() ? 0 : (*rule)->zone.wire().size();
  if (special != special_.end() && known < special->apex.wire().size())
    return {.special = &*special};
  if (known == 0) return {};
  const bool bare = name.is_root() || name.parent().is_root();
  if (bare && known == 1 && asks_for_addresses(type)) return {.bare_label = true};
  return {.upstreams = &*rule};
}

}  // namespace dns
