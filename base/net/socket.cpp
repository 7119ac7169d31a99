#include "base/net/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/net/supervisor.hpp"

namespace base::net {
namespace {

void set_flag(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

Result<Fd> open_socket(const SocketAddress& address, int type) {
  Fd fd(::socket(address.ip.is_v4() ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return from_errno("socket", errno);
  return fd;
}

Result<Fd> listening(Fd fd, int type, const SocketAddress& address) {
  if (type == SOCK_STREAM && ::listen(fd.get(), kListenBacklog) != 0)
    return from_errno("listen " + address.to_string(), errno);
  return fd;
}

// That of the process before us, where there is one; a new one is left for the next.
Result<Fd> open_bound(const SocketAddress& address, int type, BindOptions options) {
  if (address.ip.is_unspecified() && options.wildcard == Wildcard::refused)
    return invalid(address.to_string() + " means every address of the machine: name one");
  if (options.supervisor)
    if (auto inherited = options.supervisor->claim(type, address))
      return listening(std::move(*inherited), type, address);
  auto fd = open_socket(address, type);
  if (!fd) return fd;
  // For TCP only: it lets a restart bind while old connections linger; for UDP it would share the
  // port.
  if (type == SOCK_STREAM) set_flag(fd->get(), SOL_SOCKET, SO_REUSEADDR);
  if (options.sharing == PortSharing::shared) set_flag(fd->get(), SOL_SOCKET, SO_REUSEPORT);
  if (address.ip.is_v6()) set_flag(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY);
  sockaddr_storage storage{};
  const auto length = to_sockaddr(address, storage);
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return from_errno("bind " + address.to_string(), errno);
  // Left once it listens: before, it is hung up to poll(2), and systemd drops such from its store.
  auto open = listening(std::move(*fd), type, address);
  if (open && address.port != 0 && options.supervisor)
    options.supervisor->keep(open->get(), type, address);
  return open;
}

}  // namespace

Result<Fd> listen_tcp(const SocketAddress& address, BindOptions options) {
  return open_bound(address, SOCK_STREAM, options);
}

Result<Fd> bind_udp(const SocketAddress& address, BindOptions options) {
  return open_bound(address, SOCK_DGRAM, options);
}

Result<Fd> start_connect(const SocketAddress& address, int* error_number) {
  auto fd = open_socket(address, SOCK_STREAM);
  if (!fd && error_number) *error_number = errno;
  if (!fd) return fd;
  set_flag(fd->get(), IPPROTO_TCP, TCP_NODELAY);
  sockaddr_storage storage{};
  const auto length = to_sockaddr(address, storage);
  const int status = ::connect(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length);
  if (status == 0 || errno == EINPROGRESS) return fd;
  const int why = errno;
  if (error_number) *error_number = why;
  return from_errno("connect " + address.to_string(), why);
}

void keep_alive(int fd, const Keepalive& keepalive) {
  set_flag(fd, SOL_SOCKET, SO_KEEPALIVE);
  const auto set = [fd](int option, int value) {
    if (value > 0) ::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPCNT, keepalive.probes);
  set(TCP_KEEPIDLE, keepalive.idle_seconds);
  set(TCP_KEEPINTVL, keepalive.interval_seconds);
}

Result<Accepted> accept_from(int listener) {
  for (;;) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    Fd fd(::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &length,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
      return Accepted{std::move(fd), from_sockaddr(storage)};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Accepted{};
    // A connection that died in the queue, or an error of the network on it: the next one may be
    // fine (accept(2)).
    const bool of_the_machine = errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                                errno == ENOBUFS || errno == EINVAL || errno == EBADF ||
                                errno == ENOTSOCK;
    if (of_the_machine) return from_errno("accept", errno);
  }
}

Result<SocketAddress> local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return from_errno("getsockname", errno);
  return from_sockaddr(storage);
}

Result<SocketAddress> peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return from_errno("getpeername", errno);
  return from_sockaddr(storage);
}

socklen_t to_sockaddr(const SocketAddress& address, sockaddr_storage& storage) {
  const auto bytes = address.ip.bytes();
  if (address.ip.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(address.port);
  std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&storage, &in, sizeof in);
  return sizeof in;
}

SocketAddress from_sockaddr(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof in);
    return {IpAddress::v6(std::span<const std::uint8_t, 16>(in.sin6_addr.s6_addr)),
            ntohs(in.sin6_port)};
  }
  sockaddr_in in{};
  std::memcpy(&in, &storage, sizeof in);
  return {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
}

}  // namespace base::net
