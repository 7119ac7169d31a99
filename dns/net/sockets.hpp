// The sockets that DNS is served on: for one address a UDP socket per worker and a TCP listener,
// all on one port.
//
// The first UDP socket is bound alone and shares its port (SO_REUSEPORT) only afterwards, with
// ours: a second agent on the same address fails instead of taking half of the queries in silence.
// Errors: the address, what the system said, and a remedy.
#pragma once

#include <vector>

#include "base/address.hpp"
#include "base/net/fd.hpp"
#include "base/net/supervisor.hpp"
#include "base/result.hpp"

namespace dns::net {

struct Sockets {
  base::SocketAddress address;  // with the real port
  std::vector<base::net::Fd> udp;
  base::net::Fd tcp;
};

// Port 0 finds one that is free for both.
base::Result<Sockets> open_sockets(const base::SocketAddress& listen, std::size_t udp_workers,
                                   base::net::Supervisor* supervisor = nullptr);

}  // namespace dns::net
