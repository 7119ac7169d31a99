#include "agent/http_server.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/agent/http_client.hpp"

using namespace agent;
using namespace std::chrono_literals;

namespace {

HttpReply repeat(const HttpRequest& request) {
  std::string said(request.method);
  said.append(" ")
      .append(request.path)
      .append(" ")
      .append(request.query)
      .append(" ")
      .append(request.body);
  return {200, said, "text/plain"};
}

std::string reply_of(std::string_view status, std::string_view body, std::string_view more = "") {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

constexpr std::string_view kClose = "Connection: close\r\n";

std::string request(const std::string& line, const std::string& rest = "\r\n") {
  return line + " HTTP/1.1\r\nHost: a\r\n" + rest;
}
const std::string kLast = request("GET /last", "Connection: close\r\n\r\n");
std::string last_reply() { return reply_of("200 OK", "GET /last  ", kClose); }

int status_of(const std::string& reply) {
  return std::stoi("0" + reply.substr(std::min<std::size_t>(9, reply.size()), 3));
}

}  // namespace

TEST_CASE("requests on one connection are answered in order", "[agent]") {
  HttpServerStory story(repeat);
  const auto bytes =
      request("GET /a?b=c") + request("POST /d", "Content-Length: 4\r\n\r\nbody") +
      request("PUT /e", "Transfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n1\r\nz\r\n0\r\n\r\n") + kLast;
  const auto expected = reply_of("200 OK", "GET /a b=c ") + reply_of("200 OK", "POST /d  body") +
                        reply_of("200 OK", "PUT /e  xyz") + last_reply();
  CHECK(story.exchange(bytes) == expected);
  std::vector<std::string> one_by_one;
  for (const char byte : bytes) one_by_one.emplace_back(1, byte);
  CHECK(story.exchange(one_by_one) == expected);
  CHECK(story.server->counts().requests == 8);
}

TEST_CASE("HEAD gets the head alone", "[agent]") {
  HttpServerStory story(repeat);
  CHECK(story.exchange(request("HEAD /a") + kLast) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n" + last_reply());
}

TEST_CASE("HTTP/1.0 gets its answer and the end", "[agent]") {
  HttpServerStory story(repeat);
  CHECK(story.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") ==
        reply_of("200 OK", "GET /  ", kClose));
}

TEST_CASE("a body that waits for 100 Continue is asked for", "[agent]") {
  HttpServerStory story(repeat);
  const auto head =
      request("POST /", "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n");
  const auto reply = reply_of("200 OK", "POST /  hi", kClose);
  CHECK(story.exchange({head, "hi"}) == "HTTP/1.1 100 Continue\r\n\r\n" + reply);
  CHECK(story.exchange(head + "hi") == reply);
}

TEST_CASE("what can't be read is refused with its status, and the connection ends", "[agent]") {
  struct Row {
    std::string_view says;
    std::string bytes;
    int status;
  };
  const Row rows[] = {
      {"garbage", "\x16\x03\x01\x02\x03", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"a head too large", request("GET /", "X: " + std::string(70000, 'x')), 431},
      {"a target too long", request("GET /" + std::string(9000, 'x')), 414},
      {"another expectation", request("GET /", "Expect: tea\r\n\r\n"), 417},
      {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"another version", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
      {"a declared body too large", request("POST /", "Content-Length: 65\r\n\r\n"), 413},
      {"a chunked body too large",
       request("POST /",
               "Transfer-Encoding: chunked\r\n\r\n41\r\n" + std::string(65, 'x') + "\r\n"),
       413},
      {"a malformed chunk", request("POST /", "Transfer-Encoding: chunked\r\n\r\n-1\r\n"), 400},
  };
  HttpServer::Limits limits;
  limits.body = 64;
  HttpServerStory story(repeat, limits);
  for (const Row& row : rows) {
    INFO(row.says);
    const auto reply = story.exchange(row.bytes + kLast);
    CHECK(status_of(reply) == row.status);
    CHECK(reply.find(kClose) != std::string::npos);
    CHECK(reply.find("/last") == std::string::npos);
  }
  CHECK(story.server->counts().refused == std::size(rows));
  CHECK(story.server->counts().requests == 0);
}

TEST_CASE("a request that does not end in time is answered 408, an idle connection ended",
          "[agent]") {
  HttpServer::Limits limits;
  limits.idle = limits.request = 2ms;
  HttpServerStory story(repeat, limits);
  CHECK(story.exchange("").empty());
  CHECK(status_of(story.exchange("GET / HT")) == 408);
  CHECK(status_of(story.exchange(request("POST /", "Content-Length: 2\r\n\r\nx"))) == 408);
}

TEST_CASE("beyond the limit the connection that is idle longest gives way", "[agent]") {
  HttpServer::Limits limits;
  limits.connections = 1;
  HttpServerStory story(repeat, limits);
  std::string first, second;
  story.scope.spawn(HttpServerStory::talk(story, {request("GET /")}, first));
  story.turn_until([&] { return !first.empty(); });
  story.scope.spawn(HttpServerStory::talk(story, {request("GET /")}, second));
  story.turn_until([&] { return !second.empty(); });
  story.turn_until([&] { return story.scope.size() == 1; });
  CHECK(story.server->counts().turned_away == 0);
  story.scope.cancel();
}

TEST_CASE("beyond the limit and with nobody idle, connections are closed and counted", "[agent]") {
  HttpServer::Limits limits;
  limits.connections = 1;
  bool asked = false;
  HttpServerStory story(
      [&asked](const HttpRequest& request) {
        asked = true;
        auto reply = repeat(request);
        reply.after = std::chrono::hours(1);
        return reply;
      },
      limits);
  std::string first, second;
  story.scope.spawn(HttpServerStory::talk(story, {request("GET /")}, first));
  story.turn_until([&] { return asked; });
  story.scope.spawn(HttpServerStory::talk(story, {request("GET /")}, second));
  story.turn_until([&] { return story.server->counts().turned_away == 1; });
  story.turn_until([&] { return story.scope.size() == 1; });
  CHECK(second.empty());
  story.scope.cancel();
}

TEST_CASE("a reply that waits does not hold up another connection", "[agent]") {
  HttpServerStory story([](const HttpRequest& asked) {
    auto reply = repeat(asked);
    if (asked.path == "/slow") reply.after = std::chrono::hours(1);
    return reply;
  });
  std::string slow;
  story.scope.spawn(HttpServerStory::talk(story, {request("GET /slow")}, slow));
  story.turn_until([&] { return story.server->counts().requests == 1; });
  std::string quick;
  story.scope.spawn(HttpServerStory::talk(story, {kLast}, quick));
  story.turn_until([&] { return story.scope.size() == 1; });
  CHECK(quick == last_reply());
  CHECK(slow.empty());
  story.server.reset();
  story.finish();
  CHECK(slow.empty());
}

TEST_CASE("an address in use is an error that names it", "[agent]") {
  HttpServerStory story(repeat);
  const auto taken = story.server->addresses()[0];
  const auto second = HttpServer::open(*story.loop, {taken}, repeat);
  REQUIRE(!second);
  CHECK(second.error().message.find(taken.to_string()) != std::string::npos);
}
