#include "dns/host_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dns/dashed.hpp"
#include "dns/record.hpp"

namespace dns {
namespace {

constexpr std::uint32_t kMaxSrvWeight = 0xffff;
constexpr std::span<const std::uint8_t> kItself{};  // a target without labels

void put_head(std::span<std::uint8_t> record, std::uint16_t owner, Type type, std::uint32_t ttl,
              std::size_t data_size) {
  put_u16(record, 0, owner);
  put_u16(record, 2, static_cast<std::uint16_t>(type));
  put_u16(record, 4, static_cast<std::uint16_t>(Class::in));
  put_u32(record, kRecordTtl, ttl);
  put_u16(record, kRecordLength, static_cast<std::uint16_t>(data_size));
}

Type type_of(std::span<const std::uint8_t> address) {
  return address.size() == 4 ? Type::a : Type::aaaa;
}

}  // namespace

bool HostWriter::add_drawn(Range set, Type type) {
  const auto tiers = host_.tiers(set);
  if (tiers.empty()) return false;
  const Tier& tier = tiers[draw_tier(tiers, random_)];
  count(tier.index, tier.stale, answer_.fail_open);
  const auto member = [&](std::size_t i) { return tier.members.first + i; };
  const auto drawn = draw(tier, member);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto n = member(drawn[i]);
    if (!add_address(type == Type::a ? host_.v4(n) : host_.v6(n), Section::answer,
                     kQuestionPointer))
      break;
  }
  return true;
}

bool HostWriter::add_endpoint(const base::IpAddress& ip, Type type) {
  OptionNumber stale = 0;
  bool any = false;
  for (const auto& band : host_.bands(answer_))
    if (const auto member = host_.find(band, ip);
        member != Host::kNone && host_.is_called_by_address(answer_, member)) {
      any = true;
      stale = std::max(stale, host_.stale(member));
    }
  if (!any || type_of(ip.bytes()) != type) return false;
  count(0, stale, false);
  add_address(ip.bytes(), Section::answer, kQuestionPointer);
  return true;
}

bool HostWriter::add_pod(std::uint32_t pod, Type type) {
  const auto all = host_.pod_members(answer_);
  const auto members = std::ranges::equal_range(all, pod, {}, &PodMember::pod);
  OptionNumber stale = 0;
  for (const auto& [_, member] : members) stale = std::max(stale, host_.stale(member));
  const auto bands = host_.bands(answer_);
  const auto band_of = [&](std::uint32_t member) {
    std::size_t i = 0;
    while (i + 1 < bands.size() && member >= bands[i + 1].first) ++i;
    return i;
  };
  // An address that is in two tiers is one record.
  const auto repeats = [&](std::size_t band, std::span<const std::uint8_t> address) {
    const auto ip = *base::IpAddress::from_bytes(address);
    return std::ranges::any_of(bands.first(band), [&](const Band& earlier) {
      return std::ranges::binary_search(members, host_.find(earlier, ip), {}, &PodMember::member);
    });
  };
  bool any = false;
  for (const auto& [_, member] : members) {
    const auto band = band_of(member);
    const auto address = host_.address(bands[band], member);
    if (type_of(address) != type || repeats(band, address)) continue;
    if (!any) count(0, stale, false);
    any = true;
    add_address(address, Section::answer, kQuestionPointer);
  }
  return any;
}

bool HostWriter::add_pointers() {
  for (const auto& target : host_.labels()) {
    const auto name = host_.name(target.text);
    const auto place = reply_.claim(Section::answer, kRecordData + name.size());
    if (place == 0) break;
    const auto record = reply_.at(place);
    put_head(record, kQuestionPointer, Type::ptr, answer_.ttl, name.size());
    std::ranges::copy(name, record.begin() + kRecordData);
  }
  return true;
}

// An SRV record's target in the reply. Not initialized: 64 of them are made for each query.
struct HostWriter::Named {
  const std::uint8_t* bytes;  // of its address; none where it is the host itself
  std::uint32_t pod;
  std::uint16_t place;  // of the record
  std::uint8_t size;
  std::uint32_t end;  // the address's last bytes, compared first

  std::span<const std::uint8_t> address() const { return {bytes, size}; }
  bool same_name(const Named& other) const {
    if (pod != other.pod || end != other.end || size != other.size) return false;
    return pod != 0 || size <= sizeof end || std::memcmp(bytes, other.bytes, size) == 0;
  }
};

