#include "discovery/saved_state.hpp"

#include "tests/unit/discovery/saved_origins.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using saved_origins::published;
using saved_origins::rows_of;

namespace {

std::string hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

SavedSelf self() { return {"east", 0x500000001, 3}; }

constexpr std::size_t kHeader = 36;
constexpr std::size_t kHashAt = 22;  // in the body of east's

bool says(const base::Error& error, std::string_view what) {
  return error.message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("the bytes on disk are these", "[discovery]") {
  CHECK(hex(encode(saved_origins::east())) ==
        "6e6561726d6f7374"
        "0001"
        "0001"
        "0000000000000038"
        "efc1695e860f16e0af0088f7ce79fdbd"
        "0465617374"
        "01"
        "0000000500000001"
        "000000000000012c"
        "1def4c0ea2f330c42a0df7881b76dc90"
        "00"
        "03652f62"
        "c801"
        "0100"
        "03652f61"
        "03"
        "036f6e65");
  CHECK(hex(encode(self())) ==
        "6e6561726d6f7374"
        "0001"
        "0002"
        "000000000000000e"
        "05ee3deff4ffceec2e78b2224d3523dd"
        "0465617374"
        "0000000500000001"
        "03");
}

TEST_CASE("the state of an origin reads back as it was", "[discovery]") {
  auto east = saved_origins::east();
  east.left = true;
  const auto saved = decode_origin(encode(east));
  REQUIRE(saved.ok());
  CHECK(saved->left);
  CHECK(saved->id == OriginId{"east", 1});
  CHECK(saved->stamp == east.stamp);
  CHECK(rows_of(saved->rows) == rows_of(east.rows));

  CHECK(decode_origin(encode(saved_origins::empty())).ok());
}

TEST_CASE("an agent's own name and life read back as they were", "[discovery]") {
  const auto found = decode_self(encode(self()));
  REQUIRE(found.ok());
  CHECK(*found == self());
}

TEST_CASE("a record with any bit flipped, cut off anywhere or too long is refused", "[discovery]") {
  for (const auto& whole : {encode(saved_origins::east()), encode(self())}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        auto flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        CHECK_FALSE(decode_origin(flipped).ok());
        CHECK_FALSE(decode_self(flipped).ok());
      }
      CHECK_FALSE(decode_origin(whole.substr(0, at)).ok());
      CHECK_FALSE(decode_self(whole.substr(0, at)).ok());
    }
    CHECK_FALSE(decode_origin(whole + '\0').ok());
    CHECK_FALSE(decode_self(whole + '\0').ok());
  }
}

TEST_CASE("what is wrong with a record is said", "[discovery]") {
  const auto whole = encode(saved_origins::east());
  CHECK(says(decode_origin("{\"rows\": []}").error(), "no state of an agent"));
  auto other = whole;
  other[9] = 2;
  CHECK(says(decode_origin(other).error(), "of format 2, this agent reads format 1"));
  CHECK(says(decode_origin(whole.substr(0, 20)).error(), "ends before its header"));
  CHECK(says(decode_origin(whole.substr(0, whole.size() - 7)).error(), "has 49 of 56 bytes"));
  other = whole;
  other.back() = 'x';
  CHECK(says(decode_origin(other).error(), "does not match its checksum"));
  CHECK(says(decode_origin(encode(self())).error(), "another kind of state"));
  CHECK(says(decode_self(whole).error(), "another kind of state"));
}

TEST_CASE("a state whose rows do not lead to its hash is refused, whole as it is", "[discovery]") {
  const auto whole = encode(saved_origins::east());
  base::ByteWriter out;  // as if written so: one bit of the hash is another, the checksum fits
  auto body = whole.substr(kHeader);
  body[kHashAt] ^= 1;
  out.put(base::as_span(whole.substr(0, kHeader - 16)));
  const auto sum = base::hash128(base::as_span(body));
  out.u64(sum.high);
  out.u64(sum.low);
  out.put(base::as_span(body));
  CHECK(says(decode_origin(out.bytes()).error(), "do not lead to its state hash"));
}

// The checksum says that it was written so; a peer's snapshot would be refused for the same.
TEST_CASE("a state that breaks the limits of a snapshot is refused, whole as it is",
          "[discovery]") {
  const auto refused = [](OriginId id, Stamp stamp, std::vector<Row> rows) {
    const auto saved = decode_origin(encode(published(std::move(id), stamp, std::move(rows))));
    return !saved.ok();
  };
  CHECK_FALSE(refused({"east", 63}, {1, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"east", 64}, {1, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"East", 0}, {1, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"../east", 0}, {1, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"", 0}, {1, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"east", 0}, {0, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"east", 0}, {kMaxIncarnation + 1, 5}, {{"k", 5, "v"}}));
  CHECK(refused({"east", 0}, {1, 5}, {{"k", 6, "v"}}));
  CHECK(refused({"east", 0}, {1, 5}, {{"k", 0, "v"}}));
  CHECK(refused({"east", 0}, {1, 5}, {{"", 5, "v"}}));
  CHECK(refused({"east", 0}, {1, 5}, {{std::string(kMaxKeyBytes + 1, 'k'), 5, "v"}}));
  CHECK(refused({"east", 0}, {1, 5}, {{"k", 5, std::string(kMaxRowBytes, 'v')}}));
}
