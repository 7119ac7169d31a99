#include "forwarder/net/forwarder.hpp"

#include <algorithm>

namespace forwarder::net {

Forwarder::Forwarder(Config config, base::Published<Table>& tables, base::Logger& log)
    : config_(std::move(config)), tables_(tables), log_(log) {}

Forwarder::~Forwarder() { stop(); }

base::Result<void> Forwarder::start() {
  INVARIANT(workers_.empty());
  base::Random random(config_.seed);
  const auto count = std::clamp<std::size_t>(config_.workers, 1, kMostWorkers);
  for (std::size_t i = 0; i < count; ++i) {
    auto loop = base::net::EventLoop::make();
    if (!loop) return loop.error();
    workers_.push_back(std::make_unique<Worker>(std::move(*loop), tables_, config_.limits,
                                                config_.timeouts, random.fork()));
    if (config_.access) workers_.back()->work().access = &config_.access->add_ring();
  }
  listeners_ = std::make_unique<Listeners>(workers_, config_.supervisor, log_, config_.report);
  listeners_->apply();
  for (const auto& worker : workers_) worker->start();
  return {};
}

void Forwarder::table_changed() {
  if (workers_.empty()) return;
  workers_.front()->loop().post([this] { listeners_->apply(); }, base::Delivery::must_deliver);
}

void Forwarder::leave() {
  for (const auto& worker : workers_)
    worker->loop().post([&worker = *worker] { worker.leave(); }, base::Delivery::must_deliver);
}

void Forwarder::drain(base::Duration patience) {
  if (workers_.empty()) return;
  workers_.front()->loop().post([this] { listeners_->close_all(); }, base::Delivery::must_deliver);
  for (const auto& worker : workers_)
    worker->loop().post([&worker = *worker, patience] { worker.drain(patience); },
                        base::Delivery::must_deliver);
  for (const auto& worker : workers_) worker->join();
  stop();
}

void Forwarder::stop() {
  for (const auto& worker : workers_) worker->loop().stop();
  for (const auto& worker : workers_) worker->join();
}

std::vector<ListenerStatus> Forwarder::listeners() const {
  return listeners_ ? listeners_->status() : std::vector<ListenerStatus>();
}

TrafficTotals Forwarder::traffic() const {
  TrafficTotals totals;
  for (const auto& worker : workers_) {
    worker->work().routes.add_to(totals.routes);
    worker->work().destinations.add_to(totals.destinations);
  }
  return totals;
}

Totals Forwarder::totals() const {
  Totals totals;
  for (const auto& worker : workers_) totals.add(worker->work().counters);
  return totals;
}

}  // namespace forwarder::net
