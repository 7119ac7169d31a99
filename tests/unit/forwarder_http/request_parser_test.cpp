#include <catch2/catch.hpp>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/parser.hpp"
#include "tests/unit/forwarder_http/request_cases.hpp"

namespace forwarder::http {
namespace {

int status_of(const Parsed& parsed) {
  if (parsed.rejected()) return parsed.reject.status;
  return parsed.complete() ? 0 : -1;
}

RequestHead accept(std::string_view bytes) {
  RequestHead head;
  const auto parsed = RequestParser().parse(bytes, head);
  INFO(parsed.reject.reason);
  REQUIRE(parsed.complete());
  CHECK(parsed.consumed == bytes.size());
  return head;
}

TEST_CASE("every request in the table gets its verdict", "[http]") {
  for (const RequestCase& row : all_request_cases()) {
    INFO(row.says);
    RequestHead head;
    const auto parsed = RequestParser().parse(row.bytes, head);
    INFO(parsed.reject.reason);
    CHECK(status_of(parsed) == row.status);
    if (parsed.complete()) CHECK(parsed.consumed == row.bytes.size());
    if (parsed.rejected()) CHECK(!parsed.reject.reason.empty());
  }
}

TEST_CASE("a request cut anywhere in two gets the same verdict", "[http]") {
  for (const RequestCase& row : all_request_cases()) {
    INFO(row.says);
    const std::string_view bytes = row.bytes;
    const std::size_t step = bytes.size() > 1000 ? 977 : 1;
    for (std::size_t cut = 1; cut < bytes.size(); cut += step) {
      RequestParser parser;
      RequestHead head;
      auto parsed = parser.parse(bytes.substr(0, cut), head);
      if (!parsed.rejected()) {
        CHECK(!parsed.complete());
        parsed = parser.parse(bytes, head);
      }
      if (status_of(parsed) != row.status) {
        INFO("cut at " << cut);
        CHECK(status_of(parsed) == row.status);
      }
    }
  }
}

TEST_CASE("a request that comes byte by byte gets the same verdict", "[http]") {
  for (const RequestCase& row : all_request_cases()) {
    INFO(row.says);
    RequestParser parser;
    RequestHead head;
    Parsed parsed;
    for (std::size_t size = 1; size <= row.bytes.size(); ++size) {
      parsed = parser.parse(std::string_view(row.bytes).substr(0, size), head);
      if (parsed.verdict != Parsed::Verdict::need_more) break;
    }
    CHECK(status_of(parsed) == row.status);
  }
}

// The families of smuggling tools: a byte put anywhere into or beside the field that decides the
// framing.
TEST_CASE("no byte disguises a Transfer-Encoding", "[http]") {
  const std::string field = "Transfer-Encoding: chunked";
  const auto value = field.find("chunked");
  for (std::size_t at = 0; at <= field.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      auto disguised = field;
      disguised.insert(at, 1, static_cast<char>(byte));
      const auto bytes = with(disguised + "\r\n");
      RequestHead head;
      const auto parsed = RequestParser().parse(bytes, head);
      INFO(disguised);
      const bool beside_value =
          byte == ' ' && (at + 1 == value || at == value || at == field.size());
      if (beside_value) {
        REQUIRE(parsed.complete());
        REQUIRE(head.framing == Framing::chunked);
      } else if (parsed.complete()) {  // another field, and told so to the next hop as well
        REQUIRE((byte == ':' || is(static_cast<char>(byte), kToken)));
        REQUIRE(at <= field.find(':'));
        REQUIRE(head.framing == Framing::none);
      }
    }
  }
}

TEST_CASE("no control byte but a tab stands in a value", "[http]") {
  for (int byte = 0; byte < 256; ++byte) {
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    const auto bytes = with("X: a" + std::string(1, static_cast<char>(byte)) + "b\r\n");
    RequestHead head;
    INFO(byte);
    CHECK(status_of(RequestParser().parse(bytes, head)) == (control ? 400 : 0));
  }
}

TEST_CASE("what follows a head stays in the buffer", "[http]") {
  const std::string bytes = with("Content-Length: 2\r\n");
  RequestHead head;
  RequestParser parser;
  CHECK(parser.parse(bytes + "ab" + bytes, head).consumed == bytes.size());
  CHECK(parser.parse(bytes, head).complete());
}

TEST_CASE("a target is split into path and query", "[http]") {
  struct Row {
    std::string_view target, path, query;
    bool has_query;
    std::string_view authority;
  };
  const Row rows[] = {
      {"/", "/", "", false, "ratings.mesh"},
      {"/a/b?c=d?e", "/a/b", "c=d?e", true, "ratings.mesh"},
      {"/a?", "/a", "", true, "ratings.mesh"},
      {"http://other.mesh:81/a?b", "/a", "b", true, "other.mesh:81"},
      {"http://other.mesh", "/", "", false, "other.mesh"},
      {"http://other.mesh?b", "/", "b", true, "other.mesh"},
  };
  for (const Row& row : rows) {
    INFO(row.target);
    const auto bytes = line("GET " + std::string(row.target) + " HTTP/1.1");
    const auto head = accept(bytes);
    CHECK(head.target == row.target);
    CHECK(head.path == row.path);
    CHECK(head.query == row.query);
    CHECK(head.has_query == row.has_query);
    CHECK(head.authority == row.authority);
  }
  CHECK(accept("OPTIONS http://a HTTP/1.1\r\nHost: b\r\n\r\n").path == "*");
  CHECK(accept("OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n").path == "*");
}

TEST_CASE("framing is decided by the fields", "[http]") {
  CHECK(accept(with("")).framing == Framing::none);
  CHECK(accept(with("Transfer-Encoding: chunked\r\n")).framing == Framing::chunked);
  const auto bytes = with("content-LENGTH: 9223372036854775807\r\n");
  const auto head = accept(bytes);
  CHECK(head.framing == Framing::length);
  CHECK(head.content_length == 9223372036854775807u);
  CHECK(accept(with("Content-Length: 0\r\n")).framing == Framing::length);
}

TEST_CASE("a connection persists by version and option", "[http]") {
  const auto http10 = [](const std::string& lines) {
    return "GET / HTTP/1.0\r\n" + lines + "\r\n";
  };
  CHECK(accept(with("")).keep_alive);
  CHECK(accept(with("Connection: keep-alive\r\n")).keep_alive);
  CHECK(!accept(with("Connection: Close\r\n")).keep_alive);
  CHECK(!accept(with("Connection: x, ,keep-alive,\tclose\r\n")).keep_alive);
  CHECK(!accept(with("Connection: x\r\nConnection: close\r\n")).keep_alive);
  CHECK(!accept(http10("")).keep_alive);
  CHECK(accept(http10("Connection: Keep-Alive\r\n")).keep_alive);
  CHECK(!accept(http10("Connection: keep-alive, close\r\n")).keep_alive);
}

TEST_CASE("an upgrade asks for one protocol other than h2c, without a body", "[http]") {
  const std::string connection = "Connection: keep-alive, Upgrade\r\n";
  CHECK(accept(with(connection + "Upgrade: websocket\r\n")).upgrade);
  CHECK(!accept(with("Upgrade: websocket\r\n")).upgrade);
  CHECK(!accept(with(connection)).upgrade);
  CHECK(!accept(with(connection + "Upgrade: h2c\r\n")).upgrade);
  CHECK(!accept(with(connection + "Upgrade: H2C/2\r\n")).upgrade);
  CHECK(!accept(with(connection + "Upgrade: websocket, h2c\r\n")).upgrade);
  CHECK(!accept(with(connection + "Upgrade: websocket\r\nUpgrade: h2c\r\n")).upgrade);
  CHECK(!accept(with(connection + "Upgrade: h2c\r\nUpgrade: websocket\r\n")).upgrade);
  CHECK(!accept(with(connection + "Upgrade: websocket\r\nContent-Length: 1\r\n")).upgrade);
  CHECK(!accept("GET / HTTP/1.0\r\n" + connection + "Upgrade: websocket\r\n\r\n").upgrade);
}

TEST_CASE("100-continue is expected only where a body follows", "[http]") {
  const std::string expect = "Expect: 100-continue\r\n";
  CHECK(accept(with(expect + "Content-Length: 5\r\n")).expects_continue);
  CHECK(accept(with(expect + "Transfer-Encoding: chunked\r\n")).expects_continue);
  CHECK(!accept(with(expect)).expects_continue);
  CHECK(!accept("POST / HTTP/1.0\r\nContent-Length: 5\r\n" + expect + "\r\n").expects_continue);
}

TEST_CASE("a head that trickles in is looked at a bounded number of times", "[http]") {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) bytes += "X: y\r\n";
  HeadProgress progress;
  int looks = 0;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    looks += progress.worth_parsing(std::string_view(bytes).substr(0, size), 60000) ? 1 : 0;
  }
  CHECK(looks == 2);
  CHECK(progress.worth_parsing(bytes + "\r\n", 60000));
}

}  // namespace
}  // namespace forwarder::http
