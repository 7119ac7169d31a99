#include "forwarder/http/render.hpp"

#include "forwarder/http/trailers.hpp"

#include <catch2/catch.hpp>

#include "forwarder/http/field.hpp"
#include "forwarder/http/parser.hpp"
#include "tests/unit/forwarder_http/request_cases.hpp"
#include "tests/unit/forwarder_http/response_cases.hpp"

namespace forwarder::http {
namespace {

std::string through(const std::string& bytes, const Rewrite& rewrite = {},
                    const Edits& edits = {}) {
  RequestHead head;
  REQUIRE(RequestParser().parse(bytes, head).complete());
  std::string out;
  render_request(head, rewrite, edits, out);
  return out;
}

std::string back(const std::string& bytes, std::uint8_t client_minor_version,
                 const Asked& asked = {}) {
  ResponseHead head;
  REQUIRE(ResponseParser().parse(bytes, asked, head).complete());
  std::string out;
  render_response(head, {framing_towards(client_minor_version, head), client_minor_version, true},
                  {}, out);
  return out;
}

TEST_CASE("a request keeps its fields in order and case, and gets its framing anew", "[http]") {
  CHECK(through("POST /a?b HTTP/1.1\r\nB: 2\r\nhost: x\r\nCONTENT-LENGTH: 5\r\na:1\r\n\r\n") ==
        "POST /a?b HTTP/1.1\r\nHost: x\r\nB: 2\r\na: 1\r\nContent-Length: 5\r\n\r\n");
  CHECK(through(with("transfer-encoding: CHUNKED\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(through(with("Content-Length: 0\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("fields of one hop, and those Connection names, are left out", "[http]") {
  CHECK(through(with("A: 1\r\nConnection: close, X-Secret\r\nx-secret: 2\r\nKeep-Alive: 5\r\n"
                     "Proxy-Connection: keep-alive\r\nTE: gzip\r\nTrailer: C\r\n"
                     "Upgrade: h2c\r\nHTTP2-Settings: AA\r\nB: 3\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nA: 1\r\nB: 3\r\n\r\n");
  CHECK(through(with("Connection: X\r\nConnection: Y\r\nX: 1\r\nY: 2\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\n\r\n");
  CHECK(through(with("Connection: Host, Content-Length\r\nContent-Length: 5\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("who takes trailers says so anew, unless it upgrades", "[http]") {
  CHECK(through(with("te: gzip;q=0.5 , TRAILERS\r\nConnection: te\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
  CHECK(through(with("TE: trailers\r\nConnection: Upgrade\r\nUpgrade: a\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n");
  CHECK(through(with("TE: trailers;q=0\r\n")) == "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\n\r\n");
}

TEST_CASE("trailers are fields that mean nothing to this hop", "[http]") {
  const auto rendered = [](std::string_view section) {
    std::string out;
    render_trailers(section, out);
    return out;
  };
  CHECK(rendered("\r\n") == "0\r\n\r\n");
  CHECK(rendered("X-Sum:1 \r\nEmpty:\r\n\r\n") == "0\r\nX-Sum: 1\r\nEmpty: \r\n\r\n");
  CHECK(rendered("Content-Length: 5\r\nX: 1\r\nTransfer-Encoding: chunked\r\nHost: b\r\nTE: "
                 "trailers\r\nTrailer: X\r\nConnection: X\r\nUpgrade: a\r\nExpect: a\r\n\r\n") ==
        "0\r\nX: 1\r\n\r\n");
}

TEST_CASE("an upgrade and an expectation are asked for anew", "[http]") {
  CHECK(through(with("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nConnection: upgrade\r\nUpgrade: "
        "websocket\r\n\r\n");
  CHECK(through(with("expect: 100-CONTINUE\r\nContent-Length: 1\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\nContent-Length: 1\r\n"
        "Expect: 100-continue\r\n\r\n");
  CHECK(through(with("Expect: 100-continue\r\n")) ==
        "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\n\r\n");
}

TEST_CASE("a request is forwarded to the authority of its absolute target", "[http]") {
  CHECK(through("GET http://b:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n") ==
        "GET /c?d HTTP/1.1\r\nHost: b:81\r\n\r\n");
  CHECK(through("GET http://b?d HTTP/1.1\r\nHost: a\r\n\r\n") ==
        "GET /?d HTTP/1.1\r\nHost: b\r\n\r\n");
  CHECK(through("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n") ==
        "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n");
}

TEST_CASE("target, host and fields are edited on the way", "[http]") {
  const std::string_view gone[] = {"a", "C"};
  const Header added[] = {{"C", "new"}, {"X-Forwarded-For", "127.0.0.1"}};
  CHECK(through("GET /a?b HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\nc: 3\r\n\r\n", {"/z?y", "y:1"},
                {gone, added}) ==
        "GET /z?y HTTP/1.1\r\nHost: y:1\r\nB: 2\r\nC: new\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
}

TEST_CASE("a response is delivered in the framing its client knows", "[http]") {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n";
  CHECK(back(chunked, 1) == "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(back(chunked, 0) == "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\n");
  CHECK(back("HTTP/1.0 200 OK\r\n\r\n", 1) ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(back("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 0) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("a response without a body says of it only what it may", "[http]") {
  const std::string length = "\r\nContent-Length: 3\r\n\r\n";
  CHECK(back("HTTP/1.1 200 OK" + length, 1, {"HEAD", {}}) == "HTTP/1.1 200 OK" + length);
  CHECK(back("HTTP/1.1 304 Not Modified" + length, 1) == "HTTP/1.1 304 Not Modified" + length);
  CHECK(back("HTTP/1.1 204 No Content" + length, 1) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(back("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", 1) ==
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
  CHECK(back("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\nA: b\r\n\r\n", 1,
             {"GET", "websocket"}) ==
        "HTTP/1.1 101 Go\r\nA: b\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_CASE("a response that ends a connection says so", "[http]") {
  ResponseHead head;
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
  REQUIRE(ResponseParser().parse(bytes, {}, head).complete());
  std::string out;
  render_response(head, {Framing::length, 1, false}, {}, out);
  CHECK(out == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_CASE("chunk headers are hexadecimal", "[http]") {
  CHECK(ChunkHeader(1).text() == "1\r\n");
  CHECK(ChunkHeader(65535).text() == "ffff\r\n");
  CHECK(ChunkHeader(~std::uint64_t{0}).text() == "ffffffffffffffff\r\n");
}

TEST_CASE("a reply of our own is whole", "[http]") {
  const Header headers[] = {{"Content-Type", "text/plain"}};
  const auto rendered = [&](std::uint16_t status, std::string_view text, ReplyBody body,
                            Connection connection) {
    std::string out;
    render_reply({status, headers, text}, body, connection, out);
    return out;
  };
  CHECK(
      rendered(404, "no route\n", ReplyBody::sent, Connection::keep_alive) ==
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nno route\n");
  CHECK(rendered(400, "bad", ReplyBody::omitted, Connection::close) ==
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
        "Connection: close\r\n\r\n");
  CHECK(rendered(204, "", ReplyBody::sent, Connection::keep_alive) ==
        "HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n");
}

TEST_CASE("what is configured as a field can be checked", "[http]") {
  CHECK(is_field_name("X-Trace"));
  CHECK(!is_field_name("X Trace"));
  CHECK(!is_field_name(""));
  CHECK(is_field_value(""));
  CHECK(is_field_value("a b"));
  CHECK(!is_field_value(" a"));
  CHECK(!is_field_value("a\r\nB: c"));
}

TEST_CASE("an accepted request means the same once rendered", "[http]") {
  for (const RequestCase& row : all_request_cases()) {
    if (row.status != 0) continue;
    INFO(row.says);
    RequestHead before, after;
    REQUIRE(RequestParser().parse(row.bytes, before).complete());
    const auto bytes = through(row.bytes);
    RequestParser parser;
    const auto parsed = parser.parse(bytes, after);
    if (before.authority.empty()) {
      CHECK(parsed.rejected());  // HTTP/1.0 without Host: a route puts its destination's there
      continue;
    }
    REQUIRE(parsed.complete());
    CHECK(parsed.consumed == bytes.size());
    CHECK(after.method == before.method);
    CHECK(after.path == before.path);
    CHECK(after.query == before.query);
    CHECK(after.has_query == before.has_query);
    CHECK(after.authority == before.authority);
    CHECK(after.framing == before.framing);
    CHECK(after.content_length == before.content_length);
    CHECK(after.expects_continue == before.expects_continue);
    CHECK(after.takes_trailers == before.takes_trailers);
    CHECK(after.upgrade == before.upgrade);
  }
}

// The other families of smuggling tools: whatever a byte put into a field that decides makes of it,
// the next hop reads what we read.
TEST_CASE("no byte in a field that decides makes two meanings of a request", "[http]") {
  const std::string field =
      GENERATE("Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close", "Host: svc");
  const std::string start = field.starts_with("Host") ? "POST / HTTP/1.1\r\n"
                                                      : "POST / HTTP/1.1\r\nHost: ratings.mesh\r\n";
  int accepted = 0;
  for (std::size_t at = 0; at <= field.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      auto disguised = field;
      disguised.insert(at, 1, static_cast<char>(byte));
      const auto bytes = start + disguised + "\r\n\r\n";
      RequestHead before, after;
      const auto parsed = RequestParser().parse(bytes, before);
      INFO(disguised);
      REQUIRE((parsed.complete() || parsed.rejected()));
      if (parsed.rejected()) continue;
      ++accepted;
      REQUIRE(parsed.consumed == bytes.size());
      std::string rendered;
      render_request(before, {}, {}, rendered);
      REQUIRE(RequestParser().parse(rendered, after).complete());
      REQUIRE(after.framing == before.framing);
      REQUIRE(after.content_length == before.content_length);
      REQUIRE(after.authority == before.authority);
    }
  }
  REQUIRE(accepted > 100);
}

TEST_CASE("lines of one name keep their order and are never made one", "[http]") {
  const std::string cookies =
      "Set-Cookie: a=1\r\nX: y\r\nset-cookie: b=2, c\r\nSet-Cookie: a=3\r\n";
  CHECK(back("HTTP/1.1 200 OK\r\n" + cookies + "Content-Length: 0\r\n\r\n", 1) ==
        "HTTP/1.1 200 OK\r\n" + cookies + "Content-Length: 0\r\n\r\n");
  const std::string lines = "Accept: a\r\nCookie: b=1\r\nAccept: c\r\ncookie: d=2\r\n";
  CHECK(through(with(lines)) == "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\n" + lines + "\r\n");
}

TEST_CASE("an accepted response means the same once rendered", "[http]") {
  for (const ResponseCase& row : accepted_responses()) {
    INFO(row.says);
    ResponseHead before, after;
    REQUIRE(ResponseParser().parse(row.bytes, row.asked, before).complete());
    const auto bytes = back(row.bytes, 1, row.asked);
    REQUIRE(ResponseParser().parse(bytes, row.asked, after).complete());
    CHECK(after.status == before.status);
    CHECK(after.framing == framing_towards(1, before));
    CHECK(after.content_length == before.content_length);
    CHECK(after.declares_length == before.declares_length);
  }
}

}  // namespace
}  // namespace forwarder::http

TEST_CASE("edits are made of what comes of the edits before them", "[forwarder_http]") {
  using namespace forwarder::http;
  const std::array<std::string_view, 2> gone{"x-came", "X-First"};
  const std::array<Header, 1> last{{{"X-Came", "again"}}};
  const Edits second{.remove = gone, .add = last};
  const std::array<Header, 2> added{{{"x-first", "1"}, {"x-stays", "2"}}};
  const Edits first{.add = added, .then = &second};
  RequestHead head;
  head.method = "GET";
  head.path = "/";
  head.authority = "h";
  head.headers = {{"X-Came", "once"}, {"Accept", "*/*"}};
  std::string out;
  render_request(head, {}, first, out);
  CHECK(out == "GET / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nx-stays: 2\r\nX-Came: again\r\n\r\n");
  out.clear();
  const std::array<Header, 2> own{{{"Date", "now"}, {"X-First", "here"}}};
  render_reply({200, own, "", first}, ReplyBody::sent, Connection::keep_alive, out);
  CHECK(out ==
        "HTTP/1.1 200 OK\r\nDate: now\r\nx-stays: 2\r\nX-Came: again\r\n"
        "Content-Length: 0\r\n\r\n");
}
