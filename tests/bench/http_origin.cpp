// http_origin [--fickle] ADDRESS:PORT BYTES [ADDRESS:PORT BYTES]...: what a proxy under test stands
// before.
//
// Every request, when all of it has come, is answered on its connection with 200, a body of so many
// bytes and the address as its Server; one thread, until it is killed. Fickle: it closes
// connections that it has answered on when nothing came for a time drawn anew, below kMostPatience,
// and one in kLeaves right behind an answer, without a word. What has come by then it answers.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "base/random.hpp"
#include "tests/bench/http_message.hpp"

namespace {

using base::net::kNoDeadline;
using base::net::Task;

constexpr std::uint64_t kMostPatience = 4;  // ms
constexpr std::uint64_t kLeaves = 8;

std::string answer_of(const base::SocketAddress& address, std::size_t bytes) {
  return "HTTP/1.1 200 OK\r\nServer: " + address.ip.to_string() +
         "\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
         "Content-Type: text/html; charset=utf-8\r\nCache-Control: private, max-age=0\r\n"
         "ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\nVary: Accept-Encoding\r\n"
         "Content-Length: " +
         std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x');
}

struct Place {
  std::unique_ptr<base::net::Listener> listener;
  std::string answer;
  base::Random* fickle = nullptr;  // null: it is not
};

Task<void> serve(base::net::EventLoop& loop, base::net::Accepted accepted, const Place& place) {
  base::net::Stream client(loop, std::move(accepted.fd), base::net::Stream::State::connected);
  const auto incoming = std::make_unique<bench::Incoming>();
  for (bool answered = false; !incoming->room().empty();) {
    auto until = kNoDeadline;
    if (place.fickle && answered && incoming->empty())
      until = loop.now() + std::chrono::milliseconds(place.fickle->below(kMostPatience));
    auto got = co_await client.read(incoming->room(), until);
    if (got.status == base::net::IoStatus::timeout && client.unread() > 0)
      got = co_await client.read(incoming->room(), kNoDeadline);
    if (!got) break;
    incoming->came(got.bytes);
    while (const auto size = incoming->message().size()) {
      incoming->take(size);
      const auto sent = co_await client.write(place.answer, kNoDeadline);
      if (!sent || (place.fickle && place.fickle->below(kLeaves) == 0)) co_return;
      answered = true;
    }
  }
}

Task<void> accept_all(base::net::EventLoop& loop, base::net::Scope& connections, Place& place) {
  for (;;) {
    auto accepted = co_await place.listener->accept(kNoDeadline);
    if (!accepted) {
      std::fprintf(stderr, "http_origin: %s\n", accepted.error().message.c_str());
      std::exit(1);
    }
    connections.spawn(serve(loop, std::move(*accepted), place));
  }
}

}  // namespace

int main(int count, char** arguments) {
  const bool fickle = count > 1 && std::string_view(arguments[1]) == "--fickle";
  const int first = fickle ? 2 : 1;
  if (count <= first || (count - first) % 2 != 0) {
    std::fprintf(stderr, "http_origin [--fickle] ADDRESS:PORT BYTES [ADDRESS:PORT BYTES]...\n");
    return 2;
  }
  const auto loop = std::move(*base::net::EventLoop::make());
  base::net::Scope connections(*loop);
  base::Random random(1);
  std::vector<std::unique_ptr<Place>> places;
  for (int i = first; i < count; i += 2) {
    const auto address = base::SocketAddress::parse(arguments[i]);
    if (!address || !address->ip.is_loopback()) {
      std::fprintf(stderr, "http_origin: %s is not on loopback\n", arguments[i]);
      return 2;
    }
    auto listener = base::net::Listener::open(*loop, *address);
    if (!listener) {
      std::fprintf(stderr, "http_origin: %s\n", listener.error().message.c_str());
      return 1;
    }
    const auto bytes = static_cast<std::size_t>(std::atoi(arguments[i + 1]));
    places.push_back(std::make_unique<Place>(
        Place{std::move(*listener), answer_of(*address, bytes), fickle ? &random : nullptr}));
    connections.spawn(accept_all(*loop, connections, *places.back()));
  }
  loop->run();
}
