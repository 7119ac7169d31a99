#include "base/address.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <unordered_set>

using namespace base;

TEST_CASE("an IP address has one text form and parses back from it", "[base]") {
  struct Row {
    const char* text;
    const char* canonical;  // RFC 5952
  };
  const auto row = GENERATE(values<Row>({
      {"0.0.0.0", "0.0.0.0"},
      {"127.0.0.1", "127.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"fe80:0:0:0:0:0:0:1", "fe80::1"},
      {"::ffff:10.1.2.3", "10.1.2.3"},  // IPv4-mapped: the same peer
  }));
  const auto ip = IpAddress::parse(row.text);
  REQUIRE(ip);
  REQUIRE(ip->to_string() == row.canonical);
  REQUIRE(*IpAddress::parse(ip->to_string()) == *ip);
  REQUIRE(*IpAddress::from_bytes(ip->bytes()) == *ip);
}

TEST_CASE("what is no IP address is refused", "[base]") {
  const auto* text = GENERATE("", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", " ::1",
                              "1.2.3.00", "1.2.3.256", "1.2.3.0256", "1.2..4", "1.2.3.", ".1.2.3",
                              "1.2.3,4", "::1%eth0", "12345::", "1::2::3", "host", "[::1]");
  CAPTURE(text);
  REQUIRE_FALSE(IpAddress::parse(text));
  REQUIRE(IpAddress::parse(text).error().code == Code::invalid);
}

TEST_CASE("a NUL in an address ends nothing", "[base]") {
  REQUIRE_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST_CASE("only 4 or 16 bytes are an address", "[base]") {
  const std::vector<std::uint8_t> bytes(20, 1);
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    REQUIRE(IpAddress::from_bytes({bytes.data(), size}).ok() == (size == 4 || size == 16));
}

TEST_CASE("loopback and unspecified are what they are in both families", "[base]") {
  REQUIRE(IpAddress::parse("127.9.9.9")->is_loopback());
  REQUIRE(IpAddress::parse("::1")->is_loopback());
  REQUIRE(IpAddress::parse("::ffff:127.0.0.1")->is_loopback());
  REQUIRE_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  REQUIRE_FALSE(IpAddress::parse("::2")->is_loopback());
  REQUIRE_FALSE(IpAddress::parse("1::1")->is_loopback());
  REQUIRE(IpAddress::parse("0.0.0.0")->is_unspecified());
  REQUIRE(IpAddress::parse("::")->is_unspecified());
  REQUIRE_FALSE(IpAddress::parse("0.0.0.1")->is_unspecified());
}

TEST_CASE("address and port go there and back", "[base]") {
  for (const auto* text : {"10.0.0.1:80", "[::1]:80", "[2001:db8::1]:65535", "0.0.0.0:0"})
    REQUIRE(SocketAddress::parse(text)->to_string() == text);
  for (const auto* text :
       {"10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+1", "10.0.0.1: 80",
        "::1:80", "[::1]", "[::1]80", "[::1", ":80", "name:80", "10.0.0.1:80x", "[10.0.0.1]:80"}) {
    CAPTURE(text);
    REQUIRE_FALSE(SocketAddress::parse(text));
  }
}

TEST_CASE("a host and port need not be an address", "[base]") {
  REQUIRE(*HostPort::parse("west.example.net:7700") == HostPort{"west.example.net", 7700});
  REQUIRE(*HostPort::parse("[::1]:7700") == HostPort{"::1", 7700});
  for (const auto* text : {"west.example.net:7700", "[::1]:7700", "127.0.0.1:1"})
    REQUIRE(HostPort::parse(text)->to_string() == text);
  for (const auto* text :
       {"west.example.net", ":7700", "", "west:", "west:http", "::1:7700", "[]:80"}) {
    CAPTURE(text);
    REQUIRE_FALSE(HostPort::parse(text));
  }
}

TEST_CASE("a range contains its addresses and no others", "[base]") {
  struct Row {
    const char* range;
    const char* inside;
    const char* outside;
  };
  const auto row = GENERATE(values<Row>({
      {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
      {"10.1.2.0/23", "10.1.3.255", "10.1.4.0"},
      {"10.1.2.3/32", "10.1.2.3", "10.1.2.2"},
      {"0.0.0.0/0", "255.1.1.1", "::1"},
      {"::/0", "2001:db8::1", "1.2.3.4"},
      {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
  }));
  const auto range = Cidr::parse(row.range);
  REQUIRE(range);
  REQUIRE(range->to_string() == row.range);
  REQUIRE(range->contains(*IpAddress::parse(row.inside)));
  REQUIRE_FALSE(range->contains(*IpAddress::parse(row.outside)));
}

TEST_CASE("a range with bits behind its prefix, or too long a prefix, is refused", "[base]") {
  for (const auto* text : {"10.0.0.1/8", "10.0.0.0/33", "::/129", "::1/127", "10.0.0.0",
                           "10.0.0.0/", "10.0.0.0/x", "/8", "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    CAPTURE(text);
    REQUIRE_FALSE(Cidr::parse(text));
  }
}

TEST_CASE("addresses are keys", "[base]") {
  const auto a = *SocketAddress::parse("10.0.0.1:80"), b = *SocketAddress::parse("10.0.0.1:81");
  REQUIRE(a < b);
  REQUIRE(std::set{a, b, a}.size() == 2);
  const std::hash<SocketAddress> hash;
  REQUIRE(hash(a) != hash(b));
  REQUIRE(std::unordered_set{a.ip, b.ip}.size() == 1);
  // The same bytes in another family are another address.
  REQUIRE(IpAddress() != *IpAddress::parse("::"));
}
