#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace base::net;
using namespace std::chrono_literals;

namespace {

const std::string kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: svc.test\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\n\r\n";
const std::string kSwitched =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

// Switches, says "welcome", echoes in capitals, ends when the client does.
struct Echo {
  static Task<void> serve(ProxyStory& story, Listener& listener, std::string& head) {
    auto accepted = co_await listener.accept(kNoDeadline);
    Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
    std::array<char, 4096> buffer;
    auto got = co_await stream.read(buffer, story.loop->now() + 20s);
    head.assign(buffer.data(), got.bytes);
    const auto welcome = kSwitched + "welcome";
    co_await stream.write(welcome, story.loop->now() + 20s);
    for (;;) {
      got = co_await stream.read(buffer, story.loop->now() + 20s);
      if (!got) co_return;
      for (std::size_t i = 0; i < got.bytes; ++i)
        buffer[i] = static_cast<char>(std::toupper(buffer[i]));
      const std::string_view echo(buffer.data(), got.bytes);
      co_await stream.write(echo, story.loop->now() + 20s);
    }
  }
  static Task<void> read_until(Stream& stream, std::string end, std::string& seen) {
    std::array<char, 4096> buffer;
    while (!seen.ends_with(end)) {
      const auto got = co_await stream.read(buffer, stream.loop().now() + 20s);
      if (!got) co_return;
      seen.append(buffer.data(), got.bytes);
    }
  }
};

}  // namespace

TEST_CASE("a connection that switches protocols becomes a tunnel, with what was sent ahead",
          "[forwarder_net]") {
  ProxyStory story;
  auto listener = std::move(*Listener::open(*story.loop, {base::IpAddress::v4(0x7f000001), 0}));
  auto& server = story.server(answer_with(""));
  server.die();
  server.address = listener->address();
  story.publish({{&server}});
  story.start();
  std::string head, seen;
  Scope scope(*story.loop);
  scope.spawn(Echo::serve(story, *listener, head));
  Client client(story);
  client.send(kUpgrade + "ahead");
  story.run(Echo::read_until(client.stream(), "AHEAD", seen));
  REQUIRE(head.find("Connection: upgrade\r\nUpgrade: websocket\r\n") != std::string::npos);
  REQUIRE(seen == kSwitched + "welcomeAHEAD");
  client.send("more");
  story.run(Echo::read_until(client.stream(), "MORE", seen));
  client.stream().shutdown_write();
  REQUIRE(client.at_end());
  story.turn_until([&] { return story.totals().connections_open == 0; });
  REQUIRE(story.totals().tunnels == 1);
}

TEST_CASE("an upstream that does not switch just answers", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("no"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kUpgrade).body == "no");
  REQUIRE(client.ask(kUpgrade).body == "no");
  REQUIRE(server.connections == 1);
}

TEST_CASE("a switch that nobody asked for is a 502", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server([](const std::string&, std::size_t) { return Answer{kSwitched}; });
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 502);
}

TEST_CASE("a side of a tunnel may pause in its reading for as long as the tunnel may be idle",
          "[forwarder_net]") {
  constexpr std::size_t kWords = 32'000'000;  // more than the sockets hold
  forwarder::net::Config config;
  config.timeouts.body_idle = 50ms;
  ProxyStory story(config);
  auto listener = std::move(*Listener::open(*story.loop, {base::IpAddress::v4(0x7f000001), 0}));
  auto& server = story.server(answer_with(""));
  server.die();
  server.address = listener->address();
  story.publish({{&server}});
  story.start();
  struct Talk {
    static Task<void> much(ProxyStory& story, Listener& listener) {
      auto accepted = co_await listener.accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      co_await stream.read(buffer, story.loop->now() + 20s);
      const auto words = kSwitched + std::string(kWords, 'x');
      co_await stream.write(words, story.loop->now() + 20s);
      stream.shutdown_write();
      co_await stream.read(buffer, story.loop->now() + 20s);
    }
    static Task<void> listen_late(Stream& stream, std::size_t& heard) {
      std::array<char, 4096> buffer;
      co_await sleep_until(stream.loop(), stream.loop().now() + 300ms);
      auto got = co_await stream.read(buffer, stream.loop().now() + 20s);
      while (got) {
        heard += got.bytes;
        got = co_await stream.read(buffer, stream.loop().now() + 20s);
      }
    }
  };
  Scope scope(*story.loop);
  scope.spawn(Talk::much(story, *listener));
  Client client(story);
  client.send(kUpgrade);
  std::size_t heard = 0;
  story.run(Talk::listen_late(client.stream(), heard));
  REQUIRE(heard == kSwitched.size() + kWords);
}
