// http_origin ADDRESS:PORT BYTES [ADDRESS:PORT BYTES]...: what a proxy under test stands before.
//
// Every request, when all of it has come, is answered on its connection with 200 and a body of so
// many bytes; one thread, until it is killed.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "tests/bench/http_message.hpp"

namespace {

using base::net::kNoDeadline;
using base::net::Task;

std::string answer_of(std::size_t bytes) {
  return "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
         "Content-Type: text/html; charset=utf-8\r\nCache-Control: private, max-age=0\r\n"
         "ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\nVary: Accept-Encoding\r\n"
         "Content-Length: " +
         std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x');
}

Task<void> serve(base::net::EventLoop& loop, base::net::Accepted accepted,
                 std::string_view answer) {
  base::net::Stream client(loop, std::move(accepted.fd), base::net::Stream::State::connected);
  const auto incoming = std::make_unique<bench::Incoming>();
  while (!incoming->room().empty()) {
    const auto got = co_await client.read(incoming->room(), kNoDeadline);
    if (!got) break;
    incoming->came(got.bytes);
    while (const auto size = incoming->message().size()) {
      incoming->take(size);
      const auto sent = co_await client.write(answer, kNoDeadline);
      if (!sent) co_return;
    }
  }
}

struct Place {
  std::unique_ptr<base::net::Listener> listener;
  std::string answer;
};

Task<void> accept_all(base::net::EventLoop& loop, base::net::Scope& connections, Place& place) {
  for (;;) {
    auto accepted = co_await place.listener->accept(kNoDeadline);
    if (!accepted) {
      std::fprintf(stderr, "http_origin: %s\n", accepted.error().message.c_str());
      std::exit(1);
    }
    connections.spawn(serve(loop, std::move(*accepted), place.answer));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3 || count % 2 == 0) {
    std::fprintf(stderr, "http_origin ADDRESS:PORT BYTES [ADDRESS:PORT BYTES]...\n");
    return 2;
  }
  const auto loop = std::move(*base::net::EventLoop::make());
  base::net::Scope connections(*loop);
  std::vector<std::unique_ptr<Place>> places;
  for (int i = 1; i < count; i += 2) {
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
    places.push_back(std::make_unique<Place>(Place{std::move(*listener), answer_of(bytes)}));
    connections.spawn(accept_all(*loop, connections, *places.back()));
  }
  loop->run();
}
