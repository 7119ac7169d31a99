#include "forwarder/net/outgoing_request.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "forwarder/http/parser.hpp"
#include "tests/unit/base/loop_story.hpp"

using namespace forwarder;
using namespace forwarder::net;

namespace {

struct RequestStory : LoopStory {
  // The head as it goes upstream; what follows it in `text` is the beginning of the body.
  std::string sent(OutgoingRequest& request, const std::string& text) {
    http::RequestHead head;
    const auto parsed = http::RequestParser().parse(text, head);
    INFO(parsed.reject.reason);
    REQUIRE(parsed.complete());
    request.note(head);
    request.render(head, forward, "10.0.0.9");
    request.start_body(std::string_view(text).substr(parsed.consumed));
    return std::string(request.bytes());
  }

  Forward forward;
  base::Published<Table> tables;
  Limits limits;
  Timeouts timeouts;
  Workspace work{*loop, tables, limits, timeouts, base::Random(1)};
};

std::string request_of(const std::string& method) {
  return method + " / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 8\r\n\r\nbody";
}

}  // namespace

TEST_CASE("what may be sent again is kept, and nothing else once it was sent", "[forwarder_net]") {
  RequestStory story;
  OutgoingRequest put(story.work), post(story.work);
  REQUIRE(story.sent(put, request_of("PUT")).ends_with("\r\n\r\nbody"));
  REQUIRE(story.sent(post, request_of("POST")).ends_with("\r\n\r\nbody"));
  put.continue_body("more");
  post.continue_body("more");
  CHECK(put.replayable());
  CHECK(put.bytes().ends_with("\r\n\r\nbodymore"));
  CHECK_FALSE(post.replayable());
  CHECK(post.bytes().empty());
}
