// Plain blocking sockets against a live server on loopback, with a deadline on every wait.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/net/socket.hpp"
#include "dns/net/sockets.hpp"
#include "dns/net/udp_server.hpp"
#include "tests/unit/dns/mesh.hpp"

namespace live {

using base::SocketAddress;
using base::net::Fd;

inline constexpr int kPatienceMs = 10'000;

inline SocketAddress loopback(std::uint16_t port = 0) {
  return {base::IpAddress::parse("127.0.0.1").value(), port};
}

// A UDP socket whose peer is the server.
inline Fd udp_client(const SocketAddress& server) {
  Fd fd(::socket(server.ip.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const auto length = base::net::to_sockaddr(server, storage);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) fd.reset();
  return fd;
}

inline bool wait_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, kPatienceMs) == 1;
}

inline void send(int fd, const reading::Bytes& bytes) {
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send");
}

// One datagram or what a stream has; empty at the end of a stream or when nothing comes in time.
inline reading::Bytes receive(int fd) {
  reading::Bytes buffer(65536);
  const ssize_t size = wait_readable(fd) ? ::recv(fd, buffer.data(), buffer.size(), 0) : 0;
  buffer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return buffer;
}

}  // namespace live
