#include "forwarder/http/forwarded.hpp"

#include <catch2/catch.hpp>

#include "forwarder/http/parser.hpp"

namespace forwarder::http {
namespace {

// What stands behind the Host line of a request that a client at 10.0.0.9 sent with these lines.
std::string passed_on(const std::string& lines, const std::string& host = "",
                      const std::string& start = "GET / HTTP/1.1") {
  RequestHead head;
  const auto text = start + "\r\nHost: svc.test\r\n" + lines + "\r\n";
  REQUIRE(RequestParser().parse(text, head).complete());
  std::string scratch, out;
  const ForwardedFields fields(head, {"10.0.0.9", "http", host}, scratch);
  render_request(head, {"", host}, fields.edits(), out);
  const auto behind_host = out.find("\r\n", out.find("\r\n") + 2) + 2;
  return out.substr(behind_host, out.size() - behind_host - 2);
}

const std::string kProto = "X-Forwarded-Proto: http\r\n";
const std::string kVia = "Via: 1.1 nearmost\r\n";

TEST_CASE("a gateway says who asked, and that it was here", "[http]") {
  CHECK(passed_on("") == "X-Forwarded-For: 10.0.0.9\r\n" + kProto + kVia);
  CHECK(passed_on("X-Forwarded-For: 1.1.1.1\r\nA: b\r\nx-forwarded-for: 2.2.2.2, 3.3.3.3\r\n") ==
        "A: b\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9\r\n" + kProto + kVia);
  CHECK(passed_on("Via: 1.0 edge\r\nX-Forwarded-Proto: https\r\n") ==
        "Via: 1.0 edge\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 10.0.0.9\r\n" + kVia);
  CHECK(passed_on("", "", "GET / HTTP/1.0") ==
        "X-Forwarded-For: 10.0.0.9\r\n" + kProto + "Via: 1.0 nearmost\r\n");
}

TEST_CASE("the host that was asked for is said where Host changes", "[http]") {
  const std::string rest = "X-Forwarded-For: 10.0.0.9\r\n" + kProto;
  CHECK(passed_on("", "other.test") == rest + "X-Forwarded-Host: svc.test\r\n" + kVia);
  CHECK(passed_on("", "SVC.test") == rest + kVia);
  CHECK(passed_on("X-Forwarded-Host: shop.example\r\n", "other.test") ==
        "X-Forwarded-Host: shop.example\r\n" + rest + kVia);
}

TEST_CASE("what a client takes back with Connection is not passed on", "[http]") {
  CHECK(passed_on("X-Forwarded-For: 1.1.1.1\r\nConnection: X-Forwarded-For\r\n") ==
        "X-Forwarded-For: 10.0.0.9\r\n" + kProto + kVia);
  CHECK(passed_on("X-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\nVia: 1.1 b\r\n"
                  "Connection: x-forwarded-proto, x-forwarded-host, via\r\n",
                  "other.test") ==
        "X-Forwarded-For: 10.0.0.9\r\n" + kProto + "X-Forwarded-Host: svc.test\r\n" + kVia);
}

TEST_CASE("TRACE and OPTIONS may go one hop less far", "[http]") {
  const std::string rest = "X-Forwarded-For: 10.0.0.9\r\n" + kProto + kVia;
  const std::string lines = "Max-Forwards: 10\r\n";
  CHECK(passed_on(lines, "", "TRACE / HTTP/1.1") == rest + "Max-Forwards: 9\r\n");
  CHECK(passed_on(lines, "", "OPTIONS / HTTP/1.1") == rest + "Max-Forwards: 9\r\n");
  CHECK(passed_on(lines) == lines + rest);
  CHECK(passed_on("Max-Forwards: 99999999999999999999\r\n", "", "TRACE / HTTP/1.1") ==
        rest + "Max-Forwards: 18446744073709551614\r\n");
}

TEST_CASE("addresses in X-Forwarded-For are counted over all its lines", "[http]") {
  RequestHead head;
  head.headers = {{"X-Forwarded-For", "a, b,, c"}, {"X", "y"}, {"x-FORWARDED-for", "d"}};
  CHECK(times_forwarded(head) == 4);
}

}  // namespace
}  // namespace forwarder::http
