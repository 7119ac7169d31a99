// What a request costs in system calls, where most of a proxy's time goes (performance.md §2):
// recv, sendmsg and epoll_wait are wrapped by the linker and counted on every thread but the test's
// own.

#include <sys/epoll.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

namespace {

const std::thread::id kTestThread = std::this_thread::get_id();
std::atomic<int> reads{0}, writes{0}, waits{0}, failed{0};

// Counted before it is made: what is written may be read, and the test be over, before it returns.
template <class Call>
auto counted(std::atomic<int>& counter, Call call) {
  if (std::this_thread::get_id() == kTestThread) return call();
  ++counter;
  const auto result = call();
  failed += result < 0 ? 1 : 0;
  return result;
}

}  // namespace

extern "C" {
ssize_t __real_recv(int fd, void* buffer, size_t size, int flags);
ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
int __real_epoll_wait(int fd, epoll_event* events, int most, int patience);

ssize_t __wrap_recv(int fd, void* buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void* buffer, size_t size, int flags) {
  return counted(reads, [&] { return __real_recv(fd, buffer, size, flags); });
}
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags);
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  return counted(writes, [&] { return __real_sendmsg(fd, message, flags); });
}
int __wrap_epoll_wait(int fd, epoll_event* events, int most, int patience);
int __wrap_epoll_wait(int fd, epoll_event* events, int most, int patience) {
  return counted(waits, [&] { return __real_epoll_wait(fd, events, most, patience); });
}
}

TEST_CASE("a keep-alive request costs two reads, two writes and two waits, none in vain",
          "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with(std::string(10'000, 'x')));
  story.publish({{&server}});
  story.start();
  Client client(story);
  const std::string get = "GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n";
  REQUIRE(client.ask(get).complete);
  reads = writes = waits = failed = 0;
  constexpr int kRequests = 100;
  for (int i = 0; i < kRequests; ++i) REQUIRE(client.ask(get).complete);
  // The upstream may be seen to write its answer in two parts.
  REQUIRE(reads >= 2 * kRequests);
  REQUIRE(reads <= 2 * kRequests + 5);
  REQUIRE(writes >= 2 * kRequests);
  REQUIRE(writes <= 2 * kRequests + 5);
  REQUIRE(waits >= 2 * kRequests - 1);  // the first is under way already
  REQUIRE(waits <= 2 * kRequests + 5);
  REQUIRE(failed == 0);
}
