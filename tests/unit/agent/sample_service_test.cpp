#include "agent/sample_service.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/agent/http_client.hpp"

using namespace agent;
using namespace std::chrono_literals;

namespace {

HttpReply ask(SampleService& sample, std::string_view path, std::string_view query = "") {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.query = query;
  request.host = "ratings.mesh:9080";
  return sample.respond(request);
}

}  // namespace

TEST_CASE("a sample service says who it is and what arrived", "[agent]") {
  SampleService sample({"ratings", "v2", "east"});
  HttpServerStory story([&](const HttpRequest& request) { return sample.respond(request); });
  const auto heard = story.exchange(
      "GET /a?b=c HTTP/1.1\r\nHost: ratings.mesh\r\nX-Tag: 7\r\nAccept: */*\r\nConnection: "
      "close\r\n\r\n");
  CHECK(heard.ends_with(
      "{\"service\":\"ratings\",\"version\":\"v2\",\"cluster\":\"east\",\"requests\":1,"
      "\"method\":\"GET\",\"path\":\"/a\",\"query\":\"b=c\","
      "\"headers\":{\"host\":\"ratings.mesh\",\"x-tag\":\"7\"}}\n"));
}

TEST_CASE("a sample service echoes a body with its type", "[agent]") {
  SampleService sample({"ratings", "v1", "west"});
  HttpServerStory story([&](const HttpRequest& request) { return sample.respond(request); });
  CHECK(story.exchange(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\nContent-Length: 3\r\n"
            "Connection: close\r\n\r\nabc") ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nContent-Length: 3\r\nConnection: "
        "close\r\n\r\nabc");
}

TEST_CASE("a sample service answers late or with a status when asked to", "[agent]") {
  SampleService sample({"ratings", "v1", "west"});
  CHECK(ask(sample, "/slow", "ms=250").after == 250ms);
  CHECK(ask(sample, "/slow", "ms=4000000000").after == SampleService::kMaxDelay);
  CHECK(ask(sample, "/slow", "ms=x").status == 400);
  CHECK(ask(sample, "/slow").status == 400);
  CHECK(ask(sample, "/status/503").status == 503);
  CHECK(ask(sample, "/status/99").status == 400);
  CHECK(ask(sample, "/status/600").status == 400);
  CHECK(ask(sample, "/status/").status == 400);
  CHECK(ask(sample, "/status/4294967500").status == 400);
  CHECK(ask(sample, "/").after == 0ms);
  CHECK(sample.requests() == 10);
}
