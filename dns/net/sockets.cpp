#include "dns/net/sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/net/socket.hpp"

namespace dns::net {
namespace {

using base::Result;
using base::SocketAddress;
using base::net::Fd;

constexpr int kReceiveBuffer = 4 << 20;  // a burst waits here while a worker is at work
constexpr int kPortTries = 16;           // for a port that is free for both transports

std::string remedy(const std::string& problem) {
  if (problem.ends_with(std::strerror(EADDRINUSE)))
    return "another process serves there: stop it, or set dns.listen to another address or port";
  if (problem.ends_with(std::strerror(EACCES)))
    return "ports below 1024 need CAP_NET_BIND_SERVICE: grant it, or set dns.listen to port 7753";
  if (problem.ends_with(std::strerror(EADDRNOTAVAIL)))
    return "no interface has this address: add it, or set dns.listen to one that is there";
  return "check dns.listen";
}

base::Error with_remedy(base::Error error) {
  error.message = "dns: " + error.message + "; " + remedy(error.message);
  return error;
}

// Best effort: each of them only makes a good thing better.
void tune(int fd) {
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  // No path MTU from ICMP, which anyone can forge (dns.md §3 row 31).
  const int omit = IP_PMTUDISC_OMIT;
  ::setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof omit);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit, sizeof omit);
}

// Workers block in recvmmsg.
void make_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

Result<Sockets> open_all(const SocketAddress& listen, std::size_t udp_workers,
                         base::net::Supervisor* supervisor) {
  Sockets sockets{.address = listen, .udp = {}, .tcp = {}};
  auto tcp = base::net::listen_tcp(listen, {.supervisor = supervisor});
  if (!tcp) return tcp.error();
  sockets.tcp = std::move(*tcp);
  const auto local = base::net::local_address(sockets.tcp.get());
  if (!local) return local.error();
  sockets.address = *local;

  auto sharing = base::net::PortSharing::exclusive;
  for (std::size_t i = 0; i < udp_workers; ++i) {
    auto udp = base::net::bind_udp(sockets.address, {.sharing = sharing, .supervisor = supervisor});
    if (!udp) return udp.error();
    const int on = 1;
    if (i == 0 && udp_workers > 1)
      ::setsockopt(udp->get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sharing = base::net::PortSharing::shared;
    tune(udp->get());
    make_blocking(udp->get());
    sockets.udp.push_back(std::move(*udp));
  }
  return sockets;
}

}  // namespace

Result<Sockets> open_sockets(const SocketAddress& listen, std::size_t udp_workers,
                             base::net::Supervisor* supervisor) {
  auto sockets = open_all(listen, udp_workers, supervisor);
  for (int i = 1; listen.port == 0 && !sockets && i < kPortTries; ++i)
    sockets = open_all(listen, udp_workers, supervisor);
  if (!sockets) return with_remedy(sockets.error());
  return sockets;
}

}  // namespace dns::net
