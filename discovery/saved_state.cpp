#include "discovery/saved_state.hpp"

#include <algorithm>

#include "discovery/catalog.hpp"
#include "discovery/row.hpp"

namespace discovery {
namespace {

constexpr std::string_view kMagic = "nearmost";
enum class Kind : std::uint16_t { origin = 1, self = 2, drains = 3, registrations = 4 };

void put(base::ByteWriter& out, const base::Hash128& hash) {
  out.u64(hash.high);
  out.u64(hash.low);
}

base::Hash128 take_hash(base::ByteReader& in) {
  base::Hash128 hash;
  hash.high = in.u64();
  hash.low = in.u64();
  return hash;
}

base::Bytes seal(Kind kind, const base::Bytes& body) {
  base::ByteWriter out;
  out.put(base::as_span(kMagic));
  out.u16(kSavedFormat);
  out.u16(static_cast<std::uint16_t>(kind));
  out.u64(body.size());
  put(out, base::hash128(base::as_span(body)));
  out.put(base::as_span(body));
  return std::move(out).take();
}

// The body of a record that is whole.
base::Result<std::string_view> unseal(Kind kind, std::string_view bytes) {
  base::ByteReader in(bytes);
  const auto magic = base::as_text(in.take(std::min(kMagic.size(), bytes.size())));
  if (magic != kMagic.substr(0, magic.size())) return base::invalid("is no state of an agent");
  const auto format = in.u16();
  if (in.ok() && format != kSavedFormat)
    return base::invalid("is of format " + std::to_string(format) + ", this agent reads format " +
                         std::to_string(kSavedFormat));
  const auto found = in.u16();
  const auto length = in.u64();
  const auto sum = take_hash(in);
  if (!in.ok()) return base::invalid("ends before its header does");
  if (found != static_cast<std::uint16_t>(kind))
    return base::invalid("holds another kind of state");
  if (length != in.remaining())
    return base::invalid("has " + std::to_string(in.remaining()) + " of " + std::to_string(length) +
                         " bytes");
  const auto body = in.take(in.remaining());
  if (base::hash128(body) != sum) return base::invalid("does not match its checksum");
  return base::as_text(body);
}

// Nothing that is kept lasts longer than a day.
base::Duration read_ms(base::ByteReader& in) {
  constexpr std::uint64_t kDay = 24 * 3'600'000;
  return std::chrono::milliseconds(std::min(in.varint(), kDay));
}

}  // namespace

base::Bytes encode(const OriginPublication& origin) {
  base::ByteWriter rows;
  origin.rows.for_each([&](const RowView& row) {
    rows.text(row.key);
    rows.varint(row.version);
    rows.text(row.value);
  });
  base::ByteWriter body;
  body.text(origin.id.cluster);
  body.varint(origin.id.replica);
  body.u64(origin.stamp.incarnation);
  body.u64(origin.stamp.version);
  put(body, state_hash(origin.stamp, origin.rows));
  body.u8(origin.left ? 1 : 0);
  body.put(base::as_span(rows.bytes()));
  return seal(Kind::origin, body.bytes());
}

base::Result<SavedOrigin> decode_origin(std::string_view bytes) {
  const auto body = unseal(Kind::origin, bytes);
  if (!body) return body.error();
  base::ByteReader in(*body);
  Delta snapshot;
  snapshot.kind = Delta::Kind::snapshot_end;
  snapshot.origin.cluster = in.text();
  const auto replica = in.varint();
  snapshot.origin.replica =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(replica, kMaxReplicas));
  snapshot.incarnation = in.u64();
  snapshot.to = in.u64();
  snapshot.state_hash = take_hash(in);
  const bool left = in.u8() != 0;
  std::vector<RowView> rows;
  while (in.ok() && !in.at_end() && rows.size() <= kMaxRowsPerOrigin) {
    auto& row = rows.emplace_back();
    row.key = in.text();
    row.version = in.varint();
    row.value = in.text();
  }
  if (!in.ok()) return base::invalid("has a field that makes no sense");
  if (!is_name(snapshot.origin)) return base::invalid("is of nobody who could be called so");
  const bool sound = well_formed(snapshot) && std::ranges::all_of(rows, [&](const RowView& row) {
                       return well_formed(row, snapshot.to);
                     });
  if (!sound || rows.size() > kMaxRowsPerOrigin) return base::invalid("breaks a limit of origins");
  SavedOrigin saved{
      std::move(snapshot.origin), {snapshot.incarnation, snapshot.to}, Rows::of(rows), left};
  if (!fits(saved.rows)) return base::invalid("breaks a limit of origins");
  if (state_hash(saved.stamp, saved.rows) != snapshot.state_hash)
    return base::invalid("has rows that do not lead to its state hash");
  return saved;
}

