#include "forwarder/net/reframe.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace forwarder;
using forwarder::net::Reframer;

namespace {

std::string text(Reframer& reframer) {
  std::string all;
  for (const auto& piece : reframer.pieces())
    all.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return all;
}

}  // namespace

TEST_CASE("a piece of a body keeps its payload and gets new framing", "[forwarder_net]") {
  using F = http::Framing;
  struct Row {
    F from;
    std::uint64_t length;
    std::string input;
    F to;
    std::string output;
    std::size_t consumed;
    bool done;
  };
  const auto row = GENERATE(values<Row>({
      {F::none, 0, "GET /", F::none, "", 0, true},
      {F::length, 5, "hello", F::length, "hello", 5, true},
      {F::length, 5, "hel", F::length, "hel", 3, false},
      {F::length, 5, "helloGET", F::length, "hello", 5, true},
      {F::length, 0, "GET", F::length, "", 0, true},
      {F::chunked, 0, "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", F::chunked, "5\r\nhello\r\n0\r\n\r\n",
       24, true},
      {F::chunked, 0, "2\r\nhe\r\n3\r\nl", F::chunked, "3\r\nhel\r\n", 11, false},
      {F::chunked, 0, "2\r\nhe\r\n0\r\n\r\nGET", F::until_close, "he", 12, true},
      {F::chunked, 0, "2\r", F::chunked, "", 2, false},
      {F::chunked, 0, "0\r\n\r\n", F::chunked, "0\r\n\r\n", 5, true},
      {F::until_close, 0, "hello", F::chunked, "5\r\nhello\r\n", 5, false},
      {F::until_close, 0, "hello", F::until_close, "hello", 5, false},
  }));
  Reframer reframer;
  http::BodyReader reader(row.from, row.length);
  reframer.begin();
  const auto reframed = reframer.add(reader, row.input, row.to);
  CAPTURE(row.input);
  REQUIRE(text(reframer) == row.output);
  REQUIRE(reframed.consumed == row.consumed);
  REQUIRE(reframed.done == row.done);
  REQUIRE_FALSE(reframed.malformed);
}

TEST_CASE("framing that is none is malformed", "[forwarder_net]") {
  Reframer reframer;
  http::BodyReader reader(http::Framing::chunked, 0);
  reframer.begin("head");
  const auto reframed = reframer.add(reader, "zz\r\n", http::Framing::chunked);
  REQUIRE(reframed.malformed);
  REQUIRE_FALSE(reframed.reason.empty());
}
