// bare_relay LISTEN TO [LISTEN TO]...: passes bytes on between a client and a connection of its own
// to an origin, and understands none of them: what any proxy of the same system calls pays at least
// (epoll_wait, recv and send each way). ADDRESS:PORT on loopback; one thread, until it is killed.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include "base/address.hpp"
#include "base/net/socket.hpp"

namespace {

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

class Relay {
 public:
  Relay() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  bool listen(const base::SocketAddress& at, const base::SocketAddress& to) {
    auto listener = base::net::listen_tcp(at);
    if (!listener) return false;
    const int fd = listener->release();
    watch(epoll_, fd);
    origins_[fd] = to;
    return true;
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        const auto origin = origins_.find(fd);
        origin == origins_.end() ? pass_on(fd) : accept(fd, origin->second);
      }
    }
  }

 private:
  void accept(int listener, const base::SocketAddress& origin) {
    auto accepted = base::net::accept_from(listener);
    if (!accepted || !accepted->fd.valid()) return;
    auto connection = base::net::start_connect(origin);  // loopback: there before it is written to
    if (!connection) return;
    const int client = accepted->fd.release(), server = connection->release();
    other(client) = server;
    other(server) = client;
    watch(epoll_, client);
    watch(epoll_, server);
  }

  void pass_on(int from) {
    const int to = other(from);
    if (to < 0) return;  // ended in this turn
    const auto got = ::recv(from, bytes_.data(), bytes_.size(), 0);
    if (got > 0 && ::send(to, bytes_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got)
      return;
    for (const int fd : {from, to}) {
      other(fd) = -1;
      ::close(fd);
    }
  }

  int& other(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    if (at >= others_.size()) others_.resize(at + 1, -1);
    return others_[at];
  }

  int epoll_;
  std::map<int, base::SocketAddress> origins_;  // by listener
  std::vector<int> others_;                     // of a pair
  std::array<char, 64 * 1024> bytes_;
};

}  // namespace

int main(int count, char** arguments) {
  Relay relay;
  bool good = count > 2 && count % 2 == 1;
  for (int i = 1; good && i < count; i += 2) {
    const auto at = base::SocketAddress::parse(arguments[i]);
    const auto to = base::SocketAddress::parse(arguments[i + 1]);
    good = at && to && at->ip.is_loopback() && to->ip.is_loopback() && relay.listen(*at, *to);
  }
  if (good) relay.run();
  std::fprintf(stderr, "bare_relay LISTEN TO [LISTEN TO]..., on loopback\n");
  return 2;
}
