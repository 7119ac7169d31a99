#include "base/bytes.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <utility>

using namespace base;

TEST_CASE("varints go there and back in as few bytes as they need", "[base]") {
  const auto row = GENERATE(values<std::pair<std::uint64_t, std::string>>({
      {0, std::string("\0", 1)},
      {1, "\x01"},
      {127, "\x7f"},
      {128, "\x80\x01"},
      {300, "\xac\x02"},
      {std::numeric_limits<std::uint64_t>::max(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
  }));
  ByteWriter writer;
  writer.varint(row.first);
  REQUIRE(writer.bytes() == row.second);
  ByteReader reader{std::string_view(row.second)};
  REQUIRE(reader.varint() == row.first);
  REQUIRE(reader.ok());
  REQUIRE(reader.at_end());
}

TEST_CASE("a varint that does not end or does not fit is refused", "[base]") {
  const std::string text = GENERATE(std::string("\x80"), std::string("\xff\xff"),
                                    std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
                                    std::string("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
  ByteReader reader{std::string_view(text)};
  REQUIRE(reader.varint() == 0);
  REQUIRE_FALSE(reader.ok());
}

TEST_CASE("what a writer wrote a reader reads", "[base]") {
  ByteWriter writer;
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  writer.u64(0x08090a0b0c0d0e0f);
  writer.text("name");
  writer.put(as_span("raw"));
  REQUIRE(writer.bytes() ==
          std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
                      "\x04nameraw"));
  const auto bytes = std::move(writer).take();
  ByteReader reader{std::string_view(bytes)};
  REQUIRE(reader.u8() == 0x01);
  REQUIRE(reader.u16() == 0x0203);
  REQUIRE(reader.u32() == 0x04050607);
  REQUIRE(reader.u64() == 0x08090a0b0c0d0e0f);
  REQUIRE(reader.text() == "name");
  REQUIRE(as_text(reader.take(3)) == "raw");
  REQUIRE(reader.ok());
  REQUIRE(reader.at_end());
}

TEST_CASE("no reader reads past its end, and the first failure is the last word", "[base]") {
  const std::string bytes =
      "\x05"
      "ab";
  ByteReader reader{std::string_view(bytes)};
  REQUIRE(reader.text().empty());  // says five, has two
  REQUIRE_FALSE(reader.ok());
  REQUIRE(reader.u8() == 0);
  REQUIRE(reader.take(0).empty());
  REQUIRE(reader.varint() == 0);
  REQUIRE_FALSE(reader.ok());

  ByteReader empty{std::string_view()};
  REQUIRE(empty.ok());
  REQUIRE(empty.at_end());
  REQUIRE(empty.take(0).empty());
  REQUIRE(empty.ok());
  REQUIRE(empty.u64() == 0);
  REQUIRE_FALSE(empty.ok());
}
