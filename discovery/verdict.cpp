#include "discovery/verdict.hpp"

#include <string>

#include "base/digest.hpp"

namespace discovery {
namespace {

std::string name_text(char kind, const OriginId& origin) {
  std::string text(1, kind);
  base::append(text, origin.cluster.size());
  text += origin.cluster;
  base::append(text, origin.replica);
  return text;
}

}  // namespace

std::uint64_t digest_of(const OriginId& origin, Stamp held) {
  auto text = name_text('h', origin);
  base::append(text, held.incarnation);
  base::append(text, held.version);
  return base::digest({text}).high;
}

std::uint64_t digest_of(const Verdict& verdict) {
  auto text = name_text('v', verdict.origin);
  base::append(text, static_cast<std::uint64_t>(verdict.state));
  base::append(text, verdict.life);
  base::append(text, verdict.left ? 1 : 0);
  base::append(text, verdict.taken ? 1 : 0);
  for (const auto& address : verdict.failed) {
    for (const auto byte : address.ip.bytes()) text += static_cast<char>(byte);
    base::append(text, address.port);
  }
  return base::digest({text}).high;
}

std::size_t frame_bytes(const Verdict& verdict) {
  constexpr std::size_t kOverhead = 48, kAddress = 20;  // tags, lengths and numbers, rounded up
  return verdict.origin.cluster.size() + kOverhead + verdict.failed.size() * kAddress;
}

}  // namespace discovery
