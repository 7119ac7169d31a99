#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <algorithm>
#include <array>

#include "forwarder/http/body.hpp"
#include "forwarder/http/parser.hpp"
#include "forwarder/routes.hpp"

using namespace base::net;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 20s;

base::SocketAddress loopback() { return {base::IpAddress::v4(0x7f000001), 0}; }

// The length of the first whole request in `text`, or 0.
std::size_t whole_request(const std::string& text) {
  forwarder::http::RequestHead head;
  const auto parsed = forwarder::http::RequestParser().parse(text, head);
  if (!parsed.complete()) return 0;
  forwarder::http::BodyReader body(head.framing, head.content_length);
  std::size_t at = parsed.consumed;
  while (!body.done()) {
    const auto piece = body.read(std::string_view(text).substr(at));
    if (piece.consumed == 0) return 0;
    at += piece.consumed;
  }
  return at;
}

// To the first upstream.
std::shared_ptr<const forwarder::Routes> route_all(const std::string& upstream,
                                                   const ProxyStory& story) {
  auto route = std::make_shared<forwarder::Route>();
  route->name = "test";
  route->treatment = story.treatment;
  forwarder::ForwardAction action;
  action.destinations.push_back({upstream, 0, "", 100});
  action.path.replacement = story.path_rewrite;
  if (story.direct_response.empty())
    route->action = std::move(action);
  else
    route->action = forwarder::ReplyAction{200, story.direct_response};
  auto entries = std::make_shared<forwarder::Entries>();
  entries->push_back({forwarder::Matcher{}, route});
  auto host = std::make_shared<forwarder::VirtualHost>();
  host->hold(entries);
  host->add(entries->front());
  host->seal();
  auto routes = std::make_shared<forwarder::Routes>();
  routes->named = std::make_shared<const forwarder::Hosts>(
      forwarder::Hosts::List{
          std::make_shared<const forwarder::Host>(forwarder::Host{story.host, host})},
      forwarder::Hosts());
  return routes;
}

}  // namespace

