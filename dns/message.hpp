// The numbers of the DNS message format (RFC 1035 §4, RFC 6891 §6) that the codec and the responder
// speak of.
//
// Offsets and sizes are in bytes; flags are in host order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dns {

inline constexpr std::size_t kHeaderSize = 12;
inline constexpr std::size_t kMaxLabel = 63;
inline constexpr std::size_t kMaxName = 255;       // wire form, root byte included
inline constexpr std::size_t kMaxMessage = 65535;  // what TCP's length prefix can say
inline constexpr std::size_t kPlainUdpSize = 512;  // a client that sends no OPT
inline constexpr std::size_t kUdpPayload =
    1232;                                    // what we send and accept at most over UDP (RFC 9715)
inline constexpr std::size_t kOptSize = 11;  // an OPT record without options
inline constexpr std::uint16_t kMaxPointer = 0x3fff;  // what a compression pointer reaches

// In a record whose owner is a pointer: owner, type, class, TTL, length, data.
inline constexpr std::size_t kRecordTtl = 6;
inline constexpr std::size_t kRecordLength = 10;
inline constexpr std::size_t kRecordData = 12;
inline constexpr std::size_t kSrvPriority = kRecordData;  // priority, weight, port, target
inline constexpr std::size_t kSrvTarget = kRecordData + 6;

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  soa = 6,
  ptr = 12,
  hinfo = 13,
  txt = 16,
  aaaa = 28,
  srv = 33,
  opt = 41,
  svcb = 64,
  https = 65,
  first_meta = 128,  // 128 to 254 ask for something else than data (RFC 6895 §3.1)
  ixfr = 251,
  axfr = 252,
  last_meta = 254,
  any = 255,
};

enum class Class : std::uint16_t { in = 1, chaos = 3, any = 255 };

enum class Rcode : std::uint8_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  badvers = 16,  // its upper bits travel in the OPT record
};

// Extended DNS errors (RFC 8914 §4): why, for people.
enum class Ede : std::uint16_t {
  other = 0,
  stale_answer = 3,
  not_ready = 14,
  prohibited = 18,
  not_authoritative = 20,
  not_supported = 21,
  no_reachable_authority = 22,
  network_error = 23,
};

namespace option {
inline constexpr std::uint16_t kNsid = 3;            // RFC 5001
inline constexpr std::uint16_t kClientSubnet = 8;    // RFC 7871
inline constexpr std::uint16_t kCookie = 10;         // RFC 7873
inline constexpr std::uint16_t kExtendedError = 15;  // RFC 8914
}  // namespace option

namespace flag {
inline constexpr std::uint16_t kResponse = 0x8000;
inline constexpr std::uint16_t kOpcode = 0x7800;
inline constexpr std::uint16_t kAuthoritative = 0x0400;
inline constexpr std::uint16_t kTruncated = 0x0200;
inline constexpr std::uint16_t kRecursionDesired = 0x0100;
inline constexpr std::uint16_t kRecursionAvailable = 0x0080;
inline constexpr std::uint16_t kCheckingDisabled = 0x0010;
inline constexpr std::uint16_t kDnssecOk = 0x8000;  // in the OPT record
}  // namespace flag

inline std::uint16_t u16_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline void put_u16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline void put_u32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  put_u16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  put_u16(bytes, at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace dns