base::Bytes encode(const SavedSelf& self) {
  base::ByteWriter body;
  body.text(self.cluster);
  body.u64(self.incarnation);
  body.varint(self.replica);
  return seal(Kind::self, body.bytes());
}

base::Result<SavedSelf> decode_self(std::string_view bytes) {
  const auto body = unseal(Kind::self, bytes);
  if (!body) return body.error();
  base::ByteReader in(*body);
  SavedSelf self;
  self.cluster = in.text();
  self.incarnation = in.u64();
  const auto replica = in.at_end() ? 0 : in.varint();  // what is older says none
  self.replica = static_cast<std::uint32_t>(std::min<std::uint64_t>(replica, kMaxReplicas));
  const bool sound = in.ok() && in.at_end() && is_name({self.cluster, self.replica}) &&
                     self.incarnation <= kMaxIncarnation;
  if (!sound) return base::invalid("has a field that makes no sense");
  return self;
}

base::Bytes encode(const std::vector<DrainOrder>& orders) {
  DrainRow row;
  for (const auto& order : orders)
    row.drains.push_back({order.target,
                          order.back ? view::kAllLeft : std::uint16_t{0},
                          order.back,
                          {},
                          order.order});
  base::ByteWriter body;
  body.text(encode(RowValue(row)).value);
  for (const auto& order : orders) {
    if (order.back) continue;
    body.varint(static_cast<std::uint64_t>(base::to_ms(order.over)));
    body.u8(order.ended ? 1 : 0);
  }
  return seal(Kind::drains, body.bytes());
}

base::Result<std::vector<DrainOrder>> decode_drains(std::string_view bytes) {
  const auto body = unseal(Kind::drains, bytes);
  if (!body) return body.error();
  base::ByteReader in(*body);
  const auto row = decode(kDrainKey, in.text());
  if (!row) return base::invalid("has drains that make no sense: " + row.error().message);
  std::vector<DrainOrder> orders;
  for (const auto& drain : std::get<DrainRow>(*row).drains) {
    if (drain.back) {
      orders.push_back({drain.target, {}, false, drain.order, true});
      continue;
    }
    const auto ms = in.varint();
    const auto over = std::chrono::milliseconds(
        std::min<std::uint64_t>(ms, static_cast<std::uint64_t>(base::to_ms(Draining::kLongest))));
    orders.push_back({drain.target, over, in.u8() != 0, drain.order});
  }
  if (!in.ok() || !in.at_end()) return base::invalid("has a field that makes no sense");
  return orders;
}

base::Bytes encode(const std::vector<SavedRegistration>& registrations) {
  base::ByteWriter body;
  body.varint(registrations.size());
  for (const auto& [text, lease] : registrations) {
    body.text(text);
    body.varint(static_cast<std::uint64_t>(base::to_ms(lease)));
  }
  return seal(Kind::registrations, body.bytes());
}

base::Result<std::vector<SavedRegistration>> decode_registrations(std::string_view bytes) {
  const auto body = unseal(Kind::registrations, bytes);
  if (!body) return body.error();
  base::ByteReader in(*body);
  const auto count = in.varint();
  if (count > kMaxRegistrations) return base::invalid("holds more registrations than there may be");
  std::vector<SavedRegistration> registrations;
  while (in.ok() && registrations.size() < count) {
    auto& one = registrations.emplace_back();
    one.text = in.text();
    one.lease = read_ms(in);
  }
  if (!in.ok() || !in.at_end()) return base::invalid("has a field that makes no sense");
  return registrations;
}

}  // namespace discovery
