// One agent's end of the gossip port for tests: its inbox, links and gRPC server on a loopback port
// of the kernel's choice. wait_for() blocks until an event comes; a test that would wait for ever
// fails after kPatience.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <condition_variable>
#include <deque>

#include "discovery/rpc/client.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/server.hpp"

#include <catch2/catch.hpp>

namespace discovery::rpc {

inline constexpr auto kPatience = std::chrono::seconds(60);

class AgentUnderTest {
 public:
  explicit AgentUnderTest(std::shared_ptr<Security> with = Security::insecure())
      : security(std::move(with)), server_(links, security) {}
  ~AgentUnderTest() { stop(); }

  // `port` 0: any.
  base::SocketAddress listen(std::uint16_t port = 0) {
    int bound = 0;
    grpc::ServerBuilder builder;
    server_.add_to(builder);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), server_.credentials(), &bound);
    grpc_server_ = builder.BuildAndStart();
    REQUIRE(grpc_server_);
    return {*base::IpAddress::parse("127.0.0.1"), static_cast<std::uint16_t>(bound)};
  }

  void stop() {
    links.stop();
    if (grpc_server_) grpc_server_->Shutdown();
    grpc_server_.reset();
  }

  LinkId dial(const base::SocketAddress& to) { return rpc::dial(links, to, security); }

  // The first event of this kind that has not been taken yet; others stay.
  template <class Event>
  Event wait_for() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      for (auto at = waiting_.begin(); at != waiting_.end(); ++at)
        if (std::holds_alternative<Event>(*at)) {
          auto event = std::get<Event>(std::move(*at));
          waiting_.erase(at);
          return event;
        }
      if (!drain(deadline)) FAIL("waited in vain for event number " << LinkEvent(Event{}).index());
    }
  }

  Frame wait_for_frame() {
    auto event = wait_for<LinkFrame>();
    links.consumed(event.link);
    return std::move(event.frame);
  }

  template <class Event>
  std::size_t count() {
    drain({});
    return static_cast<std::size_t>(
        std::count_if(waiting_.begin(), waiting_.end(),
                      [](const auto& event) { return std::holds_alternative<Event>(event); }));
  }

  void send(LinkId link, Frame frame) {
    links.pump(link, [&] { return std::optional(std::move(frame)); });
  }

 private:
  // False when nothing came until the deadline.
  bool drain(std::chrono::steady_clock::time_point deadline) {
    {
      std::unique_lock lock(mutex_);
      if (!woken_.wait_until(lock, deadline, [this] { return awake_; })) return false;
      awake_ = false;
    }
    std::vector<LinkEvent> batch;
    inbox_.drain(batch);
    for (auto& event : batch) waiting_.push_back(std::move(event));
    return true;
  }

  void wake() {
    const std::lock_guard lock(mutex_);
    awake_ = true;
    woken_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;
  std::deque<LinkEvent> waiting_;
  base::Inbox<LinkEvent> inbox_{16, [this] { wake(); }};

 public:
  const std::shared_ptr<Security> security;
  Links links{inbox_};

 private:
  Server server_;
  std::unique_ptr<grpc::Server> grpc_server_;
};

}  // namespace discovery::rpc
