// What a home tells its leaves, as bytes.
#include <span>
#include <vector>

#include "base/address.hpp"
#include "discovery/rpc/wire_parts.hpp"

namespace discovery::rpc {
namespace {

static_assert(static_cast<int>(Verdict::State::fresh) == pb::Verdict::FRESH);
static_assert(static_cast<int>(Verdict::State::suspect) == pb::Verdict::SUSPECT);
static_assert(static_cast<int>(Verdict::State::stale) == pb::Verdict::STALE);
static_assert(static_cast<int>(Verdict::State::demoted) == pb::Verdict::DEMOTED);
static_assert(static_cast<int>(Verdict::State::dead) == pb::Verdict::DEAD);
static_assert(static_cast<int>(Verdict::State::returning) == pb::Verdict::RETURNING);
static_assert(static_cast<int>(Verdict::State::forgotten) == pb::Verdict::FORGOTTEN);

std::string to_wire(const base::SocketAddress& address) {
  std::string bytes(address.ip.bytes().begin(), address.ip.bytes().end());
  bytes += static_cast<char>(address.port >> 8);
  bytes += static_cast<char>(address.port & 0xff);
  return bytes;
}

}  // namespace

void put(const Verdicts& verdicts, pb::Frame& frame) {
  auto& to = *frame.mutable_verdicts();
  for (const auto& verdict : verdicts.verdicts) {
    auto& one = *to.add_verdicts();
    put(verdict.origin, *one.mutable_origin());
    one.set_state(static_cast<pb::Verdict::State>(verdict.state));
    one.set_life(verdict.life);
    one.set_left(verdict.left);
    if (verdict.age) one.set_age_ms(to_wire_ms(*verdict.age));
    one.set_spare(!verdict.taken);
    for (const auto& address : verdict.failed) one.add_failed(to_wire(address));
  }
  to.set_heard_ms(to_wire_ms(verdicts.heard));
  to.set_digest(verdicts.digest);
  to.set_synced(verdicts.synced);
}

namespace {

base::SocketAddress read_address(const std::string& bytes, std::string_view field, Reader& reader) {
  base::SocketAddress address;
  if (!reader.need(bytes.size() == 6 || bytes.size() == 18, field, ": neither 6 nor 18 bytes"))
    return address;
  const std::vector<std::uint8_t> octets(bytes.begin(), bytes.end());
  const auto ip = std::span(octets).first(octets.size() - 2);
  address.ip = *base::IpAddress::from_bytes(ip);
  address.port = static_cast<std::uint16_t>(octets[ip.size()] << 8 | octets[ip.size() + 1]);
  return address;
}

Verdict read(const pb::Verdict& from, const std::string& field, Reader& reader) {
  Verdict verdict;
  verdict.origin = reader.origin(from.has_origin(), from.origin(), field + ".origin");
  // A state of the future could mean "drop".
  if (reader.need(pb::Verdict::State_IsValid(from.state()), field,
                  ".state: ", std::to_string(static_cast<int>(from.state())), " is unknown"))
    verdict.state = static_cast<Verdict::State>(from.state());
  verdict.life = from.life();
  verdict.left = from.left();
  verdict.taken = !from.spare();
  if (from.has_age_ms()) verdict.age = std::chrono::milliseconds(from.age_ms());
  const auto failed = static_cast<std::size_t>(from.failed_size());
  if (!reader.need(failed <= kMaxFailedTold, field, ".failed: ", std::to_string(failed),
                   " addresses, at most ", std::to_string(kMaxFailedTold)))
    return verdict;
  for (const auto& bytes : from.failed())
    verdict.failed.push_back(read_address(bytes, field + ".failed", reader));
  return verdict;
}

}  // namespace

Frame read(const pb::Verdicts& from, Reader& reader) {
  Verdicts verdicts;
  const auto count = static_cast<std::size_t>(from.verdicts_size());
  if (!reader.need(count <= kMaxVerdicts, "verdicts: ", std::to_string(count), " of them, at most ",
                   std::to_string(kMaxVerdicts)))
    return verdicts;
  for (const auto& one : from.verdicts()) {
    if (reader.error()) break;
    const auto field = "verdicts[" + std::to_string(verdicts.verdicts.size()) + "]";
    verdicts.verdicts.push_back(read(one, field, reader));
  }
  verdicts.heard = std::chrono::milliseconds(from.heard_ms());
  verdicts.digest = from.digest();
  verdicts.synced = from.synced();
  return verdicts;
}

}  // namespace discovery::rpc
