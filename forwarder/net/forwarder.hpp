// The HTTP/1.1 forwarder as the agent sees it: give it tables, and it serves.
//
// Workers are threads, each with its own loop, connections, pools and counters; what they share is
// the published table. Listeners follow the table: after a publication call table_changed().
//
// Life: construct → start() → table_changed()* → leave()? → drain() or stop(). Routes may be
// published before or after start(). Thread: start(), drain() and stop() from the owner's; the
// others from any. Ownership: `tables` and `log` outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "base/published.hpp"
#include "forwarder/net/access_log.hpp"
#include "forwarder/net/counters.hpp"
#include "forwarder/net/limits.hpp"
#include "forwarder/net/listeners.hpp"
#include "forwarder/net/traffic.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

struct Config {
  std::size_t workers = 1;
  Limits limits;
  Timeouts timeouts;
  std::uint64_t seed = 0;  // of the picks
  // From the first worker's thread: an address was opened, or could not be.
  Listeners::Report report;
  base::net::Supervisor* supervisor = nullptr;  // that keeps its listeners; outlives it
  AccessLog* access = nullptr;                  // null: none; outlives it
};

class Forwarder {
 public:
  static constexpr std::size_t kMostWorkers = 64;

  Forwarder(Config config, base::Published<Table>& tables, base::Logger& log);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;
  ~Forwarder();

  // Opens what the table asks for (see listeners() for what could not be opened) and starts the
  // workers.
  base::Result<void> start();
  // A new table was published: listeners are opened and closed to match, soon.
  void table_changed();
  // Others serve soon: tells each client with its next answer that its connection ends, and takes
  // those who come meanwhile.
  void leave();
  // Accepts no more, lets what is under way end, closes. Returns when that is done or `patience` is
  // over.
  void drain(base::Duration patience);
  // Ends everything now.
  void stop();

  std::vector<ListenerStatus> listeners() const;
  // See Listeners; false before start().
  bool in_place() const { return listeners_ && listeners_->in_place(); }
  Totals totals() const;
  TrafficTotals traffic() const;

 private:
  const Config config_;
  base::Published<Table>& tables_;
  base::Logger& log_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Listeners> listeners_;
};

}  // namespace forwarder::net
