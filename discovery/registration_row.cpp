#include "discovery/registration_row.hpp"

#include <algorithm>

#include "discovery/fields.hpp"
#include "discovery/row_fields.hpp"

namespace discovery {
namespace {

// Numbers are never reused.
namespace field_id {
enum : std::uint32_t { text = 1, lease = 2, counter = 3, chance = 4 };
}

constexpr std::uint64_t kLongestMs = 24 * 3'600'000;  // a lease

}  // namespace

EncodedRow encode_registration(const RegistrationRow& row) {
  FieldWriter out;
  out.text(field_id::text, row.text);
  out.number(field_id::lease, static_cast<std::uint64_t>(base::to_ms(row.lease)));
  out.number(field_id::counter, row.order.counter);
  out.number(field_id::chance, row.order.chance);
  return {base::Bytes(std::string(kRegistrationKeys) + row.id), std::move(out).take()};
}

std::optional<RegistrationRow> decode_registration(std::string_view key, std::string_view value) {
  if (!key.starts_with(kRegistrationKeys)) return std::nullopt;
  RegistrationRow row;
  row.id = key.substr(kRegistrationKeys.size());
  FieldReader in(value);
  bool good = !row.id.empty() && row.id.size() <= kMaxRegistrationIdBytes;
  while (const auto field = in.next()) switch (field->id) {
      case field_id::text:
        row.text = field->bytes;
        break;
      case field_id::lease:
        row.lease = std::chrono::milliseconds(std::min(field->number, kLongestMs));
        break;
      case field_id::counter:
        row.order.counter = field->number;
        break;
      case field_id::chance:
        good &= read_number(*field, row.order.chance);
        break;
      default:
        break;
    }
  good &= in.ok() && row.order.counter > 0 && row.order.counter <= kMaxOrderCounter;
  return good ? std::optional(std::move(row)) : std::nullopt;
}

}  // namespace discovery