bool HostWriter::add_service(std::span<const Tier> tiers, std::span<const std::uint8_t> host) {
  if (tiers.empty()) return false;
  const auto first = draw_tier(tiers, random_);
  count(tiers[first].index, tiers[first].stale, answer_.fail_open);
  const bool endpoints = host_.door() == Host::Door::endpoints;
  std::array<Named, Draw::kMaxShuffled + 1> named;  // the last is for those without addresses
  std::size_t size = 0;
  for (std::size_t n = 0; n < tiers.size(); ++n) {
    const Tier& tier = tiers[first + n < tiers.size() ? first + n : first + n - tiers.size()];
    const bool passed_over = first + n >= tiers.size();
    const auto priority = tier.index + (passed_over ? tiers.back().index + 1u : 0u);
    const Band& band = host_.bands(answer_)[tier.index];
    const auto drawn = draw(tier, [&](std::size_t i) { return target(tier, i).member; });
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const auto next = target(tier, drawn[i]);
      const auto address = endpoints ? host_.address(band, next.member) : kItself;
      Named& target = named[size];
      target = {address.data(), next.pod, 0, static_cast<std::uint8_t>(address.size()), 0};
      if (next.pod == 0 && endpoints)
        std::memcpy(&target.end, &address[address.size() - sizeof target.end], sizeof target.end);
      const Srv srv{static_cast<std::uint16_t>(priority), srv_weight(tier, next.member),
                    static_cast<std::uint16_t>(next.port)};
      target.place = add_target(target, srv, host);
      if (target.place == 0) return true;  // truncated: the client comes back over TCP
      if (size < Draw::kMaxShuffled) ++size;
    }
  }
  for (std::size_t i = 0; i < size; ++i) {
    const auto earlier = std::span(named).first(i);
    if (std::ranges::none_of(earlier, [&](const auto& n) { return n.same_name(named[i]); }))
      add_glue(named[i]);
  }
  return true;
}

template <class MemberOf>
Draw HostWriter::draw(const Tier& tier, const MemberOf& member_of) {
  return Draw(
      tier.members.count, tier.quota, tier.alike ? 0 : tier.heaviest,
      [&](std::size_t i) { return host_.weight(member_of(i)); }, random_);
}

Target HostWriter::target(const Tier& tier, std::size_t i) const {
  if (tier.port == 0) return host_.targets(tier.members)[i];
  return {0, tier.port, tier.members.first + static_cast<std::uint32_t>(i)};
}

// Brought into 16 bits where the heaviest does not fit.
std::uint16_t HostWriter::srv_weight(const Tier& tier, std::uint32_t member) const {
  if (host_.door() != Host::Door::endpoints) return 1;
  const auto weight = host_.weight(member);
  if (tier.heaviest <= kMaxSrvWeight) return static_cast<std::uint16_t>(weight);
  const auto scaled = std::uint64_t{weight} * kMaxSrvWeight / tier.heaviest;
  return static_cast<std::uint16_t>(std::max<std::uint64_t>(1, scaled));
}

std::uint16_t HostWriter::add_target(const Named& target, const Srv& srv,
                                     std::span<const std::uint8_t> host) {
  if (target.pod != 0) return add_srv(host_.pod(target.pod), srv, host);
  if (target.size == 0) return add_srv({}, srv, host);
  const Dashed dashed(target.address());
  return add_srv(dashed.label(), srv, host);
}

std::uint16_t HostWriter::add_srv(std::span<const std::uint8_t> labels, const Srv& srv,
                                  std::span<const std::uint8_t> host) {
  const auto data_size = kSrvTarget - kRecordData + labels.size() + host.size();
  const auto place = reply_.claim(Section::answer, kRecordData + data_size);
  if (place == 0) return 0;
  const auto record = reply_.at(place);
  put_head(record, kQuestionPointer, Type::srv, answer_.ttl, data_size);
  put_u16(record, kSrvPriority, srv.priority);
  put_u16(record, kSrvPriority + 2, srv.weight);
  put_u16(record, kSrvPriority + 4, srv.port);
  if (!labels.empty()) std::memcpy(&record[kSrvTarget], labels.data(), labels.size());
  std::memcpy(&record[kSrvTarget + labels.size()], host.data(), host.size());
  return static_cast<std::uint16_t>(place);
}

// A target's addresses. The host itself has the forwarder's.
void HostWriter::add_glue(const Named& target) {
  if (target.place + kSrvTarget > kMaxPointer) return;
  const auto owner = static_cast<std::uint16_t>(0xc000 | (target.place + kSrvTarget));
  if (target.size > 0) {
    add_address(target.address(), Section::additional, owner);
    return;
  }
  for (const auto& band : host_.bands(answer_))
    for (auto member = band.first; member < band.first + band.v4 + band.v6; ++member)
      add_address(host_.address(band, member), Section::additional, owner);
}

// False when it does not fit.
bool HostWriter::add_address(std::span<const std::uint8_t> address, Section section,
                             std::uint16_t owner) {
  const auto place = reply_.claim(section, kRecordData + address.size());
  if (place == 0) return false;
  const auto record = reply_.at(place);
  put_head(record, owner, type_of(address), answer_.ttl, address.size());
  if (address.size() == 4)
    std::memcpy(&record[kRecordData], address.data(), 4);
  else
    std::memcpy(&record[kRecordData], address.data(), sizeof(V6));
  return true;
}

void HostWriter::count(std::uint16_t tier, OptionNumber stale, bool fail_open) {
  counters_.answered_from_tier[std::min<std::size_t>(tier, Counters::kTiers - 1)].add();
  if (fail_open) counters_.fail_open.add();
  if (!stale) return;
  counters_.stale.add();
  if (!fail_open) reply_.explain(host_.option(stale));
}

}  // namespace dns
