// What an agent keeps on disk, as bytes: the state of each other origin, and which life of its own
// it has reached, what it drains, and who registered with it.
//
// A record is
//     "nearmost" | u16 format | u16 kind | u64 length of the body | XXH3-128 of the body | body
// with integers as base::ByteWriter writes them. The body of an origin: cluster, replica,
// incarnation, version, state hash, whether it left, and its live rows to the end; that of the
// agent itself: cluster, incarnation, replica; of drains: a DrainRow's value, then for each of its
// drains, but for those taken back, the milliseconds of its ramp and whether nothing is left; of
// registrations: how many, then the text and the milliseconds of the lease of each. Another
// meaning of these bytes is another format.
//
// Invariant: what is decoded is what was encoded, within the limits that a peer's snapshot is held
// to and proven by its state hash, or an error that says what is wrong with the bytes. Limit:
// kMaxSavedBytes a record. Thread: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "discovery/draining.hpp"
#include "discovery/message.hpp"
#include "discovery/publication.hpp"

namespace discovery {

inline constexpr std::uint16_t kSavedFormat = 1;
// Keys, values, and what stands beside them.
inline constexpr std::size_t kMaxSavedBytes =
    kMaxBytesPerOrigin + kMaxRowsPerOrigin * kRowFrameBytes + 4'096;

struct SavedOrigin {
  OriginId id;
  Stamp stamp;
  Rows rows;
  bool left = false;
};

// What an agent begins with.
struct SavedState {
  std::vector<SavedOrigin> origins;
  bool whole = true;  // false: some of it could not be read, so what is not here may well exist
};

struct SavedSelf {
  std::string cluster;
  std::uint64_t incarnation = 0;  // none above it was ever used
  std::uint32_t replica = 0;      // the number that it had last
  friend bool operator==(const SavedSelf&, const SavedSelf&) = default;
};

// A registration's text, and how long its lease is.
struct SavedRegistration {
  std::string text;
  base::Duration lease{};
  friend bool operator==(const SavedRegistration&, const SavedRegistration&) = default;
};
inline constexpr std::size_t kMaxRegistrations = 4096;

base::Bytes encode(const OriginPublication& origin);
base::Bytes encode(const SavedSelf& self);
base::Bytes encode(const std::vector<DrainOrder>& orders);
base::Bytes encode(const std::vector<SavedRegistration>& registrations);
base::Result<SavedOrigin> decode_origin(std::string_view bytes);
base::Result<SavedSelf> decode_self(std::string_view bytes);
base::Result<std::vector<DrainOrder>> decode_drains(std::string_view bytes);
base::Result<std::vector<SavedRegistration>> decode_registrations(std::string_view bytes);

}  // namespace discovery
