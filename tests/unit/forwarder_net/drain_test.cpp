#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace base::net;
using namespace std::chrono_literals;

namespace {

// A server that answers when told to.
struct Patient {
  explicit Patient(ProxyStory& story) : go(*story.loop) {}
  Event go;
};

bool refuses(const base::SocketAddress& address) {
  const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const auto length = to_sockaddr(address, storage);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0;
}

// A listener of the test's own as the only endpoint, so that the test decides when it answers.
struct SlowServer : ProxyStory {
  SlowServer() {
    auto& stand_in = server(answer_with(""));
    stand_in.die();
    stand_in.address = listener->address();
    publish({{&stand_in}});
    start();
  }
  void take_request() {
    struct Take {
      static Task<void> run(Listener& from, std::unique_ptr<Stream>& stream) {
        auto accepted = co_await from.accept(kNoDeadline);
        stream = std::make_unique<Stream>(from.watch().loop(), std::move(accepted->fd),
                                          Stream::State::connected);
        char buffer[4096];
        co_await stream->read(buffer, stream->loop().now() + 20s);
      }
    };
    run(Take::run(*listener, upstream));
  }
  void answer(const std::string& text) {
    struct Write {
      static Task<void> run(Stream& stream, std::string bytes) {
        co_await stream.write(bytes, stream.loop().now() + 20s);
      }
    };
    run(Write::run(*upstream, text));
  }
  std::unique_ptr<Listener> listener =
      std::move(*Listener::open(*loop, {base::IpAddress::v4(0x7f000001), 0}));
  std::unique_ptr<Stream> upstream;
};

}  // namespace

TEST_CASE("draining lets what is under way end, closes what is idle and accepts no more",
          "[forwarder_net]") {
  SlowServer story;
  const auto address = story.address();
  Client busy(story), idle(story);
  REQUIRE(idle.ask("GET / HTTP/1.1\r\nHost: no.test\r\n\r\n").status == 404);
  busy.send(kGet);
  story.take_request();
  std::thread drain([&] { story.forwarder.drain(1h); });
  REQUIRE(idle.at_end());
  story.turn_until([&] { return refuses(address); });
  story.answer(ok("last words"));
  const auto response = busy.receive();
  REQUIRE(response.body == "last words");
  REQUIRE(response.has("Connection: close\r\n"));
  REQUIRE(busy.at_end());
  drain.join();
}

TEST_CASE("draining ends at its deadline, whatever is under way", "[forwarder_net]") {
  SlowServer story;
  Client busy(story);
  busy.send(kGet);
  story.take_request();
  story.forwarder.drain(10ms);
  REQUIRE_FALSE(busy.receive().complete);
}

TEST_CASE("who hands over takes new clients still, and each answer ends its connection",
          "[forwarder_net]") {
  ProxyStory story;
  story.publish({{&story.server(answer_with("hello"))}});
  story.start();
  Client waits(story);
  REQUIRE_FALSE(waits.ask(kGet).has("Connection: close\r\n"));
  story.forwarder.leave();
  bool told = false;
  for (int i = 0; i < 1000 && !told; ++i) {  // the worker hears of it soon
    Client comes(story);
    told = comes.ask(kGet).has("Connection: close\r\n");
    REQUIRE((!told || comes.at_end()));
  }
  REQUIRE(told);
  const auto last = waits.ask(kGet);
  REQUIRE(last.body == "hello");
  REQUIRE(last.has("Connection: close\r\n"));
  REQUIRE(waits.at_end());
}

TEST_CASE("a new table does not touch what is in flight, and the next request sees it",
          "[forwarder_net]") {
  SlowServer story;
  Client client(story);
  client.send(kGet);
  story.take_request();
  auto& next = story.server(answer_with("new"));
  story.publish({{&next}});
  story.publish({{&next}});
  story.answer(ok("old"));
  REQUIRE(client.receive().body == "old");
  REQUIRE(client.ask(kGet).body == "new");
}

