// Requests as bytes, each with the one verdict it must get; the fuzzers start from the same table.
//
// Verdicts follow RFC 9112 and, where that allows leniency, what smuggling suites ask for (strict).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forwarder::http {

using namespace std::string_literals;

struct RequestCase {
  std::string_view says;
  std::string bytes;
  int status;  // of the refusal; 0: accepted
};

// A well-formed request but for one field line (or some).
inline std::string with(const std::string& lines) {
  return "POST /a HTTP/1.1\r\nHost: ratings.mesh\r\n" + lines + "\r\n";
}
inline std::string line(const std::string& request_line) {
  return request_line + "\r\nHost: ratings.mesh\r\n\r\n";
}
inline std::string host(const std::string& value) {
  return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n";
}

inline std::vector<RequestCase> request_line_cases() {
  return {
      {"a plain GET", line("GET / HTTP/1.1"), 0},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"one empty line before it", "\r\n" + line("GET / HTTP/1.1"), 0},
      {"an unknown method", line("BREW /pot HTTP/1.1"), 0},
      {"a lower-case method is another method", line("get / HTTP/1.1"), 0},
      {"a query", line("GET /a?b=c&d HTTP/1.1"), 0},
      {"an empty query", line("GET /a? HTTP/1.1"), 0},
      {"a target of two slashes", line("GET //a HTTP/1.1"), 0},
      {"OPTIONS *", line("OPTIONS * HTTP/1.1"), 0},
      {"absolute-form", line("GET http://other.mesh:8080/a?b HTTP/1.1"), 0},
      {"absolute-form without a path", line("GET HTTP://other.mesh HTTP/1.1"), 0},
      {"the longest target", line("GET /" + std::string(8191, 'a') + " HTTP/1.1"), 0},
      {"two empty lines before it", "\r\n\r\n" + line("GET / HTTP/1.1"), 400},
      {"a bare CR before it", "\rGET / HTTP/1.1\r\n\r\n", 400},
      {"a bare LF before it", "\n" + line("GET / HTTP/1.1"), 400},
      {"a space before it", " " + line("GET / HTTP/1.1"), 400},
      {"a method that is no token", line("GE(T / HTTP/1.1"), 400},
      {"NUL in the method", line("GE\0T / HTTP/1.1"s), 400},
      {"a method too long", line(std::string(33, 'M') + " / HTTP/1.1"), 501},
      {"two spaces behind the method", line("GET  / HTTP/1.1"), 400},
      {"a tab behind the method", line("GET\t/ HTTP/1.1"), 400},
      {"two spaces behind the target", line("GET /  HTTP/1.1"), 400},
      {"a space in the target", line("GET /a b HTTP/1.1"), 400},
      {"a tab in the target", line("GET /a\tb HTTP/1.1"), 400},
      {"a fragment", line("GET /a#b HTTP/1.1"), 400},
      {"a byte above ASCII in the target", line("GET /\xc3\xa9 HTTP/1.1"), 400},
      {"a control byte in the target", line("GET /\x01 HTTP/1.1"), 400},
      {"DEL in the target", line("GET /\x7f HTTP/1.1"), 400},
      {"NUL in the target", line("GET /\0 HTTP/1.1"s), 400},
      {"a target too long", line("GET /" + std::string(8192, 'a') + " HTTP/1.1"), 414},
      {"a target without a slash", line("GET a HTTP/1.1"), 400},
      {"* with another method", line("GET * HTTP/1.1"), 400},
      {"* with something behind", line("OPTIONS *a HTTP/1.1"), 400},
      {"another scheme", line("GET ftp://ratings.mesh/ HTTP/1.1"), 400},
      {"https on a plain connection", line("GET https://ratings.mesh/ HTTP/1.1"), 421},
      {"HTTPS in capitals", line("GET HTTPS://ratings.mesh HTTP/1.1"), 421},
      {"a scheme without a host", line("GET http:///a HTTP/1.1"), 400},
      {"user information in the target", line("GET http://a@ratings.mesh/ HTTP/1.1"), 400},
      {"CONNECT", line("CONNECT ratings.mesh:80 HTTP/1.1"), 501},
      {"authority-form with another method", line("GET ratings.mesh:80 HTTP/1.1"), 400},
      {"a tunnelled HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"HTTP/0.9", "GET /\r\n", 400},
      {"no version", line("GET / "), 400},
      {"HTTP/1.2", line("GET / HTTP/1.2"), 505},
      {"HTTP/2.0", line("GET / HTTP/2.0"), 505},
      {"HTTP/0.9 by name", line("GET / HTTP/0.9"), 505},
      {"two digits of version", line("GET / HTTP/1.01"), 400},
      {"a version without a dot", line("GET / HTTP/11"), 400},
      {"a lower-case version", line("GET / http/1.1"), 400},
      {"another protocol", line("GET / RTSP/1.0"), 400},
      {"a space behind the version", line("GET / HTTP/1.1 "), 400},
      {"a bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"a bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
      {"TLS on the plain port", "\x16\x03\x01\x02"s, 400},
  };
}

inline std::vector<RequestCase> framing_cases() {
  return {
      {"a length", with("Content-Length: 5\r\n"), 0},
      {"a length of nothing", with("Content-Length: 0\r\n"), 0},
      {"the greatest length", with("Content-Length: 9223372036854775807\r\n"), 0},
      {"chunks", with("Transfer-Encoding: chunked\r\n"), 0},
      {"chunks in capitals", with("TRANSFER-ENCODING: Chunked\r\n"), 0},
      {"chunks with spaces around", with("Transfer-Encoding:  chunked \r\n"), 0},
      {"length, then chunks", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunks, then length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {"two lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {"the same length twice", with("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {"a list of lengths", with("Content-Length: 5, 5\r\n"), 400},
      {"a plus sign", with("Content-Length: +5\r\n"), 400},
      {"a minus sign", with("Content-Length: -5\r\n"), 400},
      {"a hexadecimal length", with("Content-Length: 0x5\r\n"), 400},
      {"an octal length", with("Content-Length: 0o5\r\n"), 400},
      {"an underscore", with("Content-Length: 1_0\r\n"), 400},
      {"a fraction", with("Content-Length: 5.0\r\n"), 400},
      {"a space inside", with("Content-Length: 1 0\r\n"), 400},
      {"a tab before the length", with("Content-Length:\t5\r\n"), 400},
      {"an empty length", with("Content-Length: \r\n"), 400},
      {"a leading zero", with("Content-Length: 05\r\n"), 400},
      {"a length beyond 63 bits", with("Content-Length: 9223372036854775808\r\n"), 400},
      {"a length beyond 64 bits", with("Content-Length: 18446744073709551621\r\n"), 400},
      {"another coding", with("Transfer-Encoding: gzip\r\n"), 400},
      {"identity", with("Transfer-Encoding: identity\r\n"), 400},
      {"xchunked", with("Transfer-Encoding: xchunked\r\n"), 400},
      {"gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n"), 400},
      {"chunked, chunked", with("Transfer-Encoding: chunked, chunked\r\n"), 400},
      {"a comma before chunked", with("Transfer-Encoding: ,chunked\r\n"), 400},
      {"a comma behind chunked", with("Transfer-Encoding: chunked,\r\n"), 400},
      {"a parameter", with("Transfer-Encoding: chunked;q=1\r\n"), 400},
      {"quotes", with("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"an empty coding", with("Transfer-Encoding:\r\n"), 400},
      {"VT behind chunked", with("Transfer-Encoding: chunked\v\r\n"), 400},
      {"FF before chunked", with("Transfer-Encoding: \fchunked\r\n"), 400},
      {"NUL behind chunked", with("Transfer-Encoding: chunked\0\r\n"s), 400},
      {"a byte above ASCII behind chunked", with("Transfer-Encoding: chunked\xa0\r\n"), 400},
      {"a tab before chunked", with("Transfer-Encoding:\tchunked\r\n"), 400},
      {"a tab behind chunked", with("Transfer-Encoding: chunked\t\r\n"), 400},
      {"chunked on a folded line", with("Transfer-Encoding:\r\n chunked\r\n"), 400},
      {"two codings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"identity, then chunked in another line",
       with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"100-continue", with("Content-Length: 5\r\nExpect: 100-Continue\r\n"), 0},
      {"another expectation", with("Expect: tea\r\n"), 417},
  };
}

inline std::vector<RequestCase> field_cases() {
  std::string most, too_many;
  for (int i = 0; i < 127; ++i) most += "X: y\r\n";
  too_many = most + "X: y\r\n";
  std::string most_options;
  for (int i = 0; i < 32; ++i) most_options += ",x";
  return {
      {"as many connection options as may be", with("Connection: " + most_options + "\r\n"), 0},
      {"an option too many", with("Connection: y" + most_options + "\r\n"), 400},
      {"an option too many over two lines",
       with("Connection: y\r\nConnection: " + most_options + "\r\n"), 400},
      {"an unknown field", with("X-Trace: a, b; c=\"d\"\r\n"), 0},
      {"a field without a value", with("X:\r\n"), 0},
      {"a field with bytes above ASCII", with("X: \xc3\xa9\r\n"), 0},
      {"a tab in a value", with("X: a\tb\r\n"), 0},
      {"every byte of a token", with("!#$%&'*+-.^_`|~09azAZ: x\r\n"), 0},
      {"as many fields as may be", with(most), 0},
      {"a field too many", with(too_many), 431},
      {"a space before the colon", with("X : y\r\n"), 400},
      {"a tab before the colon", with("X\t: y\r\n"), 400},
      {"a space before the colon of Transfer-Encoding", with("Transfer-Encoding : chunked\r\n"),
       400},
      {"a folded line", with("X: a\r\n b\r\n"), 400},
      {"a line folded with a tab", with("X: a\r\n\tb\r\n"), 400},
      {"the first line indented", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"the first line indented with a tab", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 400},
      {"no name", with(": y\r\n"), 400},
      {"no colon", with("X\r\n"), 400},
      {"a name with a slash", with("X/Y: z\r\n"), 400},
      {"a name with a byte above ASCII", with("X\xff: y\r\n"), 400},
      {"a name with NUL", with("X\0: y\r\n"s), 400},
      {"NUL in a value", with("X: a\0b\r\n"s), 400},
      {"BEL in a value", with("X: a\ab\r\n"), 400},
      {"DEL in a value", with("X: a\x7f\r\n"), 400},
      {"a bare CR in a value", with("X: a\rb\r\n"), 400},
      {"CR CR LF behind a value", with("X: a\r\r\n"), 400},
      {"a bare LF behind a value", with("X: a\n"), 400},
      {"a bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"a bare CR as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", 400},
      {"a head too large", with("X: " + std::string(61440, 'x') + "\r\n"), 431},
      {"a head that never ends", "GET / HTTP/1.1\r\nX: " + std::string(61440, 'x'), 431},
  };
}

inline std::vector<RequestCase> max_forwards_cases() {
  const auto asks = [](const std::string& method, const std::string& lines) {
    return method + " / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
  };
  return {
      {"Max-Forwards", asks("OPTIONS", "Max-Forwards: 10\r\n"), 0},
      {"Max-Forwards beyond 64 bits", asks("TRACE", "Max-Forwards: 99999999999999999999\r\n"), 0},
      {"Max-Forwards of a GET is a field like any", asks("GET", "Max-Forwards: x\r\n"), 0},
      {"Max-Forwards that is no number", asks("OPTIONS", "Max-Forwards: -1\r\n"), 400},
      {"an empty Max-Forwards", asks("TRACE", "Max-Forwards:\r\n"), 400},
      {"two Max-Forwards", asks("TRACE", "Max-Forwards: 1\r\nMax-Forwards: 1\r\n"), 400},
  };
}

inline std::vector<RequestCase> host_cases() {
  return {
      {"a name and a port", host("ratings.mesh:9080"), 0},
      {"an IPv4 address", host("127.0.0.1:80"), 0},
      {"an IPv6 address", host("[::1]:80"), 0},
      {"an IPv6 address without a port", host("[fd00::a]"), 0},
      {"a name with an underscore", host("my_service"), 0},
      {"no Host in HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", host("a\r\nHost: a"), 400},
      {"an empty Host", host(""), 400},
      {"user information", host("user@ratings.mesh"), 400},
      {"a path", host("ratings.mesh/a"), 400},
      {"a list", host("a, b"), 400},
      {"a comma", host("a,b"), 400},
      {"a space inside", host("a b"), 400},
      {"a scheme", host("http://a"), 400},
      {"a port that is no number", host("a:b"), 400},
      {"an empty port", host("a:"), 400},
      {"a port too great", host("a:65536"), 400},
      {"a port with many digits", host("a:000080"), 400},
      {"two ports", host("a:80:81"), 400},
      {"a port alone", host(":80"), 400},
      {"brackets left open", host("[::1"), 400},
      {"brackets around nothing", host("[]"), 400},
      {"brackets around a name", host("[ratings]"), 400},
      {"something behind the brackets", host("[::1]a"), 400},
      {"a percent sign", host("a%2eb"), 400},
      {"a backslash", host("a\\b"), 400},
      {"a bad Host beside an absolute target", "GET http://a/ HTTP/1.1\r\nHost: b@c\r\n\r\n", 400},
      {"an empty Host beside an absolute target", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"an absolute target without Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400},
  };
}

inline std::vector<RequestCase> all_request_cases() {
  auto all = request_line_cases();
  for (auto&& more : {framing_cases(), field_cases(), max_forwards_cases(), host_cases()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace forwarder::http
