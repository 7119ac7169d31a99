#include "dns/name.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/reading.hpp"

using dns::Name;

TEST_CASE("a name is lower case in wire form and prints as it was written") {
  const auto name = Name::parse("RaTings.Mesh.internal.");
  REQUIRE(name.ok());
  CHECK(name->to_string() == "ratings.mesh.internal");
  CHECK(reading::Bytes(name->wire().begin(), name->wire().end()) ==
        reading::wire_name("ratings.mesh.internal"));
  CHECK(Name::parse("").value().is_root());
  CHECK(Name::parse(".").value().is_root());
}

TEST_CASE("names that cannot be on the wire are refused") {
  const std::string label(63, 'a');
  CHECK(Name::parse(label + ".x").ok());
  for (const auto& bad : std::vector<std::string>{
           label + "a.x", std::string("a..b"), std::string(".a"), std::string("a.."),
           label + "." + label + "." + label + "." + label}) {
    INFO(bad);
    CHECK_FALSE(Name::parse(bad).ok());
  }
  CHECK(Name::parse(label + "." + label + "." + label + "." + label.substr(2)).ok());  // 255 bytes
}

TEST_CASE("a name is read from the wire up to its root byte, without pointers") {
  struct Case {
    const char* hex;
    std::optional<std::string> text;
  };
  const Case cases[] = {
      {"00", ""},
      {"03 775757 00 ff", "www"},
      {"", {}},
      {"03 7777", {}},
      {"03 777777", {}},
      {"c0 0c", {}},
      {"40 00", {}},
      {"80 00", {}},
      {"03 777777 c0 0c", {}},
  };
  for (const auto& c : cases) {
    INFO(c.hex);
    const auto bytes = reading::from_hex(c.hex);
    const auto name = Name::read(bytes);
    REQUIRE(name.has_value() == c.text.has_value());
    if (name) CHECK(name->to_string() == *c.text);
  }
  reading::Bytes longest;  // four labels of 62 and one of 2 bytes: 255 with the root
  for (int i = 0; i < 4; ++i) {
    longest.push_back(62);
    longest.insert(longest.end(), 62, 'a');
  }
  auto too_long = longest;
  longest.insert(longest.end(), {1, 'b', 0});
  too_long.insert(too_long.end(), {2, 'b', 'b', 0});
  CHECK(longest.size() == 255);
  CHECK(Name::read(longest).has_value());
  CHECK_FALSE(Name::read(too_long).has_value());
}

TEST_CASE("children, parents and ancestors") {
  const auto zone = Name::parse("mesh.internal").value();
  const auto host = zone.child("Ratings").value();
  CHECK(host.to_string() == "ratings.mesh.internal");
  CHECK(host.parent() == zone);
  CHECK(host.is_within(zone));
  CHECK(zone.is_within(zone));
  CHECK(host.is_within(Name{}));
  CHECK_FALSE(zone.is_within(host));
  CHECK_FALSE(Name::parse("xmesh.internal").value().is_within(zone));
  CHECK_FALSE(zone.child("").has_value());
  CHECK_FALSE(zone.child(std::string(64, 'a')).has_value());
  CHECK(Name{}.parent().is_root());
}

TEST_CASE("odd bytes of a name print as numbers") {
  const auto bytes = reading::from_hex("04 612e5c00 00");
  CHECK(Name::read(bytes)->to_string() == "a\\046\\092\\000");
}

TEST_CASE("of all bytes only A to Z change, wherever they stand") {
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t length = 1; length <= 17; ++length) {
      reading::Bytes wire(1, static_cast<std::uint8_t>(length));
      wire.insert(wire.end(), length, static_cast<std::uint8_t>(byte));
      wire.push_back(0);
      const auto expected =
          static_cast<std::uint8_t>(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
      const auto name = Name::read(wire).value();
      REQUIRE(reading::Bytes(name.wire().begin() + 1, name.wire().end() - 1) ==
              reading::Bytes(length, expected));
      const std::string label(length, static_cast<char>(byte));
      REQUIRE(Name{}.child(label).value() == name);
    }
}
