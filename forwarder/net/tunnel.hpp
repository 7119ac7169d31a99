// After a 101: bytes both ways until both sides have ended, or nothing moved for
// Timeouts::tunnel_idle.
//
// An end of one direction is passed on as an end; a failure ends both. Thread: the worker's.
#pragma once

#include "base/net/task.hpp"
#include "forwarder/net/workspace.hpp"

namespace forwarder::net {

class Tunnel {
 public:
  Tunnel(Workspace& work, base::net::Stream& client, base::net::Stream& upstream)
      : work_(work), client_(client), upstream_(upstream), moved_at_(work.loop.now()) {}
  base::net::Task<void> run();

 private:
  base::net::Task<void> pump(base::net::Stream& from, base::net::Stream& to);
  void break_off();
  bool still_moves() const;

  Workspace& work_;
  base::net::Stream& client_;
  base::net::Stream& upstream_;
  base::TimePoint moved_at_;  // the latest byte, either way
};

}  // namespace forwarder::net