TEST_CASE("ports are in place when a table in sync has had them opened", "[forwarder_net]") {
  ProxyStory story;
  story.start();
  auto early = std::make_unique<forwarder::Table>();
  early->synced = false;
  early->listeners = story.listeners;
  story.tables.publish(std::move(early));
  story.forwarder.table_changed();
  story.turn_until([&] { return !story.forwarder.listeners().empty(); });
  CHECK_FALSE(story.forwarder.in_place());
  story.publish({});
  story.turn_until([&] { return story.forwarder.in_place(); });
  CHECK(story.forwarder.listeners().size() == 1);
}

TEST_CASE("listeners follow the table; a removed one drains", "[forwarder_net]") {
  SlowServer story;
  const auto first = story.address();
  Client busy(story), idle(story);
  busy.send(kGet);
  story.take_request();
  auto& server = story.server(answer_with("hello"));
  // Another address in place of the first one.
  story.listeners = {{base::IpAddress::v4(0x7f000002), 0}};
  story.publish({{&server}});
  REQUIRE(idle.at_end());
  story.turn_until([&] { return refuses(first); });
  story.answer(ok("old"));
  const auto response = busy.receive();
  REQUIRE(response.body == "old");
  REQUIRE(response.has("Connection: close\r\n"));
  Client client(story);
  REQUIRE(client.ask(kGet).body == "hello");
  REQUIRE(story.forwarder.listeners().size() == 1);
}

TEST_CASE("a removed listener lets go of its own clients only", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("hello"));
  story.listeners.push_back({base::IpAddress::v4(0x7f000002), 0});
  story.publish({{&server}});
  story.start();
  Client stays(story), goes(story, story.forwarder.listeners().at(1).bound);
  REQUIRE(stays.ask(kGet).body == "hello");
  REQUIRE(goes.ask(kGet).body == "hello");
  story.listeners.pop_back();
  story.publish({{&server}});
  REQUIRE(goes.at_end());
  REQUIRE(stays.ask(kGet).body == "hello");
}

TEST_CASE("an address that cannot be bound is reported, the others serve, and it is tried again",
          "[forwarder_net]") {
  std::mutex mutex;
  std::vector<forwarder::net::ListenerStatus> reports;
  forwarder::net::Config config;
  config.report = [&](const forwarder::net::ListenerStatus& status) {
    const std::lock_guard lock(mutex);
    reports.push_back(status);
  };
  ProxyStory story(config);
  auto& server = story.server(answer_with("hello"));
  auto taken = std::move(*Listener::open(*story.loop, {base::IpAddress::v4(0x7f000002), 0}));
  story.listeners.push_back(taken->address());
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "hello");
  const auto status = story.forwarder.listeners().at(1);
  REQUIRE(status.wanted == taken->address());
  REQUIRE(status.error);
  REQUIRE(status.error->message.find("Address already in use") != std::string::npos);
  taken.reset();
  story.turn_until([&] { return !story.forwarder.listeners().at(1).error; });
  const std::lock_guard lock(mutex);
  REQUIRE(reports.size() == 3);
}

TEST_CASE("a port held by another forwarder is not shared in silence", "[forwarder_net]") {
  ProxyStory first, second;
  auto& server = first.server(answer_with("hello"));
  first.publish({{&server}});
  first.start();
  second.listeners = {first.address()};
  second.publish({});
  second.start();
  REQUIRE(second.forwarder.listeners().at(0).error);
}

TEST_CASE("stopping with requests in flight leaves nothing behind", "[forwarder_net]") {
  SlowServer story;
  Client busy(story), idle(story);
  busy.send(kGet);
  story.take_request();
  story.forwarder.stop();
  SUCCEED("the leak checker has the word");
}

TEST_CASE("stopping while a removed listener still waits for first requests ends them too",
          "[forwarder_net]") {
  SlowServer story;
  const auto first = story.address();
  Client silent(story);
  story.listeners = {{base::IpAddress::v4(0x7f000002), 0}};
  story.publish({});
  story.turn_until([&] { return refuses(first); });
  story.turn_until([&] { return story.totals().connections_open == 1; });
  story.forwarder.stop();  // within Gate's kFirstRequestGrace
  REQUIRE(silent.at_end());
}
