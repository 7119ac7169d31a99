// Records of a name on their way into the table: plain values, compared to find equal answers.
//
// A record's owner is the pointer to the question (RFC 1035 §4.1.4), so its bytes do not depend on
// the name asked. Thread: values of the builder.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "dns/message.hpp"
#include "dns/name.hpp"
#include "dns/table.hpp"

namespace dns {

struct RecordDraft {
  base::Bytes rr;
  base::Bytes glue{};  // whole address records of the target
  std::uint32_t weight = 1;
  friend bool operator==(const RecordDraft&, const RecordDraft&) = default;
};

struct TierDraft {
  double share = 1;
  std::uint16_t index = 0;
  std::uint16_t quota = 0;
  bool stale = false;
  base::Bytes ede{};  // an option, or ""
  std::vector<RecordDraft> records{};

  friend bool operator==(const TierDraft&, const TierDraft&) = default;
};

struct SetDraft {
  RrSet::Order order = RrSet::Order::one_tier;
  std::vector<TierDraft> tiers{};
  friend bool operator==(const SetDraft&, const SetDraft&) = default;
};

struct BlockDraft {
  SetDraft a{}, aaaa{}, srv{}, txt{};
  std::uint32_t negative_ttl = 0;
  bool fail_open = false;
  bool not_ready = false;
  base::Bytes ede{};
  friend bool operator==(const BlockDraft&, const BlockDraft&) = default;
};

// One block for all callers, or one for each class.
using Names = std::map<Name, std::vector<BlockDraft>>;

// `data` as a record owned by the question's name.
base::Bytes record(Type type, Class class_, std::uint32_t ttl, std::string_view data);
base::Bytes address_record(const base::IpAddress& ip, std::uint32_t ttl);
// One record with one string, cut to 255 bytes.
base::Bytes text_record(std::string_view text, Class class_, std::uint32_t ttl);
// Priority stands at kSrvPriority, so that an answer can change it; the target at kSrvTarget.
base::Bytes srv_record(std::uint32_t ttl, std::uint16_t priority, std::uint16_t weight,
                       std::uint16_t port, const Name& target);
// An extended error as an EDNS option; the text is cut to kMaxErrorText.
base::Bytes error_option(Ede code, std::string_view text);

inline constexpr std::size_t kMaxErrorText = 96;

}  // namespace dns
