// Records and options as bytes, made ahead of any query.
//
// A record's owner is the pointer to the question (RFC 1035 §4.1.4), so its bytes do not depend on
// the name asked, and the client's case is kept. Thread: pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "dns/message.hpp"

namespace dns {

inline constexpr std::uint16_t kQuestionPointer = 0xc000 | kHeaderSize;

// `data` as a record owned by the question's name.
base::Bytes record(Type type, Class class_, std::uint32_t ttl, std::string_view data);
base::Bytes address_record(const base::IpAddress& ip, std::uint32_t ttl);
// One record with one string, cut to 255 bytes.
base::Bytes text_record(std::string_view text, Class class_, std::uint32_t ttl);

// An extended error as an EDNS option; the text is cut to kMaxErrorText.
inline constexpr std::size_t kMaxErrorText = 96;
base::Bytes error_option(Ede code, std::string_view text);

// The same where the text is known to the compiler: `error_option<Ede::prohibited>("")`.
template <Ede kCode, std::size_t kSize>
constexpr auto error_option(const char (&text)[kSize]) {
  static_assert(kSize <= kMaxErrorText + 1);
  std::array<std::uint8_t, 5 + kSize> option{0, option::kExtendedError,          0, 1 + kSize,
                                             0, static_cast<std::uint8_t>(kCode)};
  for (std::size_t i = 0; i + 1 < kSize; ++i) option[6 + i] = static_cast<std::uint8_t>(text[i]);
  return option;
}

}  // namespace dns
