#include "base/net/stream.hpp"

#include <arpa/inet.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

#include "tests/unit/base/loop_story.hpp"

using namespace base;
using namespace base::net;
using namespace std::chrono_literals;

namespace {

Task<void> send_text(Stream& stream, std::string text, IoResult& result) {
  result = co_await stream.write(text, stream.loop().now() + 10s);
}

Task<void> receive(Stream& stream, std::string& text, TimePoint deadline, IoResult& last) {
  std::array<char, 4096> buffer;
  do {
    last = co_await stream.read(buffer, deadline);
    text.append(buffer.data(), last.bytes);
  } while (last);
}

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

}  // namespace

TEST_CASE("what one end writes the other reads, then the end", "[base_net]") {
  LoopStory story;
  auto ends = connected_ends(story);
  const auto sent =
      pattern(3'000'000);  // more than the sockets hold: the writer has to wait for the reader
  std::string received;
  IoResult written, last;
  story.scope.spawn(send_text(*ends.client, sent, written));
  story.scope.spawn(receive(*ends.server, received, story.in(30s), last));
  story.turn_until([&] { return received.size() == sent.size(); });
  ends.client->shutdown_write();
  story.finish();
  REQUIRE(written);
  REQUIRE(written.bytes == sent.size());
  REQUIRE(last.status == IoStatus::end);
  REQUIRE(received == sent);
}

TEST_CASE("a read ends at its deadline, and so does a write that nobody reads", "[base_net]") {
  LoopStory story;
  auto ends = connected_ends(story);
  struct Story {
    static Task<void> write(Stream& stream, TimePoint deadline, IoResult& result) {
      const auto text = pattern(16'000'000);
      result = co_await stream.write(text, deadline);
    }
  };
  std::string received;
  IoResult written, last;
  story.scope.spawn(receive(*ends.client, received, story.in(2ms), last));
  story.scope.spawn(Story::write(*ends.client, story.in(2ms), written));
  story.finish();
  REQUIRE(last.status == IoStatus::timeout);
  REQUIRE(written.status == IoStatus::timeout);
  REQUIRE(written.bytes > 0);
  REQUIRE(written.bytes < 16'000'000);
}

TEST_CASE("a deadline moved back from wait to wait is honoured each time", "[base_net]") {
  LoopStory story;
  auto ends = connected_ends(story);
  struct Story {
    static Task<void> run(Stream& reader, Stream& writer, std::vector<IoStatus>& statuses) {
      std::array<char, 16> buffer;
      auto& loop = reader.loop();
      auto first = co_await writer.write("a", loop.now() + 1h);
      statuses.push_back(first.status);
      auto far = co_await reader.read(buffer, loop.now() + 1h);  // arms far in the future
      statuses.push_back(far.status);
      auto near = co_await reader.read(buffer, loop.now() + 1ms);
      statuses.push_back(near.status);
      auto nearer = co_await reader.read(buffer, loop.now() + 1ms);
      statuses.push_back(nearer.status);
    }
  };
  std::vector<IoStatus> statuses;
  story.scope.spawn(Story::run(*ends.client, *ends.server, statuses));
  story.finish();
  REQUIRE(statuses == std::vector<IoStatus>{IoStatus::done, IoStatus::done, IoStatus::timeout,
                                            IoStatus::timeout});
}

TEST_CASE("a reset is a failure, not an end", "[base_net]") {
  LoopStory story;
  auto ends = connected_ends(story);
  ends.server->abort_on_close();
  ends.server.reset();
  std::string received;
  IoResult last;
  story.scope.spawn(receive(*ends.client, received, story.in(10s), last));
  story.finish();
  REQUIRE(last.status == IoStatus::failed);
  REQUIRE(last.error_number == ECONNRESET);
  REQUIRE(ends.client->peer_closed());
}

TEST_CASE("a refused connection says so", "[base_net]") {
  LoopStory story;
  SocketAddress closed;
  {
    const auto listener = std::move(*Listener::open(*story.loop, loopback()));
    closed = listener->address();
  }
  struct Story {
    static Task<void> run(LoopStory& story, SocketAddress to, IoResult& result) {
      auto fd = start_connect(to);
      if (!fd) {  // some kernels refuse at once on loopback
        result = {IoStatus::failed, ECONNREFUSED, 0};
        co_return;
      }
      Stream stream(*story.loop, std::move(*fd), Stream::State::connecting);
      result = co_await stream.connected(story.in(10s));
    }
  };
  IoResult result;
  story.scope.spawn(Story::run(story, closed, result));
  story.finish();
  REQUIRE(result.status == IoStatus::failed);
  REQUIRE(result.error_number == ECONNREFUSED);
}

TEST_CASE("a stream that always has bytes lets the others have their turn", "[base_net]") {
  LoopStory story;
  auto busy = connected_ends(story);
  struct Story {
    static Task<void> count(Stream& stream, std::uint64_t& longest) {
      std::array<char, 65536> buffer;
      std::uint64_t turn = 0, in_turn = 0;
      for (;;) {
        const auto got = co_await stream.read(buffer, stream.loop().now() + 10s);
        if (!got) co_return;
        if (turn != stream.loop().turns()) in_turn = 0;
        turn = stream.loop().turns();
        in_turn += got.bytes;
        longest = std::max(longest, in_turn);
      }
    }
  };
  IoResult written;
  std::uint64_t longest = 0;
  story.scope.spawn(send_text(*busy.client, pattern(8'000'000), written));
  story.scope.spawn(Story::count(*busy.server, longest));
  story.turn_until([&] { return written.bytes == 8'000'000; });
  busy.client.reset();
  story.finish();
  REQUIRE(longest > 0);
  REQUIRE(longest <= Stream::kBytesPerTurn + 65536);
}

TEST_CASE("a wildcard is bound only when asked for in so many words", "[base_net]") {
  const auto refused = listen_tcp({IpAddress::v4(0), 0});
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().code == Code::invalid);
  const auto refused6 = bind_udp({*IpAddress::parse("::"), 0});
  REQUIRE_FALSE(refused6);
}

TEST_CASE("a port in use is an error that names the address, unless both sides share it",
          "[base_net]") {
  const auto first = listen_tcp(loopback());
  REQUIRE(first);
  const auto address = *local_address(first->get());
  const auto second = listen_tcp(address);
  REQUIRE_FALSE(second);
  REQUIRE(second.error().message.find(address.to_string()) != std::string::npos);
  REQUIRE_FALSE(listen_tcp(address, {PortSharing::shared, Wildcard::refused}));

  const auto shared = listen_tcp(loopback(), {PortSharing::shared, Wildcard::refused});
  REQUIRE(shared);
  REQUIRE(listen_tcp(*local_address(shared->get()), {PortSharing::shared, Wildcard::refused}));
}

TEST_CASE("addresses survive the way into the kernel's form and back", "[base_net]") {
  for (const auto* text : {"127.0.0.1:80", "10.1.2.3:65535", "[::1]:1", "[2001:db8::1]:443"}) {
    const auto address = *SocketAddress::parse(text);
    sockaddr_storage storage{};
    to_sockaddr(address, storage);
    REQUIRE(from_sockaddr(storage) == address);
  }
}
