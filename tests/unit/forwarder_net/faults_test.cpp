// Whose fault it is when an answer does not end: only an endpoint's own marks it (Endpoints).

#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace base::net;
using namespace std::chrono_literals;

namespace {

const std::string kBegun = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";

// An upstream that answers before it has the whole request, and behind it one that takes over when
// the first is avoided.
struct EarlyStory : ProxyStory {
  explicit EarlyStory(forwarder::net::Config config = {})
      : ProxyStory(std::move(config)),
        early(server(answer_with(""))),
        far(server(answer_with("far"))),
        listener(std::move(*Listener::open(*loop, {base::IpAddress::v4(0x7f000001), 0}))) {
    early.die();
    early.address = listener->address();
    publish({{&early}, {&far}});
    start();
    serving.spawn(serve());
  }

  // Half an answer to its first client, a whole one to those behind it.
  Task<void> serve() {
    std::array<char, 4096> buffer;
    for (bool first = true;; first = false) {
      auto accepted = co_await listener->accept(kNoDeadline);
      Stream stream(*loop, std::move(accepted->fd), Stream::State::connected);
      co_await stream.read(buffer, loop->now() + 20s);
      const auto answer = first ? kBegun : ok("near");
      co_await stream.write(answer, loop->now() + 20s);
      auto got = co_await stream.read(buffer, loop->now() + 20s);
      while (got) got = co_await stream.read(buffer, loop->now() + 20s);
    }
  }

  Server &early, &far;
  std::unique_ptr<Listener> listener;
  Scope serving{*loop};
};

}  // namespace

TEST_CASE("a client that spoils its request marks no endpoint, also when its answer has begun",
          "[forwarder_net]") {
  EarlyStory story;
  Client client(story);
  client.send("POST / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  story.turn_until([&] { return story.totals().responses_2xx == 1; });
  SECTION("with framing that is none") {
    client.send("zz\r\n");
    REQUIRE_FALSE(client.receive().complete);
  }
  SECTION("by going away") {
    client.stream().abort_on_close();
    client.close();
  }
  story.turn_until([&] { return story.totals().client_gone + story.totals().responses_cut == 1; });
  REQUIRE(story.totals().client_gone == 1);
  Client other(story);
  REQUIRE(other.ask(kGet).body == "near");
}

TEST_CASE("an answer that falls silent marks no endpoint", "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.stream_idle = 30ms;
  EarlyStory story(config);
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.body == "half");
  REQUIRE_FALSE(response.complete);
  story.turn_until([&] { return story.totals().responses_cut == 1; });
  Client other(story);
  REQUIRE(other.ask(kGet).body == "near");
}

TEST_CASE("a stream may pause longer than a body may stop, either way", "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.body_idle = 30ms;
  EarlyStory story(config);
  story.serving.cancel();
  struct Story {
    static Task<void> serve(EarlyStory& story) {
      auto accepted = co_await story.listener->accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      co_await stream.read(buffer, story.loop->now() + 20s);
      co_await stream.write(kBegun, story.loop->now() + 20s);
      // The client's next word comes after a pause, our own after another.
      co_await stream.read(buffer, story.loop->now() + 20s);
      co_await sleep_until(*story.loop, story.loop->now() + 100ms);
      co_await stream.write("4\r\nmore\r\n0\r\n\r\n", story.loop->now() + 20s);
      auto got = co_await stream.read(buffer, story.loop->now() + 20s);
      while (got) got = co_await stream.read(buffer, story.loop->now() + 20s);
    }
    static Task<void> pause(EventLoop& loop) { co_await sleep_until(loop, loop.now() + 100ms); }
  };
  story.serving.spawn(Story::serve(story));
  Client client(story);
  client.send("POST / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  story.turn_until([&] { return story.totals().responses_2xx == 1; });
  story.run(Story::pause(*story.loop));
  client.send("2\r\ncd\r\n0\r\n\r\n");
  const auto response = client.receive();
  REQUIRE(response.body == "halfmore");
  REQUIRE(response.complete);
}
