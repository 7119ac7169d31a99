// Which addresses are listened on: the table says what is wanted, the difference to what is open is
// applied.
//
// An address that cannot be bound is reported with its errno and tried again every kRetryAfter; the
// others serve. A socket is opened once and exclusively, and every worker gets a duplicate (see
// Gate).
//
// Thread: the first worker's (or before the workers start); status() and in_place() from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "base/net/supervisor.hpp"
#include "base/net/task.hpp"
#include "forwarder/net/worker.hpp"

namespace forwarder::net {

struct ListenerStatus {
  base::SocketAddress wanted;        // as the table names it
  base::SocketAddress bound;         // where it is open: another port where port 0 was wanted
  std::optional<base::Error> error;  // why it is not open
};

class Listeners {
 public:
  static constexpr base::Duration kRetryAfter = std::chrono::seconds(1);
  using Report = std::function<void(const ListenerStatus&)>;

  // `report` is called when an address is opened, or fails for another reason than the last time.
  // `supervisor` may be null.
  Listeners(std::vector<std::unique_ptr<Worker>>& workers, base::net::Supervisor* supervisor,
            base::Logger& log, Report report);

  // Looks at the newest table. Spawns its own retries.
  void apply();
  // For good: the workers' gates are closed by whoever drains them.
  void close_all();
  std::vector<ListenerStatus> status() const;
  // What a table that was in sync asks for has been opened, or tried in vain; from then on always.
  bool in_place() const { return in_place_; }

 private:
  struct Entry {
    ListenerStatus status;
    base::net::Fd socket;  // keeps the kernel's queue while workers come and go
  };
  struct Opened {
    base::net::Fd socket;
    base::SocketAddress bound;
  };
  void try_open(Entry& entry);
  base::Result<Opened> open(const base::SocketAddress& wanted);
  void close(Entry& entry);
  base::net::Task<void> retry();

  std::vector<std::unique_ptr<Worker>>& workers_;
  base::net::Supervisor* const supervisor_;
  base::Logger& log_;
  const Report report_;
  bool retrying_ = false, closed_ = false;
  std::atomic<bool> in_place_ = false;
  mutable std::mutex mutex_;    // guards entries_ against status()
  std::vector<Entry> entries_;  // sorted by wanted
};

}  // namespace forwarder::net
