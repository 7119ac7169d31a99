#include "dns/dashed.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.hpp"

namespace {

// As inet_ntop has it, with dashes.
std::string dashes(const base::IpAddress& ip) {
  auto text = ip.to_string();
  std::ranges::replace_if(
      text, [](char c) { return c == '.' || c == ':'; }, '-');
  return text.front() == '-' ? "0" + text : text;
}

}  // namespace

TEST_CASE("an address has one label, and the label is that address") {
  base::Random random(1);
  for (int i = 0; i < 20000; ++i) {
    auto ip = base::IpAddress::v4(static_cast<std::uint32_t>(random.next() >> random.below(64)));
    if (i % 2 == 0) {
      std::array<std::uint8_t, 16> bytes;
      const auto zeros = random.below(256);  // of the eight groups
      for (std::size_t b = 0; b < bytes.size(); ++b)
        bytes[b] = zeros >> b / 2 & 1 ? 0 : static_cast<std::uint8_t>(random.next());
      bytes[0] |= 0x20;  // not one that inet_ntop writes as IPv4
      ip = base::IpAddress::v6(bytes);
    }
    const dns::Dashed dashed(ip.bytes());
    REQUIRE(dashed.text() == dashes(ip));
    REQUIRE(dashed.label()[0] == dashed.text().size());
    REQUIRE(dns::parse_dashed(dashed.text()) == ip);
  }
}

TEST_CASE("IPv6 labels that begin or end with zeros") {
  const std::pair<const char*, const char*> addresses[] = {
      {"::", "0--"}, {"::1", "0--1"}, {"fd00::", "fd00--"}, {"1:0:0:2::3", "1-0-0-2--3"}};
  for (const auto& [text, label] : addresses) {
    const auto ip = base::IpAddress::parse(text).value();
    CHECK(dns::Dashed(ip.bytes()).text() == label);
    CHECK(dns::parse_dashed(label) == ip);
  }
}

TEST_CASE("what is no label of an address is none") {
  for (const char* label : {"",
                            "-",
                            "--",
                            "a",
                            "10",
                            "10-0-0",
                            "10-0-0-5-",
                            "-10-0-0-5",
                            "10-0-0-05",
                            "10-0-0-256",
                            "10-0-0--5",
                            "10-0-0-1000",
                            "0x1-0-0-1",
                            "10-0-0-5-6",
                            "1-2-3-4-5-6-7",
                            "FD00--1",
                            "fd00-0-0-0-0-0-0-1",
                            "fd00--01",
                            "fd00--1--2",
                            "fd00---1",
                            "0--ffff-a00-5",
                            "fd00--1-",
                            "1-2-3-4-5-6-7-8-9",
                            "fd00--g",
                            "+1-0-0-1",
                            "0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0"}) {
    INFO(label);
    CHECK_FALSE(dns::parse_dashed(label));
  }
}
