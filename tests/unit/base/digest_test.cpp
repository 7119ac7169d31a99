#include "base/digest.hpp"

#include <catch2/catch.hpp>

using namespace base;

TEST_CASE("a digest is the first half of SHA-256: FIPS 180's examples", "[base]") {
  REQUIRE(digest({}) == Hash128{0xe3b0c44298fc1c14, 0x9afbf4c8996fb924});
  REQUIRE(digest({"abc"}) == Hash128{0xba7816bf8f01cfea, 0x414140de5dae2223});
  REQUIRE(digest({"abcdbcdecdefdefgefghfghighij", "hijkijkljklmklmnlmnomnopnopq"}) ==
          Hash128{0x248d6a61d20638b8, 0xe5c026930c3e6039});
}

TEST_CASE("numbers and digests are appended big-endian", "[base]") {
  std::string text;
  append(text, std::uint64_t{0x0102030405060708});
  append(text, Hash128{1, 2});
  REQUIRE(text == std::string("\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2", 24));
}
