#include "discovery/drain_row.hpp"

#include <algorithm>

#include "discovery/fields.hpp"
#include "discovery/row_fields.hpp"

namespace discovery {
namespace {

// Numbers are never reused.
namespace row_field {
enum : std::uint32_t { drain = 1, taken_back = 2 };
}
namespace drain_field {
enum : std::uint32_t {
  kind = 1,
  namespace_ = 2,
  name = 3,
  ip = 4,
  port = 5,
  left = 6,
  counter = 7,
  chance = 8,
  back = 9,
  rest = 10,  // milliseconds
};
}

using Kind = view::DrainTarget::Kind;

constexpr std::uint64_t kLongestMs = 24 * 3'600'000;  // a ramp (draining.hpp)

base::Bytes encode_drain(const DrainState& drain) {
  const auto& target = drain.target;
  FieldWriter out;
  out.number(drain_field::kind, static_cast<std::uint64_t>(target.kind));
  if (target.kind == Kind::service) {
    out.text(drain_field::namespace_, target.namespace_);
    out.text(drain_field::name, target.name);
  }
  if (target.kind == Kind::endpoint) {
    out.text(drain_field::ip, base::as_text(target.ip.bytes()));
    out.number(drain_field::port, target.port);
  }
  out.number(drain_field::left, drain.left);
  out.number(drain_field::counter, drain.order.counter);
  out.number(drain_field::chance, drain.order.chance);
  out.number(drain_field::back, drain.back);
  out.number(drain_field::rest, static_cast<std::uint64_t>(base::to_ms(drain.rest)));
  return std::move(out).take();
}

bool read_ip(std::string_view bytes, base::IpAddress& ip) {
  const auto read = base::IpAddress::from_bytes(base::as_span(bytes));
  if (read) ip = *read;
  return read.ok();
}

// A target of a kind that a later version knows is not ours to heed: its number is the only fault
// that is none.
bool read_drain(std::string_view bytes, DrainRow& row) {
  FieldReader in(bytes);
  DrainState drain;
  bool good = true, has_ip = false;
  std::uint64_t kind = 0;
  while (const auto field = in.next()) switch (field->id) {
      case drain_field::kind:
        kind = field->number;
        break;
      case drain_field::namespace_:
        drain.target.namespace_ = field->bytes;
        break;
      case drain_field::name:
        drain.target.name = field->bytes;
        break;
      case drain_field::ip:
        good &= has_ip = read_ip(field->bytes, drain.target.ip);
        break;
      case drain_field::port:
        good &= read_number(*field, drain.target.port);
        break;
      case drain_field::left:
        good &= read_number(*field, drain.left);
        break;
      case drain_field::counter:
        drain.order.counter = field->number;
        break;
      case drain_field::chance:
        good &= read_number(*field, drain.order.chance);
        break;
      case drain_field::back:
        drain.back = field->number != 0;
        break;
      case drain_field::rest:
        drain.rest = std::chrono::milliseconds(std::min<std::uint64_t>(field->number, kLongestMs));
        break;
      default:
        break;
    }
  if (!good || !in.ok()) return false;
  if (kind > static_cast<std::uint64_t>(Kind::endpoint)) return true;
  drain.target.kind = static_cast<Kind>(kind);
  row.drains.push_back(std::move(drain));
  return has_ip == (row.drains.back().target.kind == Kind::endpoint);
}

}  // namespace

EncodedRow encode_row(const DrainRow& row) {
  FieldWriter out;
  for (const auto& drain : row.drains)
    out.entry(drain.left < view::kAllLeft ? row_field::drain : row_field::taken_back,
              encode_drain(drain));
  return {base::Bytes(kDrainKey), std::move(out).take()};
}

bool decode_drains(std::string_view value, DrainRow& row) {
  FieldReader in(value);
  bool good = true;
  while (const auto field = in.next())
    if (field->id == row_field::drain || field->id == row_field::taken_back)
      good &= read_drain(field->bytes, row);
  return good && in.ok();
}

}  // namespace discovery
