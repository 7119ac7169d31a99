// What a request costs in allocations once a connection is warm: none. The upstream and the client
// are blocking sockets that allocate nothing, for all threads are counted.

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "tests/unit/dns/effort.hpp"
#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kRequests = 1000;
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kFrames = 6;  // of coroutines, which are not pooled then (frame_pool.cpp)
#else
constexpr std::uint64_t kFrames = 0;
#endif

constexpr auto kAnswer =
    "HTTP/1.1 200 OK\r\nServer: here\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
    "Cache-Control: no-store\r\n\r\nhello"sv;
constexpr auto kAsk =
    "GET /api/v1/products/42/reviews?sort=newest&page=7 HTTP/1.1\r\n"
    "Host: A-Name-Beyond-Fifteen.shop.mesh.internal:9080\r\nUser-Agent: curl/7.88.1\r\n"
    "Accept: application/json\r\nX-Request-Id: 6f1c0d1e-2a7b-4c57-9b0a-3f5b3a1f2c11\r\n"
    "X-Forwarded-For: 10.11.12.13, 192.168.100.200\r\n\r\n"sv;

base::net::Fd listening(base::SocketAddress& address) {
  auto fd = std::move(*base::net::listen_tcp({base::IpAddress::v4(0x7f000001), 0}, {}));
  address = *base::net::local_address(fd.get());
  ::fcntl(fd.get(), F_SETFL, 0);
  return fd;
}

// Answers every head on one connection.
void serve(int listener) {
  const base::net::Fd fd(::accept(listener, nullptr, nullptr));
  std::array<char, 4096> buffer;
  while (::recv(fd.get(), buffer.data(), buffer.size(), 0) > 0)
    ::send(fd.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
}

bool ask(int fd) {
  std::array<char, 4096> buffer;
  if (::send(fd, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) != ssize_t(kAsk.size())) return false;
  std::size_t size = 0;
  while (size < 5 || std::string_view(buffer.data() + size - 5, 5) != "hello") {
    const auto got = ::recv(fd, buffer.data() + size, buffer.size() - size, 0);
    if (got <= 0) return false;
    size += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

TEST_CASE("a request on a warm connection allocates nothing", "[forwarder_net]") {
  ProxyStory story;
  story.host = GENERATE("a-name-beyond-fifteen.shop.mesh.internal", "*.shop.mesh.internal");
  auto treatment = std::make_shared<forwarder::Treatment>();
  treatment->request = {{"User-Agent"}, {{"X-A-Name-Of-Its-Own", "a value beyond fifteen"}}};
  treatment->response = {{"Server"}, {{"X-Served-By", "the mesh and nobody else"}}};
  if (GENERATE(false, true)) story.treatment = treatment;
  auto& server = story.server(answer_with(""));
  server.die();
  const auto listener = listening(server.address);
  std::thread serving([&] { serve(listener.get()); });
  story.publish({{&server}});
  story.start();
  auto client = std::move(*base::net::start_connect(story.address()));
  ::fcntl(client.get(), F_SETFL, 0);
  std::uint64_t answered = 0;
  for (int i = 0; i < 50; ++i) answered += ask(client.get()) ? 1 : 0;
  const auto before = effort::so_far();
  for (std::uint64_t i = 0; i < kRequests; ++i) answered += ask(client.get()) ? 1 : 0;
  const auto spent = effort::so_far() - before;
  story.forwarder.stop();
  serving.join();
  REQUIRE(answered == 50 + kRequests);
  REQUIRE(spent.allocations == kFrames * kRequests);
}
