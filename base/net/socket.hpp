// Sockets as values: every one non-blocking and close-on-exec, every address explicit, every
// failure a Result that names the address and the errno.
//
// Invariant: a wildcard address is bound only where the caller says so in so many words, and a port
// is shared only where the caller says so: otherwise a second agent would take half of the first
// one's traffic in silence. What a process before this one has left at an address is taken up
// (supervisor.hpp). Thread: plain system calls; any.
#pragma once

#include <sys/socket.h>

#include "base/address.hpp"
#include "base/net/fd.hpp"
#include "base/result.hpp"

namespace base::net {

class Supervisor;

enum class PortSharing { exclusive, shared };  // shared: SO_REUSEPORT, a socket per worker
enum class Wildcard { refused, allowed };

struct BindOptions {
  PortSharing sharing = PortSharing::exclusive;
  Wildcard wildcard = Wildcard::refused;
  Supervisor* supervisor = nullptr;  // who may have it already, and keeps it for the next process
};

inline constexpr int kListenBacklog = 4096;  // the kernel lowers it to net.core.somaxconn

Result<Fd> listen_tcp(const SocketAddress& address, BindOptions options = {});
Result<Fd> bind_udp(const SocketAddress& address, BindOptions options = {});

// A connection under way (TCP_NODELAY set): writable or failed later, see Stream::connected().
// `error_number`: why it failed at once.
Result<Fd> start_connect(const SocketAddress& address, int* error_number = nullptr);

// SO_KEEPALIVE; what is 0 is the kernel's default.
struct Keepalive {
  int probes = 0, idle_seconds = 0, interval_seconds = 0;
};
void keep_alive(int fd, const Keepalive& keepalive);

struct Accepted {
  Fd fd;  // invalid: nothing waits
  SocketAddress peer;
};
// One connection that waits, TCP_NODELAY set. An error is one of the environment (EMFILE, ENFILE,
// ENOMEM).
Result<Accepted> accept_from(int listener);

Result<SocketAddress> local_address(int fd);
Result<SocketAddress> peer_address(int fd);

// Between our addresses and the kernel's.
socklen_t to_sockaddr(const SocketAddress& address, sockaddr_storage& storage);
SocketAddress from_sockaddr(const sockaddr_storage& storage);

}  // namespace base::net
