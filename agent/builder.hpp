// The builder thread: makes, of the newest publication and the newest documents, everything that
// workers read: the view, its resolution, the DNS table, the forwarder's table; and what status and
// explain read.
//
// Only the newest input counts: while a build runs, later inputs replace each other. A build never
// blocks a worker; the snapshots that it replaces are freed here. Thread: run() is the builder
// thread; publication(), files() and stop() from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/document_store.hpp"
#include "agent/served.hpp"
#include "base/log.hpp"
#include "base/published.hpp"
#include "discovery/assemble.hpp"
#include "discovery/sources/files.hpp"
#include "dns/build_table.hpp"
#include "forwarder/compile.hpp"
#include "forwarder/slot_map.hpp"

namespace agent {

struct BuilderConfig {
  discovery::AssemblyRules rules;  // without routed_hosts, which come from the documents
  dns::ZoneConfig zone;
  forwarder::ForwarderConfig forwarder;
  DocumentStore::Judge judge;
};

// Hosts that a route table of the mesh names exactly, and which: their door is the forwarder
// (DESIGN §5).
std::map<std::string, std::string, std::less<>> routed_hosts(const resources::Documents& documents);

class Builder {
 public:
  struct Products {
    base::Published<dns::Table>& dns;
    base::Published<forwarder::Table>& forwarder;
    base::Published<Served>& served;
  };
  // Called on the builder thread.
  struct Callbacks {
    // The local origin's rows as the newest documents give them.
    std::function<void(std::vector<discovery::EncodedRow>)> rows_changed;
    std::function<void()> tables_published;
  };

  Builder(BuilderConfig config, Products products, Callbacks callbacks, base::Logger& log);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  void start();
  void stop();
  void publication(std::shared_ptr<const discovery::Publication> publication);
  void files(discovery::sources::ReadFiles files);
  // From the next build on.
  void configure(BuilderConfig config);

 private:
  void run();
  void configure_now(BuilderConfig config);
  void accept(discovery::sources::ReadFiles files);
  void build();
  void log_problems(const resources::Problems& problems);

  BuilderConfig config_;
  Products products_;
  const Callbacks callbacks_;
  base::Logger& log_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::shared_ptr<const discovery::Publication> next_publication_;
  std::optional<discovery::sources::ReadFiles> next_files_;
  std::optional<BuilderConfig> next_config_;

  // The builder thread's own.
  DocumentStore store_;
  std::shared_ptr<const AcceptedDocuments> documents_ = std::make_shared<AcceptedDocuments>();
  resources::Problems row_problems_;
  std::shared_ptr<const discovery::Publication> publication_;
  discovery::Assembler assembler_;
  forwarder::SlotMap slots_;
  std::uint64_t version_ = 0;
  std::thread thread_;
};

}  // namespace agent
