#include "forwarder/net/listeners.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace forwarder::net {

Listeners::Listeners(std::vector<std::unique_ptr<Worker>>& workers,
                     base::net::Supervisor* supervisor, base::Logger& log, Report report)
    : workers_(workers), supervisor_(supervisor), log_(log), report_(std::move(report)) {}

void Listeners::apply() {
  if (closed_) return;
  auto& reader = workers_.front()->work().table;
  const Table* table = reader.acquire();
  const auto wanted = table ? table->listeners : std::vector<base::SocketAddress>();
  const bool synced = table && table->synced;
  reader.park();

  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](Entry& entry) {
    const bool gone = !std::binary_search(wanted.begin(), wanted.end(), entry.status.wanted);
    if (gone) close(entry);
    return gone;
  });
  for (const auto& address : wanted) {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), address,
        [](const Entry& entry, const auto& sought) { return entry.status.wanted < sought; });
    if (at == entries_.end() || at->status.wanted != address)
      entries_.insert(at, Entry{{address, {}, {}}, {}});
  }
  for (auto& entry : entries_)
    if (!entry.socket.valid()) try_open(entry);
  const bool some_failed = std::any_of(entries_.begin(), entries_.end(),
                                       [](const Entry& entry) { return !entry.socket.valid(); });
  if (some_failed && !retrying_) {
    retrying_ = true;
    workers_.front()->chores().spawn(retry());
  }
  if (synced) in_place_ = true;
}

void Listeners::close_all() {
  closed_ = true;
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

std::vector<ListenerStatus> Listeners::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<ListenerStatus> all;
  for (const auto& entry : entries_) all.push_back(entry.status);
  return all;
}

void Listeners::try_open(Entry& entry) {
  auto& status = entry.status;
  auto opened = open(status.wanted);
  if (opened) {
    entry.socket = std::move(opened->socket);
    status.bound = opened->bound;
    status.error.reset();
    log_.info("forwarder", "listening", {{"address", status.bound.to_string()}});
  } else {
    if (status.error == opened.error()) return;
    status.error = opened.error();
    log_.warn("forwarder", "cannot listen",
              {{"address", status.wanted.to_string()}, {"reason", status.error->message}});
  }
  if (report_) report_(status);
}

base::Result<Listeners::Opened> Listeners::open(const base::SocketAddress& wanted) {
  auto socket = base::net::listen_tcp(wanted, {.supervisor = supervisor_});
  if (!socket) return socket.error();
  const auto bound = base::net::local_address(socket->get());
  if (!bound) return bound.error();
  // All or none: a worker without its duplicate would leave connections waiting.
  std::vector<std::shared_ptr<base::net::Fd>> duplicates;  // shared, as std::function wants copies
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto& copy = duplicates.emplace_back(
        std::make_shared<base::net::Fd>(::fcntl(socket->get(), F_DUPFD_CLOEXEC, 0)));
    if (!copy->valid()) return base::from_errno("listen " + wanted.to_string(), errno);
  }
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->loop().post([&worker = *workers_[i], wanted,
                              copy = duplicates[i]] { worker.open(wanted, std::move(*copy)); },
                             base::Delivery::must_deliver);
  return Opened{std::move(*socket), *bound};
}

void Listeners::close(Entry& entry) {
  log_.info("forwarder", "listener removed", {{"address", entry.status.wanted.to_string()}});
  if (supervisor_) supervisor_->drop(SOCK_STREAM, entry.status.wanted);
  for (const auto& worker : workers_)
    worker->loop().post([&worker = *worker, wanted = entry.status.wanted] { worker.close(wanted); },
                        base::Delivery::must_deliver);
}

base::net::Task<void> Listeners::retry() {
  auto& loop = workers_.front()->loop();
  co_await base::net::sleep_until(loop, loop.now() + kRetryAfter);
  retrying_ = false;
  apply();
}

}  // namespace forwarder::net
