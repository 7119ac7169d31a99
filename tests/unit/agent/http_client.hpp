// A client on the server's own loop: sends bytes as they are, reads until the server closes.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "agent/http_server.hpp"
#include "tests/unit/base/loop_story.hpp"

struct HttpServerStory : LoopStory {
  std::unique_ptr<agent::HttpServer> server;

  explicit HttpServerStory(agent::Respond respond, agent::HttpServer::Limits limits = {})
      : server(
            std::move(*agent::HttpServer::open(*loop, {loopback()}, std::move(respond), limits))) {}

  // What the server says to `parts`, each sent once the one before has been taken by the kernel.
  std::string exchange(std::vector<std::string> parts) {
    std::string heard;
    scope.spawn(talk(*this, std::move(parts), heard));
    finish();
    return heard;
  }
  std::string exchange(std::string bytes) { return exchange(std::vector{std::move(bytes)}); }

  static base::net::Task<void> talk(HttpServerStory& story, std::vector<std::string> parts,
                                    std::string& heard) {
    constexpr auto kPatience = std::chrono::seconds(30);
    auto fd = std::move(*base::net::start_connect(story.server->addresses()[0]));
    base::net::Stream stream(*story.loop, std::move(fd), base::net::Stream::State::connecting);
    co_await stream.connected(story.in(kPatience));
    for (const std::string& part : parts) {
      co_await stream.write(part, story.in(kPatience));
      co_await base::net::next_turn(*story.loop);
    }
    std::array<char, 4096> buffer;
    for (;;) {
      const auto got = co_await stream.read(buffer, story.in(kPatience));
      if (!got) co_return;
      heard.append(buffer.data(), got.bytes);
    }
  }
};
