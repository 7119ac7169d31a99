// A forwarder between scripted upstreams and clients, all on loopback; the upstreams and clients
// are coroutines of the test's own loop, the forwarder has its own thread.
//
//   ProxyStory story;
//   Server& a = story.server(answer_with("hello"));
//   story.publish({{&a}});  // one tier with one member
//   story.start();
//   Client client(story);
//   REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n").body == "hello");
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "forwarder/net/forwarder.hpp"

struct ProxyStory;

// What a server does with a request it has read.
struct Answer {
  enum class After { keep, close, reset, stall };
  std::string bytes;
  After after = After::keep;
  base::Duration thinks{};  // before it does so
};
// `nth`: of the connection, from 0.
using Script = std::function<Answer(const std::string& request, std::size_t nth)>;

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n";
inline const std::string kPost =
    "POST / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 3\r\n\r\nabc";
extern const std::string kDate;  // the field's line

// With a Date.
std::string ok(const std::string& body, const std::string& headers = "");
Script answer_with(const std::string& body);

class Server {
 public:
  Server(ProxyStory& story, Script the_script);
  // Refuses connections from now on; those that are open are reset.
  void die();
  void revive();

  Script script;
  base::SocketAddress address;
  std::vector<std::string> requests;  // whole, as they came
  std::size_t connections = 0;
  std::size_t bytes_read = 0;

 private:
  base::net::Task<void> accept_all();
  base::net::Task<void> serve(base::net::Fd fd);
  ProxyStory& story_;
  std::unique_ptr<base::net::Listener> listener_;
  std::unique_ptr<base::net::Scope> scope_;
};

struct Response {
  int status = 0;
  std::string head, body;
  std::string trailers;   // with their empty line, of a chunked body
  std::string interim;    // 1xx heads that came before
  bool complete = false;  // framed to its end
  bool has(const std::string& text) const { return head.find(text) != std::string::npos; }
};

class Client {
 public:
  explicit Client(ProxyStory& story);
  Client(ProxyStory& story, const base::SocketAddress& listener);
  void send(const std::string& text);
  Response receive(const std::string& method = "GET");
  Response ask(const std::string& text, const std::string& method = "GET");
  // True when the forwarder has closed the connection and nothing more came.
  bool at_end();
  void close() { stream_.reset(); }
  base::net::Stream& stream() { return *stream_; }

 private:
  base::net::Task<void> read_response(std::string method, Response& response);
  ProxyStory& story_;
  std::unique_ptr<base::net::Stream> stream_;
  std::string received_;
};

struct ProxyStory {
  explicit ProxyStory(forwarder::net::Config config = {});
  ~ProxyStory();

  Server& server(Script script);
  // Tiers of servers, as the only route of `host`. Slots are by server, in the order made.
  void publish(const std::vector<std::vector<Server*>>& tiers);
  void start();
  base::SocketAddress address() const;
  // Turns the test's loop until it holds; ctest's timeout bounds it.
  void turn_until(const std::function<bool()>& done);
  void run(base::net::Task<void> task);
  forwarder::net::Totals totals() const { return forwarder.totals(); }

  std::unique_ptr<base::net::EventLoop> loop = std::move(*base::net::EventLoop::make());
  base::net::Scope scope{*loop};
  base::Logger log{base::LogLevel::off, base::LogFormat::text};
  base::Published<forwarder::Table> tables;
  forwarder::net::Forwarder forwarder;
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<base::SocketAddress> listeners;              // wanted; one on port 0 to begin with
  std::string host = "svc.test";                           // a name or a wildcard
  std::string path_rewrite;                                // of that route, before it is published
  std::shared_ptr<const forwarder::Treatment> treatment;   // that route's
  std::shared_ptr<const forwarder::TrafficPolicy> policy;  // of what that route leads to
  std::shared_ptr<forwarder::InFlight> in_flight;          // the same
  std::string direct_response;  // what that route answers itself; "" = it forwards
  std::uint64_t version = 0;
};

// One server, published and started.
struct OneServer : ProxyStory {
  explicit OneServer(Script script, forwarder::net::Config config = {})
      : ProxyStory(std::move(config)), upstream(server(std::move(script))) {
    publish({{&upstream}});
    start();
  }
  Server& upstream;
};