const std::string kDate = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string ok(const std::string& body, const std::string& headers) {
  return "HTTP/1.1 200 OK\r\n" + kDate + "Content-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

Script answer_with(const std::string& body) {
  return [body](const std::string&, std::size_t) { return Answer{ok(body)}; };
}

Server::Server(ProxyStory& story, Script the_script)
    : script(std::move(the_script)),
      story_(story),
      listener_(std::move(*Listener::open(*story.loop, loopback()))),
      scope_(std::make_unique<Scope>(*story.loop)) {
  address = listener_->address();
  scope_->spawn(accept_all());
}

void Server::die() {
  scope_.reset();
  listener_.reset();
}

void Server::revive() {
  listener_ = std::move(*Listener::open(*story_.loop, address));
  scope_ = std::make_unique<Scope>(*story_.loop);
  scope_->spawn(accept_all());
}

Task<void> Server::accept_all() {
  for (;;) {
    auto accepted = co_await listener_->accept(kNoDeadline);
    if (!accepted) co_return;
    ++connections;
    scope_->spawn(serve(std::move(accepted->fd)));
  }
}

Task<void> Server::serve(Fd fd) {
  Stream stream(*story_.loop, std::move(fd), Stream::State::connected);
  stream.abort_on_close();
  std::array<char, 16384> buffer;
  std::string text;
  for (std::size_t nth = 0;; ++nth) {
    std::size_t size = whole_request(text);
    while (size == 0) {
      const auto got = co_await stream.read(buffer, story_.loop->now() + kPatience);
      if (!got) co_return;
      bytes_read += got.bytes;
      text.append(buffer.data(), got.bytes);
      size = whole_request(text);
    }
    const auto request = text.substr(0, size);
    requests.push_back(request);
    text.erase(0, size);
    const auto answer = script(request, nth);
    if (answer.thinks > base::Duration::zero())
      co_await sleep_until(*story_.loop, story_.loop->now() + answer.thinks);
    if (!answer.bytes.empty()) co_await stream.write(answer.bytes, story_.loop->now() + kPatience);
    if (answer.after == Answer::After::reset) co_return;
    if (answer.after == Answer::After::stall)
      co_await sleep_until(*story_.loop, story_.loop->now() + 1h);
    if (answer.after == Answer::After::close) {
      stream.shutdown_write();
      co_await stream.read(buffer, story_.loop->now() + kPatience);
      co_return;
    }
  }
}

Client::Client(ProxyStory& story) : Client(story, story.address()) {}

Client::Client(ProxyStory& story, const base::SocketAddress& listener) : story_(story) {
  struct Connect {
    static Task<void> run(Stream& stream) {
      co_await stream.connected(stream.loop().now() + kPatience);
    }
  };
  stream_ = std::make_unique<Stream>(*story.loop, std::move(*start_connect(listener)),
                                     Stream::State::connecting);
  story_.run(Connect::run(*stream_));
}

void Client::send(const std::string& text) {
  struct Send {
    static Task<void> run(Stream& stream, std::string text) {
      co_await stream.write(text, stream.loop().now() + kPatience);
    }
  };
  story_.run(Send::run(*stream_, text));
}

Response Client::receive(const std::string& method) {
  Response response;
  story_.run(read_response(method, response));
  return response;
}

Response Client::ask(const std::string& text, const std::string& method) {
  send(text);
  return receive(method);
}

bool Client::at_end() {
  struct End {
    static Task<void> run(Stream& stream, bool& end) {
      std::array<char, 64> buffer;
      const auto got = co_await stream.read(buffer, stream.loop().now() + kPatience);
      end = got.status == IoStatus::end || got.status == IoStatus::failed;
    }
  };
  bool end = false;
  story_.run(End::run(*stream_, end));
  return end && received_.empty();
}

Task<void> Client::read_response(std::string method, Response& response) {
  std::array<char, 16384> buffer;
  forwarder::http::ResponseHead head;
  forwarder::http::BodyReader body;
  bool ended = false;
  for (;;) {
    const auto parsed =
        forwarder::http::ResponseParser().parse(received_, {method, "websocket"}, head);
    if (parsed.rejected()) co_return;
    if (parsed.complete()) {
      const bool interim = head.status < 200 && head.status != 101;
      response.status = head.status;
      (interim ? response.interim : response.head) += received_.substr(0, parsed.consumed);
      body = {head.framing, head.content_length};
      received_.erase(0, parsed.consumed);
      if (!interim) break;
      continue;
    }
    if (ended) co_return;
    const auto got = co_await stream_->read(buffer, story_.loop->now() + kPatience);
    received_.append(buffer.data(), got.bytes);
    ended = !got;
  }
  while (!body.done()) {
    const auto piece = body.read(received_);
    response.body += piece.payload;
    response.trailers += piece.trailers;
    received_.erase(0, piece.consumed);
    if (body.done() || piece.consumed > 0) continue;
    const auto got = co_await stream_->read(buffer, story_.loop->now() + kPatience);
    if (!got) {
      response.complete = got.status == IoStatus::end && body.complete_at_close();
      co_return;
    }
    received_.append(buffer.data(), got.bytes);
  }
  response.complete = true;
}

ProxyStory::ProxyStory(forwarder::net::Config config)
    : forwarder(std::move(config), tables, log), listeners{loopback()} {}

ProxyStory::~ProxyStory() {
  forwarder.stop();
  for (auto& server : servers) server->die();
}

Server& ProxyStory::server(Script script) {
  servers.push_back(std::make_unique<Server>(*this, std::move(script)));
  return *servers.back();
}

void ProxyStory::publish(const std::vector<std::vector<Server*>>& tiers) {
  auto table = std::make_unique<forwarder::Table>();
  table->version = ++version;
  table->listeners = listeners;
  auto upstream = std::make_shared<forwarder::Upstream>();
  upstream->name = "svc.test:80";
  upstream->id = 0;
  upstream->policy = policy;
  upstream->in_flight = in_flight;
  const bool may_eject = policy && policy->outliers;
  for (const auto& members : tiers) {
    auto& tier = upstream->tiers.emplace_back();
    tier.share = upstream->tiers.size() == 1 ? 1 : 0;
    for (const Server* server : members) {
      const auto slot = std::find_if(servers.begin(), servers.end(),
                                     [&](const auto& s) { return s.get() == server; });
      tier.members.push_back(
          {static_cast<forwarder::SlotId>(slot - servers.begin()), 0, server->address, 1, false});
      if (!may_eject) continue;
      upstream->outliers.push_back(std::make_shared<forwarder::Outlier>());
      tier.members.back().outlier = upstream->outliers.back().get();
    }
  }
  for (const auto& server : servers) table->slots.push_back({server->address, 0});
  table->routes = route_all(upstream->name, *this);
  table->upstreams = {upstream};
  tables.publish(std::move(table));
  forwarder.table_changed();
}

void ProxyStory::start() {
  if (!forwarder.start()) base::check_failed("the forwarder starts", __FILE__, __LINE__);
}

base::SocketAddress ProxyStory::address() const { return forwarder.listeners().at(0).bound; }

void ProxyStory::turn_until(const std::function<bool()>& done) {
  while (!done()) loop->turn(20ms);
}

void ProxyStory::run(Task<void> task) {
  Scope one(*loop);
  one.spawn(std::move(task));
  turn_until([&] { return one.size() == 0; });
}
