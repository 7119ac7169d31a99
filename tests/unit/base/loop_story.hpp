// A loop and a scope for a test: tell what should happen, then turn the loop until it has.
#pragma once

#include <functional>
#include <memory>

#include "base/net/event_loop.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"

struct LoopStory {
  std::unique_ptr<base::net::EventLoop> loop = std::move(*base::net::EventLoop::make());
  base::net::Scope scope{*loop};

  // Only ctest's own timeout bounds this: a hang is a failure, a slow machine is not.
  void turn_until(const std::function<bool()>& done) {
    while (!done()) loop->turn(std::chrono::milliseconds(50));
  }
  void finish() {
    turn_until([this] { return scope.size() == 0; });
  }
  base::TimePoint in(base::Duration d) const { return loop->now() + d; }
};

// Both ends of a loopback connection, each a Stream of `story.loop`.
struct Ends {
  std::unique_ptr<base::net::Stream> client, server;
};

inline base::SocketAddress loopback(std::uint16_t port = 0) {
  return {base::IpAddress::v4(0x7f000001), port};
}

inline base::net::Task<void> connect_ends(LoopStory& story, Ends& ends) {
  auto listener = std::move(*base::net::Listener::open(*story.loop, loopback()));
  auto fd = std::move(*base::net::start_connect(listener->address()));
  ends.client = std::make_unique<base::net::Stream>(*story.loop, std::move(fd),
                                                    base::net::Stream::State::connecting);
  co_await ends.client->connected(story.in(std::chrono::seconds(5)));
  auto accepted = co_await listener->accept(story.in(std::chrono::seconds(5)));
  ends.server = std::make_unique<base::net::Stream>(*story.loop, std::move(accepted->fd),
                                                    base::net::Stream::State::connected);
}

inline Ends connected_ends(LoopStory& story) {
  Ends ends;
  story.scope.spawn(connect_ends(story, ends));
  story.finish();
  return ends;
}
