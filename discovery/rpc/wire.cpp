#include "discovery/rpc/wire.hpp"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <optional>

#include "base/address.hpp"
#include "discovery/rpc/wire_parts.hpp"
#include "proto/gossip.pb.h"

namespace discovery::rpc {
namespace {

using rpc::put, rpc::read, rpc::to_wire;  // wire_parts.hpp

// The library would tell standard error of each frame that it cannot read: whoever sends them would
// write there what he likes. They are refused, counted and told of as any other.
[[maybe_unused]] auto* const kUnheard = google::protobuf::SetLogHandler(nullptr);

constexpr std::size_t kMaxAdvertiseBytes = 260;  // a DNS name, a colon, a port

// Cut so that no UTF-8 sequence is torn: protobuf refuses a message whose string is not UTF-8.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

void put(const Hello& hello, pb::Frame& frame) {
  auto& to = *frame.mutable_hello();
  to.set_protocol_min(hello.protocol_min);
  to.set_protocol_max(hello.protocol_max);
  to.set_features(hello.features);
  put(hello.self, *to.mutable_self());
  to.set_instance(hello.instance.data(), hello.instance.size());
  put(hello.stamp, *to.mutable_stamp());
  put(hello.known_of_you, *to.mutable_known_of_you());
  to.set_advertise(hello.advertise);
  to.set_held_ms(to_wire_ms(hello.held));
  to.set_leaf(hello.leaf);
}

void put(const Beacons& beacons, pb::Frame& frame) {
  auto& list = *frame.mutable_beacons()->mutable_beacons();
  list.Reserve(static_cast<int>(beacons.beacons.size()));
  for (const auto& beacon : beacons.beacons) {
    auto& to = *list.Add();
    put(beacon.origin, *to.mutable_origin());
    put(beacon.stamp, *to.mutable_stamp());
    to.set_sequence(beacon.sequence);
    to.set_state_hash_high(beacon.state_hash.high);
    to.set_state_hash_low(beacon.state_hash.low);
    to.set_age_ms(to_wire_ms(beacon.age));
    to.set_missed(beacon.missed);
  }
  if (beacons.echo.frames == 0) return;
  frame.mutable_beacons()->set_frames_read(beacons.echo.frames);
  frame.mutable_beacons()->set_held_us(to_wire<std::micro>(beacons.echo.held));
}

void put(const Still& still, pb::Frame& frame) {
  frame.mutable_still()->set_digest(still.digest);
  frame.mutable_still()->set_sequence(still.sequence);
}

constexpr std::pair<Delta::Kind, pb::Delta::Kind> kKinds[] = {
    {Delta::Kind::changes, pb::Delta::CHANGES},
    {Delta::Kind::changes_part, pb::Delta::CHANGES_PART},
    {Delta::Kind::snapshot_part, pb::Delta::SNAPSHOT_PART},
    {Delta::Kind::snapshot_end, pb::Delta::SNAPSHOT_END},
};

pb::Delta::Kind to_wire(Delta::Kind kind) {
  for (const auto& [ours, theirs] : kKinds)
    if (ours == kind) return theirs;
  return pb::Delta::CHANGES;
}

std::optional<Delta::Kind> from_wire(pb::Delta::Kind kind) {
  for (const auto& [ours, theirs] : kKinds)
    if (theirs == kind) return ours;
  return std::nullopt;
}

// That a row has which says none: one above the row before. A later part does not know that one.
std::uint64_t first_version(const Delta& delta) { return delta.part == 0 ? delta.from + 1 : 0; }

void put(const Delta& delta, pb::Frame& frame) {
  auto& to = *frame.mutable_delta();
  put(delta.origin, *to.mutable_origin());
  to.set_incarnation(delta.incarnation);
  to.set_from(delta.from);
  to.set_to(delta.to);
  to.set_gc_floor(delta.gc_floor);
  to.set_age_ms(to_wire_ms(delta.age));
  to.set_kind(to_wire(delta.kind));
  to.set_state_hash_high(delta.state_hash.high);
  to.set_state_hash_low(delta.state_hash.low);
  to.set_part(delta.part);
  to.set_signature(delta.proof.signature);
  to.set_certificate(delta.proof.certificate);
  to.mutable_rows()->Reserve(static_cast<int>(delta.rows.size()));
  auto next = first_version(delta);
  for (const auto& row : delta.rows) {
    auto& to_row = *to.add_rows();
    to_row.set_key(row.key);
    if (row.version != next) to_row.set_version(row.version);
    next = row.version + 1;
    to_row.set_value(row.value);
    to_row.set_removed(row.removed);
  }
}

void put(const Pull& pull, pb::Frame& frame) {
  put(pull.origin, *frame.mutable_pull()->mutable_origin());
  put(pull.have, *frame.mutable_pull()->mutable_have());
}

constexpr std::pair<Goodbye::Reason, pb::Goodbye::Reason> kReasons[] = {
    {Goodbye::Reason::leaving, pb::Goodbye::LEAVING},
    {Goodbye::Reason::returning, pb::Goodbye::RETURNING},
    {Goodbye::Reason::refused, pb::Goodbye::REFUSED},
    {Goodbye::Reason::taken, pb::Goodbye::TAKEN},
};

void put(const Goodbye& goodbye, pb::Frame& frame) {
  for (const auto& [ours, theirs] : kReasons)
    if (ours == goodbye.reason) frame.mutable_goodbye()->set_reason(theirs);
  frame.mutable_goodbye()->set_text(std::string(cut(goodbye.text, kMaxTextBytes)));
}

Frame read(const pb::Hello& from, Reader& reader) {
  Hello hello;
  hello.protocol_min = from.protocol_min();
  hello.protocol_max = from.protocol_max();
  reader.need(hello.protocol_min >= 1 && hello.protocol_min <= hello.protocol_max,
              "hello.protocol_min: ", std::to_string(hello.protocol_min), " to ",
              std::to_string(hello.protocol_max), " is no range");
  hello.features = from.features();
  hello.self = reader.origin(from.has_self(), from.self(), "hello.self");
  if (reader.need(from.instance().size() == hello.instance.size(),
                  "hello.instance: ", std::to_string(from.instance().size()), " bytes, not 16"))
    std::copy(from.instance().begin(), from.instance().end(), hello.instance.begin());
  hello.stamp = reader.stamp(from.stamp(), "hello.stamp");
  hello.known_of_you = reader.stamp(from.known_of_you(), "hello.known_of_you");
  hello.advertise = from.advertise();
  hello.held = std::chrono::milliseconds(from.held_ms());
  hello.leaf = from.leaf();
  reader.need_at_most(hello.advertise.size(), kMaxAdvertiseBytes, "hello.advertise") &&
      reader.need(hello.advertise.empty() || base::HostPort::parse(hello.advertise).ok(),
                  "hello.advertise: not host:port");
  return hello;
}

Frame read(const pb::Beacons& from, Reader& reader) {
  Beacons beacons;
  const auto count = static_cast<std::size_t>(from.beacons_size());
  if (!reader.need(count <= kMaxBeacons, "beacons: ", std::to_string(count), " of them, at most ",
                   std::to_string(kMaxBeacons)))
    return beacons;
  beacons.beacons.reserve(count);
  for (const auto& one : from.beacons()) {
    if (reader.error()) break;
    const auto field = "beacons[" + std::to_string(beacons.beacons.size()) + "]";
    auto& beacon = beacons.beacons.emplace_back();
    // Names and lives are for the node to judge: who repeats a third's need not be at fault.
    reader.need(one.has_origin(), field, ".origin: missing");
    beacon.origin = {one.origin().cluster(), one.origin().replica()};
    beacon.stamp = reader.stamp(one.stamp(), field + ".stamp");
    beacon.sequence = one.sequence();
    beacon.state_hash = {one.state_hash_high(), one.state_hash_low()};
    beacon.age = std::chrono::milliseconds(one.age_ms());
    beacon.missed = one.missed();
  }
  if (from.frames_read() > 0)
    beacons.echo = {from.frames_read(), std::chrono::microseconds(from.held_us())};
  return beacons;
}

Row read(pb::Row&& from, std::uint64_t next, std::string_view field, Reader& reader) {
  const auto version = from.version() == 0 ? next : from.version();
  reader.need(!from.key().empty(), field, ".key: missing") &&
      reader.need_at_most(from.key().size(), kMaxKeyBytes, std::string(field) + ".key") &&
      reader.need_at_most(from.key().size() + from.value().size(), kMaxRowBytes, field) &&
      reader.need(version != 0, field, ".version: missing") &&
      reader.need(!from.removed() || from.value().empty(), field, ".value: a removed row has none");
  return {std::move(*from.mutable_key()), version, std::move(*from.mutable_value()),
          from.removed()};
}

Proof read_proof(pb::Delta& from, Reader& reader) {
  reader.need_at_most(from.signature().size(), kMaxSignatureBytes, "delta.signature");
  reader.need_at_most(from.certificate().size(), kMaxCertificateBytes, "delta.certificate");
  return {std::move(*from.mutable_signature()), std::move(*from.mutable_certificate())};
}

Frame read(pb::Delta&& from, std::size_t most, Reader& reader) {
  Delta delta;
  delta.origin = reader.origin(from.has_origin(), from.origin(), "delta.origin");
  delta.incarnation = from.incarnation();
  delta.from = from.from();
  delta.to = from.to();
  delta.gc_floor = from.gc_floor();
  delta.state_hash = {from.state_hash_high(), from.state_hash_low()};
  delta.age = std::chrono::milliseconds(from.age_ms());
  delta.part = from.part();
  delta.proof = read_proof(from, reader);
  reader.need(delta.incarnation != 0, "delta.incarnation: missing");
  reader.need(delta.from <= delta.to, "delta.from: ", std::to_string(delta.from), " is above ",
              std::to_string(delta.to));
  // A kind of the future could mean "drop": guessing is worse than losing the link.
  const auto kind = from_wire(from.kind());
  if (reader.need(kind.has_value(), "delta.kind: ", std::to_string(static_cast<int>(from.kind())),
                  " is unknown"))
    delta.kind = *kind;
  std::size_t carried = 0;
  auto next = first_version(delta);
  delta.rows.reserve(
      std::min<std::size_t>(static_cast<std::size_t>(from.rows_size()), most / kRowFrameBytes));
  for (auto& row : *from.mutable_rows()) {
    if (reader.error()) break;
    const auto field = "delta.rows[" + std::to_string(delta.rows.size()) + "]";
    const auto& kept = delta.rows.emplace_back(read(std::move(row), next, field, reader));
    next = kept.version + 1;
    carried += kept.key.size() + kept.value.size() + kRowFrameBytes;
    reader.need(carried <= most, "delta.rows: more than ", std::to_string(most),
                " bytes in one frame");
  }
  return delta;
}

Frame read(const pb::Pull& from, Reader& reader) {
  return Pull{reader.origin(from.has_origin(), from.origin(), "pull.origin"),
              reader.stamp(from.have(), "pull.have")};
}

Frame read(const pb::Goodbye& from, Reader& reader) {
  reader.need_at_most(from.text().size(), kMaxTextBytes, "goodbye.text");
  // An unknown reason is still a goodbye.
  Goodbye goodbye{Goodbye::Reason::leaving, from.text()};
  for (const auto& [ours, theirs] : kReasons)
    if (theirs == from.reason()) goodbye.reason = ours;
  return goodbye;
}

Frame read_body(pb::Frame&& message, std::size_t most, Reader& reader) {
  switch (message.body_case()) {
    case pb::Frame::kHello:
      return read(message.hello(), reader);
    case pb::Frame::kBeacons:
      return read(message.beacons(), reader);
    case pb::Frame::kDelta:
      return read(std::move(*message.mutable_delta()), most, reader);
    case pb::Frame::kPull:
      return read(message.pull(), reader);
    case pb::Frame::kGoodbye:
      return read(message.goodbye(), reader);
    case pb::Frame::kStill:
      return Still{message.still().digest(), message.still().sequence()};
    case pb::Frame::kVerdicts:
      return read(message.verdicts(), reader);
    case pb::Frame::BODY_NOT_SET:
      break;
  }
  reader.need(false, "frame: no body that this version knows");
  return {};
}

}  // namespace

void to_proto(const Frame& frame, pb::Frame& message) {
  message.Clear();
  std::visit([&](const auto& body) { put(body, message); }, frame);
}

base::Result<Frame> from_proto(pb::Frame&& message, std::size_t most) {
  Reader reader;
  auto frame = read_body(std::move(message), most, reader);
  if (reader.error()) return *reader.error();
  return frame;
}

base::Bytes encode(const Frame& frame) {
  pb::Frame message;
  to_proto(frame, message);
  return message.SerializeAsString();
}

base::Result<Frame> decode(std::string_view bytes, std::size_t most) {
  pb::Frame message;
  if (bytes.size() > kMaxWireBytes)
    return base::invalid("frame: " + std::to_string(bytes.size()) + " bytes, at most " +
                         std::to_string(kMaxWireBytes));
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return base::invalid("frame: not a protobuf message");
  return from_proto(std::move(message), most);
}

}  // namespace discovery::rpc
