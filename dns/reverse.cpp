#include "dns/reverse.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "dns/dashed.hpp"

namespace dns {

Name reverse_name(const base::IpAddress& ip) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = ip.is_v4() ? "in-addr.arpa" : "ip6.arpa";
  for (const auto byte : ip.bytes()) {
    if (ip.is_v4()) {
      text = std::to_string(byte) + "." + text;
    } else {
      text = std::string{kHex[byte & 0xf], '.', kHex[byte >> 4], '.'} + text;
    }
  }
  return Name::parse(text).value();
}

Reverse::Reverse(const std::vector<Name>& zones) {
  const auto v4 = Name::parse("in-addr.arpa").value(), v6 = Name::parse("ip6.arpa").value();
  for (const auto& zone : zones)
    for (const auto& all : {v4, v6})
      if (zone.is_within(all) || all.is_within(zone))
        zones_.push_back(zone.is_within(all) ? zone : all);
}

bool Reverse::owns(const Name& name) const {
  return std::ranges::any_of(zones_, [&](const Name& zone) { return name.is_within(zone); });
}

void Reverse::change(const Host* before, const Host* after, const Name& name) {
  if (zones_.empty()) return;
  const auto old = called(before, name), now = called(after, name);
  std::vector<Called> gone, come;
  std::ranges::set_difference(old, now, std::back_inserter(gone));
  std::ranges::set_difference(now, old, std::back_inserter(come));
  for (const auto& [ip, text] : gone) {
    const auto names = names_.find(ip);
    names->second.erase(text);
    if (names->second.empty()) names_.erase(names);
    changed_.insert(ip);
  }
  for (const auto& [ip, text] : come) {
    names_[ip].insert(text);
    changed_.insert(ip);
  }
}

std::map<base::IpAddress, Reverse::Names> Reverse::take_changes() {
  std::map<base::IpAddress, Names> changes;
  for (const auto& ip : std::exchange(changed_, {})) {
    const auto names = names_.find(ip);
    changes.emplace(ip, names == names_.end() ? Names{} : names->second);
  }
  return changes;
}

// Each once, ascending.
std::vector<Reverse::Called> Reverse::called(const Host* host, const Name& name) const {
  std::vector<Called> all;
  if (!host || host->door() != Host::Door::endpoints || name.is_wildcard()) return all;
  const auto add = [&](std::span<const std::uint8_t> address,
                       std::span<const std::uint8_t> labels) {
    const auto ip = base::IpAddress::from_bytes(address).value();
    if (labels.size() + name.wire().size() <= kMaxName && owns(reverse_name(ip)))
      all.emplace_back(
          ip, base::Bytes(base::as_text(labels)) + base::Bytes(base::as_text(name.wire())));
  };
  for (const auto& answer : host->answers()) {
    const auto pods = host->pod_members(answer);
    for (const auto& band : host->bands(answer))
      for (auto member = band.first; member < band.first + band.v4 + band.v6; ++member) {
        const auto address = host->address(band, member);
        if (host->is_called_by_address(answer, member)) add(address, Dashed(address).label());
        for (const auto& pod : pods)
          if (pod.pod != 0 && pod.member == member) add(address, host->pod(pod.pod));
      }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace dns
