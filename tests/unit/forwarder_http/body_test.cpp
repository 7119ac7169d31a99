#include "forwarder/http/body.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/forwarder_http/chunk_cases.hpp"

namespace forwarder::http {
namespace {

struct Outcome {
  Piece::State state = Piece::State::more;
  std::string payload;
  std::size_t consumed = 0;
};

// Shows `bytes` in reads of `size`, and what was not consumed again with the next.
Outcome read_in(std::string_view bytes, std::size_t size, BodyReader reader) {
  Outcome outcome;
  for (std::size_t shown = 0; outcome.state == Piece::State::more;) {
    if (outcome.consumed == shown) {
      if (shown == bytes.size()) break;
      shown = std::min(bytes.size(), shown + size);
    }
    const auto piece = reader.read(bytes.substr(outcome.consumed, shown - outcome.consumed));
    outcome.payload += piece.payload;
    outcome.consumed += piece.consumed;
    outcome.state = piece.state;
  }
  return outcome;
}

TEST_CASE("every chunked body in the table gets its verdict, however it is cut", "[http]") {
  for (const ChunkCase& row : all_chunk_cases()) {
    INFO(row.says);
    for (const std::size_t size : {1u, 2u, 3u, 5u, 7u, 100000u}) {
      INFO("reads of " << size);
      const auto outcome = read_in(row.bytes, size, BodyReader(Framing::chunked, 0));
      if (row.accepted) {
        CHECK(outcome.state == Piece::State::done);
        CHECK(outcome.payload == row.payload);
        CHECK(outcome.consumed == row.bytes.size());
      } else {
        CHECK(outcome.state == Piece::State::malformed);
      }
    }
  }
}

TEST_CASE("no prefix of a chunked body is a whole body", "[http]") {
  for (const ChunkCase& row : accepted_bodies()) {
    INFO(row.says);
    for (std::size_t size = 0; size < row.bytes.size(); ++size) {
      BodyReader reader(Framing::chunked, 0);
      const auto outcome = read_in(row.bytes.substr(0, size), 100000, reader);
      REQUIRE(outcome.state == Piece::State::more);
    }
  }
}

TEST_CASE("a body leaves what follows it", "[http]") {
  const auto chunked = read_in("1\r\nx\r\n0\r\n\r\nGET /", 100, BodyReader(Framing::chunked, 0));
  CHECK(chunked.consumed == 11);
  const auto counted = read_in("helloGET /", 100, BodyReader(Framing::length, 5));
  CHECK(counted.state == Piece::State::done);
  CHECK(counted.payload == "hello");
  const auto none = read_in("GET /", 100, BodyReader(Framing::none, 0));
  CHECK(none.state == Piece::State::done);
  CHECK(none.consumed == 0);
}

TEST_CASE("a body of nothing is done before it is read", "[http]") {
  CHECK(BodyReader().done());
  CHECK(BodyReader(Framing::length, 0).done());
  CHECK(!BodyReader(Framing::length, 1).done());
  CHECK(!BodyReader(Framing::chunked, 0).done());
  CHECK(!BodyReader(Framing::until_close, 0).done());
}

TEST_CASE("closing ends a body only where its framing says so", "[http]") {
  BodyReader counted(Framing::length, 5);
  CHECK(counted.read("hell").state == Piece::State::more);
  CHECK(!counted.complete_at_close());
  CHECK(counted.read("o").state == Piece::State::done);
  CHECK(counted.complete_at_close());
  BodyReader chunked(Framing::chunked, 0);
  CHECK(chunked.read("0\r\n").state == Piece::State::more);
  CHECK(!chunked.complete_at_close());
  BodyReader open(Framing::until_close, 0);
  CHECK(open.read("anything").payload == "anything");
  CHECK(open.complete_at_close());
}

TEST_CASE("a refused body stays refused", "[http]") {
  BodyReader reader(Framing::chunked, 0);
  CHECK(reader.read("x").state == Piece::State::malformed);
  const auto again = reader.read("1\r\nx\r\n");
  CHECK(again.state == Piece::State::malformed);
  CHECK(again.consumed == 0);
  CHECK(!again.reason.empty());
}

}  // namespace
}  // namespace forwarder::http
