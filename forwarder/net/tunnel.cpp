#include "forwarder/net/tunnel.hpp"

namespace forwarder::net {

using base::net::IoStatus;
using base::net::Task;

Task<void> Tunnel::run() {
  base::net::Scope down(work_.loop);
  down.spawn(pump(upstream_, client_));
  co_await pump(client_, upstream_);
  // It has deadlines of its own.
  if (down.size() > 0) co_await down.emptied(base::net::kNoDeadline);
}

bool Tunnel::still_moves() const {
  return moved_at_ + work_.timeouts.tunnel_idle > work_.loop.now();
}

Task<void> Tunnel::pump(base::net::Stream& from, base::net::Stream& to) {
  Buffer spill(work_.buffers);
  for (;;) {
    const auto got = co_await from.read(work_.scratch, moved_at_ + work_.timeouts.tunnel_idle);
    if (got.status == IoStatus::timeout && still_moves()) continue;
    if (got.status == IoStatus::end) {
      to.shutdown_write();
      co_return;
    }
    if (!got) break;
    moved_at_ = work_.loop.now();
    iovec piece{work_.scratch.data(), got.bytes};
    auto sent = send_now(to, {&piece, 1}, spill);
    while (!spill.empty() && (sent || (sent.status == IoStatus::timeout && still_moves())))
      sent = co_await send_rest(to, spill, work_.timeouts.tunnel_idle);
    if (!sent) break;
    moved_at_ = work_.loop.now();
  }
  break_off();
}

// Wakes the other direction, wherever it waits.
void Tunnel::break_off() {
  client_.shutdown_both();
  upstream_.shutdown_both();
}

}  // namespace forwarder::net
