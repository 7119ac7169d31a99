// Names and order of origins: an origin is one agent of one cluster, and the only writer of its
// rows.
//
// Order is (incarnation, version), both counters: an incarnation is one life of the agent's state,
// a version one change in it. Neither is a clock. An origin never reuses a pair.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace discovery {

struct OriginId {
  std::string cluster;
  std::uint32_t replica = 0;

  std::string to_string() const {
    return replica == 0 ? cluster : cluster + "/" + std::to_string(replica);
  }
  friend auto operator<=>(const OriginId&, const OriginId&) = default;
  friend bool operator==(const OriginId&, const OriginId&) = default;
};

// A cluster's name is a DNS label (RFC 1123), for it stands in names, certificates and rows alike.
constexpr bool is_cluster_name(std::string_view name) {
  constexpr auto inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.empty() || name.size() > 63 || name.front() == '-' || name.back() == '-') return false;
  for (const char c : name)
    if (!inner(c)) return false;
  return true;
}

struct Stamp {
  std::uint64_t incarnation = 0;  // 0 = nothing known
  std::uint64_t version = 0;
  friend auto operator<=>(const Stamp&, const Stamp&) = default;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// One change as its origin wrote it: opaque bytes to everybody but the row codec.
struct Row {
  base::Bytes key;
  std::uint64_t version = 0;  // of the change that wrote it
  base::Bytes value;          // empty when `removed`
  bool removed = false;       // a tombstone
  friend bool operator==(const Row&, const Row&) = default;
};

// A claim above this is no incarnation of anybody's: it would leave no room to rise above it.
inline constexpr std::uint64_t kMaxIncarnation = std::uint64_t{1} << 60;
inline constexpr std::size_t kMaxKeyBytes = 512;
// Key and value together; a larger row is refused at its origin.
inline constexpr std::size_t kMaxRowBytes = 64 * 1024;
inline constexpr std::size_t kMaxRowsPerOrigin = 250'000;
inline constexpr std::size_t kMaxBytesPerOrigin = 128 * 1024 * 1024;  // keys and values
inline constexpr std::size_t kMaxOrigins = 2'000;
inline constexpr std::uint32_t kMaxReplicas = 64;  // of one cluster; ids are slots 0..63

inline bool is_name(const OriginId& origin) {
  return is_cluster_name(origin.cluster) && origin.replica < kMaxReplicas;
}

}  // namespace discovery
