#include "forwarder/net/worker.hpp"

#include <algorithm>

namespace forwarder::net {

Worker::Worker(std::unique_ptr<base::net::EventLoop> loop, base::Published<Table>& tables,
               const Limits& limits, const Timeouts& timeouts, base::Random random)
    : loop_(std::move(loop)),
      work_(*loop_, tables, limits, timeouts, random),
      sessions_(*loop_),
      chores_(*loop_) {}

Worker::~Worker() { INVARIANT(!thread_.joinable()); }

void Worker::open(const base::SocketAddress& wanted, base::net::Fd socket) {
  if (draining_) return;
  gates_.push_back(std::make_shared<Gate>(work_, sessions_, wanted, std::move(socket)));
  if (leaving_) gates_.back()->leave();
}

void Worker::close(const base::SocketAddress& wanted) {
  const auto found = std::find_if(gates_.begin(), gates_.end(),
                                  [&](const auto& gate) { return gate->wanted() == wanted; });
  if (found == gates_.end()) return;
  (*found)->close();
  gates_.erase(found);
}

void Worker::leave() {
  leaving_ = true;
  for (const auto& gate : gates_) gate->leave();
}

void Worker::drain(base::Duration patience) {
  draining_ = true;
  for (const auto& gate : gates_) gate->close();
  gates_.clear();
  chores_.spawn(stop_when_empty(loop_->now() + patience));
}

base::net::Task<void> Worker::stop_when_empty(base::TimePoint deadline) {
  if (sessions_.size() > 0) co_await sessions_.emptied(deadline);
  loop_->stop();
}

void Worker::start() {
  thread_ = std::thread([this] { loop_->run(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
  chores_.cancel();
  sessions_.cancel();
  gates_.clear();
  work_.endpoints.close();
}

}  // namespace forwarder::net
