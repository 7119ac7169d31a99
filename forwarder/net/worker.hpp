// One thread, one loop, one workspace: every connection that it accepted lives and dies here.
//
// Thread: made and started by the forwarder's owner; open(), close() and drain() on the worker's
// own loop (or before start()); the destructor after join().
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "base/net/task.hpp"
#include "forwarder/net/gate.hpp"
#include "forwarder/net/workspace.hpp"

namespace forwarder::net {

class Worker {
 public:
  Worker(std::unique_ptr<base::net::EventLoop> loop, base::Published<Table>& tables,
         const Limits& limits, const Timeouts& timeouts, base::Random random);
  ~Worker();

  base::net::EventLoop& loop() { return *loop_; }
  Workspace& work() { return work_; }
  base::net::Scope& chores() { return chores_; }

  void open(const base::SocketAddress& wanted, base::net::Fd socket);
  void close(const base::SocketAddress& wanted);
  // Each answer from now on is the last of its connection; new ones are taken still.
  void leave();
  // Closes all gates and stops the loop when the last session has ended, or at the deadline.
  void drain(base::Duration patience);

  void start();
  // After the loop was told to stop: what is still open is closed.
  void join();

 private:
  base::net::Task<void> stop_when_empty(base::TimePoint deadline);

  const std::unique_ptr<base::net::EventLoop> loop_;
  Workspace work_;
  base::net::Scope sessions_;
  std::vector<std::shared_ptr<Gate>> gates_;
  bool leaving_ = false, draining_ = false;
  base::net::Scope chores_;
  std::thread thread_;
};

}  // namespace forwarder::net
