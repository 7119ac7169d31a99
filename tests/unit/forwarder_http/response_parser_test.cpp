#include <catch2/catch.hpp>

#include "forwarder/http/parser.hpp"
#include "tests/unit/forwarder_http/response_cases.hpp"

namespace forwarder::http {
namespace {

TEST_CASE("every response in the table gets its verdict, however it is cut", "[http]") {
  for (const ResponseCase& row : all_response_cases()) {
    INFO(row.says);
    const std::string_view bytes = row.bytes;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      ResponseParser parser;
      ResponseHead head;
      auto parsed = parser.parse(bytes.substr(0, cut), row.asked, head);
      if (!parsed.rejected()) parsed = parser.parse(bytes, row.asked, head);
      INFO("cut at " << cut << ": " << parsed.reject.reason);
      if (!row.accepted) {
        REQUIRE(parsed.rejected());
        REQUIRE(parsed.reject.status == 502);
        continue;
      }
      REQUIRE(parsed.complete());
      REQUIRE(parsed.consumed == bytes.size());
      REQUIRE(head.framing == row.framing);
      REQUIRE(head.keep_alive == row.keep_alive);
    }
  }
}

TEST_CASE("a status line is split", "[http]") {
  ResponseHead head;
  REQUIRE(ResponseParser().parse("HTTP/1.0 404 Not here\r\nA:b\r\n\r\n", {}, head).complete());
  CHECK(head.status == 404);
  CHECK(head.reason == "Not here");
  CHECK(head.minor_version == 0);
  REQUIRE(head.headers.size() == 1);
  CHECK(head.headers[0].name == "A");
  CHECK(head.headers[0].value == "b");
}

TEST_CASE("a length is kept where no body follows, and dropped where none may be", "[http]") {
  ResponseHead head;
  const auto parse = [&](const std::string& status, std::string_view method) {
    const std::string bytes = "HTTP/1.1 " + status + " x\r\nContent-Length: 7\r\n\r\n";
    REQUIRE(ResponseParser().parse(bytes, {method, {}}, head).complete());
    return head.declares_length;
  };
  CHECK(parse("200", "HEAD"));
  CHECK(head.content_length == 7);
  CHECK(parse("304", "GET"));
  CHECK(!parse("204", "GET"));
  CHECK(!parse("103", "GET"));
}

TEST_CASE("a response head has limits", "[http]") {
  ResponseHead head;
  const std::string start = "HTTP/1.1 200 OK\r\n";
  const Limits limits{.head = 100, .target = 0, .headers = 2};
  ResponseParser parser(limits);
  CHECK(parser.parse(start + "A: b\r\nA: b\r\n\r\n", {}, head).complete());
  CHECK(parser.parse(start + "A: b\r\nA: b\r\nA: b\r\n\r\n", {}, head).rejected());
  CHECK(parser.parse(start + "A: " + std::string(100, 'b'), {}, head).rejected());
}

}  // namespace
}  // namespace forwarder::http
