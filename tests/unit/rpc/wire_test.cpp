#include "discovery/rpc/wire.hpp"

#include <google/protobuf/stubs/logging.h>

#include "base/random.hpp"
#include "discovery/transfer.hpp"
#include "proto/gossip.pb.h"
#include "tests/unit/rpc/wire_vectors.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using namespace wire_vectors;
using namespace std::chrono_literals;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string refusal(const std::function<void(nearmost::gossip::v1::Frame&)>& spoil, Frame start) {
  nearmost::gossip::v1::Frame message;
  rpc::to_proto(start, message);
  spoil(message);
  const auto frame = rpc::from_proto(std::move(message));
  return frame.ok() ? "accepted" : frame.error().message;
}

std::string some_bytes(base::Random& random, std::size_t most) {
  std::string bytes(random.below(most + 1), '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

OriginId some_origin(base::Random& random) {
  std::string name(1 + random.below(63), 'a');
  for (auto& c : name) c = "abcdefghijklmnopqrstuvwxyz0123456789"[random.below(36)];
  return {name, static_cast<std::uint32_t>(random.below(kMaxReplicas))};
}

Stamp some_stamp(base::Random& random) { return {1 + random.below(1 << 20), random.next()}; }

base::Duration some_age(base::Random& random) {
  return std::chrono::milliseconds(random.below(std::uint64_t{1} << 32));
}

Frame some_frame(base::Random& random) {
  switch (random.below(6)) {
    case 0: {
      auto hello = a_hello();
      hello.self = some_origin(random);
      hello.features = random.next();
      hello.stamp = some_stamp(random);
      hello.known_of_you = random.chance(0.5) ? some_stamp(random) : Stamp{};
      hello.held = some_age(random);
      hello.advertise =
          random.chance(0.5) ? "" : "host.example:" + std::to_string(random.below(9999) + 1);
      for (auto& byte : hello.instance) byte = static_cast<std::uint8_t>(random.below(256));
      return hello;
    }
    case 1: {
      Beacons beacons;
      beacons.beacons.resize(random.below(30));
      for (auto& beacon : beacons.beacons)
        beacon = {some_origin(random), some_stamp(random),
                  random.next(),       {random.next(), random.next()},
                  some_age(random),    random.chance(0.5)};
      if (random.chance(0.5))
        beacons.echo = {static_cast<std::uint32_t>(random.below(1000) + 1),
                        std::chrono::microseconds(random.below(20'000'000))};
      return beacons;
    }
    case 2: {
      Delta delta;
      delta.origin = some_origin(random);
      delta.incarnation = 1 + random.below(9);
      delta.from = random.below(100);
      delta.gc_floor = random.next();
      delta.state_hash = {random.next(), random.next()};
      delta.age = some_age(random);
      delta.kind = static_cast<Delta::Kind>(random.below(4));
      delta.to = delta.from + random.below(100);
      delta.part = static_cast<std::uint32_t>(random.next());
      delta.proof = {some_bytes(random, 80), some_bytes(random, 600)};
      delta.rows.resize(random.below(20));
      for (auto& row : delta.rows) {
        row = {"k" + some_bytes(random, kMaxKeyBytes - 1), 1 + random.next() / 2, "",
               random.chance(0.3)};
        if (!row.removed) row.value = some_bytes(random, 4000);
      }
      return delta;
    }
    case 3:
      return Still{random.next(), random.next()};
    case 4:
      return Pull{some_origin(random), random.chance(0.3) ? Stamp{} : some_stamp(random)};
    default:
      return Goodbye{static_cast<Goodbye::Reason>(random.below(4)),
                     std::string(random.below(kMaxTextBytes), 'x')};
  }
}

}  // namespace

TEST_CASE("frames are the bytes of the table, both ways", "[rpc]") {
  for (const auto& vector : vectors()) {
    INFO(vector.name);
    CHECK(hex(rpc::encode(vector.frame)) == vector.bytes);
    const auto frame = rpc::decode(unhex(vector.bytes));
    REQUIRE(frame.ok());
    CHECK(*frame == vector.frame);
  }
}

TEST_CASE("any frame survives the wire", "[rpc]") {
  base::Random random(7);
  for (int round = 0; round < 2000; ++round) {
    const auto frame = some_frame(random);
    const auto back = rpc::decode(rpc::encode(frame));
    REQUIRE(back.ok());
    REQUIRE(*back == frame);
  }
}

TEST_CASE("every part of a large state of small rows is read by the other side", "[rpc]") {
  OriginState state;
  state.restart(3);
  std::vector<Row> written;
  for (std::uint64_t n = 1; n <= 10'000; ++n)
    written.push_back(
        {"e/shop/web/10.0.0." + std::to_string(n), n, std::string(n % 90, 'v'), false});
  state.write(written);
  const Stamp halfway{3, 6'000};
  for (const auto have : {Stamp{}, halfway}) {
    Transfer transfer({"west", 0}, state, state.now(), have);
    std::size_t rows = 0, parts = 0;
    while (!transfer.done()) {
      const Frame part = transfer.next(kMaxFrameBytes);
      const auto read = rpc::decode(rpc::encode(part));
      REQUIRE(read.ok());
      REQUIRE(*read == part);
      rows += std::get<Delta>(*read).rows.size();
      ++parts;
    }
    CHECK(rows == 10'000 - have.version);
    CHECK(parts > 1);
  }
}

TEST_CASE("a beacon of what we would not call a name is left to the node", "[rpc]") {
  const Frame frame = Beacons{{{{"Not A Label", 99}, {}, 5, {}, {}}}};
  const auto read = rpc::decode(rpc::encode(frame));
  REQUIRE(read.ok());
  CHECK(*read == frame);
}

TEST_CASE("bytes that are no frame are refused by name", "[rpc]") {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "frame: no body that this version knows"},
      {"ff", "frame: not a protobuf message"},
      {"0a", "frame: not a protobuf message"},
      {"7a00", "frame: no body that this version knows"},
      {"0a00", "hello.protocol_min: 0 to 0 is no range"},
      {"12020a00", "beacons[0].origin: missing"},
      {"1a00", "delta.origin: missing"},
      {"2200", "pull.origin: missing"},
      {"22020a00", "pull.origin.cluster: not a DNS label"},
  };
  for (const auto& [bytes, message] : table) {
    INFO(bytes);
    const auto frame = rpc::decode(unhex(bytes));
    REQUIRE_FALSE(frame.ok());
    CHECK(frame.error().message == message);
  }
  CHECK_FALSE(rpc::decode(std::string(rpc::kMaxWireBytes + 1, '\0')).ok());
}

TEST_CASE("frames that cannot be read write nothing to standard error", "[rpc]") {
  CHECK_FALSE(rpc::decode("\x0a\x03\x42\x01\xff"));  // a Hello whose advertise is not UTF-8
  auto* const handler = google::protobuf::SetLogHandler(nullptr);
  CHECK(handler == nullptr);
}

TEST_CASE("a field that is missing, too large or absurd is refused by name", "[rpc]") {
  using Message = nearmost::gossip::v1::Frame;
  const std::tuple<Frame, std::function<void(Message&)>, std::string_view> table[] = {
      {a_hello(), [](Message& m) { m.mutable_hello()->set_protocol_min(2); },
       "hello.protocol_min: 2 to 1 is no range"},
      {a_hello(), [](Message& m) { m.mutable_hello()->clear_self(); }, "hello.self: missing"},
      {a_hello(), [](Message& m) { m.mutable_hello()->mutable_self()->set_cluster("We st"); },
       "hello.self.cluster: not a DNS label"},
      {a_hello(), [](Message& m) { m.mutable_hello()->mutable_self()->set_replica(64); },
       "hello.self.replica: 64, at most 63"},
      {a_hello(), [](Message& m) { m.mutable_hello()->set_instance("short"); },
       "hello.instance: 5 bytes, not 16"},
      {a_hello(), [](Message& m) { m.mutable_hello()->mutable_stamp()->set_incarnation(0); },
       "hello.stamp: a version without an incarnation"},
      {a_hello(), [](Message& m) { m.mutable_hello()->set_advertise("nonsense"); },
       "hello.advertise: not host:port"},
      {a_hello(), [](Message& m) { m.mutable_hello()->set_advertise(std::string(300, 'a')); },
       "hello.advertise: 300 bytes, at most 260"},
      {Beacons{},
       [](Message& m) {
         for (std::size_t i = 0; i <= kMaxBeacons; ++i) m.mutable_beacons()->add_beacons();
       },
       "beacons: 4002 of them, at most 4001"},
      {a_delta(), [](Message& m) { m.mutable_delta()->set_incarnation(0); },
       "delta.incarnation: missing"},
      {a_delta(), [](Message& m) { m.mutable_delta()->set_from(10); }, "delta.from: 10 is above 9"},
      {a_delta(),
       [](Message& m) {
         m.mutable_delta()->set_kind(static_cast<nearmost::gossip::v1::Delta::Kind>(7));
       },
       "delta.kind: 7 is unknown"},
      {a_delta(), [](Message& m) { m.mutable_delta()->mutable_rows(1)->clear_key(); },
       "delta.rows[1].key: missing"},
      {a_delta(),
       [](Message& m) { m.mutable_delta()->mutable_rows(0)->set_key(std::string(513, 'k')); },
       "delta.rows[0].key: 513 bytes, at most 512"},
      {a_delta(),
       [](Message& m) { m.mutable_delta()->mutable_rows(0)->set_value(std::string(65536, 'v')); },
       "delta.rows[0]: 65541 bytes, at most 65536"},
      {a_delta(), [](Message& m) { m.mutable_delta()->set_signature(std::string(513, 's')); },
       "delta.signature: 513 bytes, at most 512"},
      {a_delta(), [](Message& m) { m.mutable_delta()->set_certificate(std::string(16385, 'c')); },
       "delta.certificate: 16385 bytes, at most 16384"},
      {a_delta(),
       [](Message& m) {
         m.mutable_delta()->set_part(1);
         m.mutable_delta()->mutable_rows(0)->clear_version();
       },
       "delta.rows[0].version: missing"},
      {a_delta(), [](Message& m) { m.mutable_delta()->mutable_rows(1)->set_value("v"); },
       "delta.rows[1].value: a removed row has none"},
      {a_delta(),
       [](Message& m) {
         for (int i = 0; i < 5; ++i) {
           auto& row = *m.mutable_delta()->add_rows();
           row.set_key("k");
           row.set_version(9);
           row.set_value(std::string(65000, 'v'));
         }
       },
       "delta.rows: more than 262144 bytes in one frame"},
      {Goodbye{}, [](Message& m) { m.mutable_goodbye()->set_text(std::string(513, 'x')); },
       "goodbye.text: 513 bytes, at most 512"},
  };
  for (const auto& [start, spoil, message] : table) CHECK(refusal(spoil, start) == message);
}

TEST_CASE("what a later version adds is passed over where that is safe", "[rpc]") {
  const auto later = [](nearmost::gossip::v1::Frame& m) {
    m.mutable_goodbye()->set_reason(static_cast<nearmost::gossip::v1::Goodbye::Reason>(9));
  };
  CHECK(refusal(later, Goodbye{Goodbye::Reason::refused, ""}) == "accepted");
  // Field 15 of a Pull, which nobody knows yet.
  const auto pull =
      rpc::decode(unhex("22120a060a02657510027a0201021204080110"
                        "02"));
  CHECK(pull.ok());
}

TEST_CASE("a long goodbye is cut between characters and still heard", "[rpc]") {
  std::string text(kMaxTextBytes - 1, 'x');
  text += "\xc3\xa9 and more";
  const auto frame = rpc::decode(rpc::encode(Goodbye{Goodbye::Reason::refused, text}));
  REQUIRE(frame.ok());
  CHECK(std::get<Goodbye>(*frame).text == std::string(kMaxTextBytes - 1, 'x'));
}

TEST_CASE("ages beyond what the wire holds are cut, not wrapped", "[rpc]") {
  for (const auto& [age, heard] : {std::pair<base::Duration, base::Duration>{-5s, 0s},
                                   {1'999'999ns, 1ms},
                                   {24h * 365, std::chrono::milliseconds(0xffffffffu)}}) {
    const auto frame = rpc::decode(rpc::encode(Beacons{{{{"eu", 0}, {1, 2}, 5, {}, age}}}));
    REQUIRE(frame.ok());
    CHECK(std::get<Beacons>(*frame).beacons[0].age == heard);
  }
}
