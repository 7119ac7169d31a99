#include "agent/builder.hpp"

#include "discovery/sources/rows.hpp"

namespace agent {
namespace {

constexpr base::Duration kCollectEvery = std::chrono::seconds(1);

}  // namespace

std::map<std::string, std::string, std::less<>> routed_hosts(
    const resources::Documents& documents) {
  std::map<std::string, std::string, std::less<>> hosts;
  for (const auto& table : documents.route_tables) {
    if (!table.serves_the_mesh()) continue;
    for (const auto& host : table.hosts)
      if (host.find('*') == host.npos)
        hosts.emplace(host, "RouteTable " + table.metadata.namespace_ + "/" + table.metadata.name);
  }
  return hosts;
}

Builder::Builder(BuilderConfig config, Products products, Callbacks callbacks, base::Logger& log)
    : config_(std::move(config)),
      products_(products),
      callbacks_(std::move(callbacks)),
      log_(log) {}

Builder::~Builder() { stop(); }

void Builder::start() { thread_ = std::thread(&Builder::run, this); }

void Builder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Builder::publication(std::shared_ptr<const discovery::Publication> publication) {
  {
    const std::lock_guard lock(mutex_);
    next_publication_ = std::move(publication);
  }
  wake_.notify_one();
}

void Builder::files(discovery::sources::ReadFiles files) {
  {
    const std::lock_guard lock(mutex_);
    next_files_ = std::move(files);
  }
  wake_.notify_one();
}

void Builder::configure(BuilderConfig config) {
  {
    const std::lock_guard lock(mutex_);
    next_config_ = std::move(config);
  }
  wake_.notify_one();
}

void Builder::run() {
  for (;;) {
    std::optional<discovery::sources::ReadFiles> files;
    std::shared_ptr<const discovery::Publication> publication;
    std::optional<BuilderConfig> config;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kCollectEvery, [this] {
        return stopping_ || next_files_ || next_publication_ || next_config_;
      });
      if (stopping_) return;
      files = std::exchange(next_files_, std::nullopt);
      publication = std::move(next_publication_);
      config = std::exchange(next_config_, std::nullopt);
    }
    if (!files && !publication && !config) {
      products_.dns.collect();
      products_.forwarder.collect();
      products_.served.collect();
      continue;
    }
    if (config) configure_now(std::move(*config));
    if (publication) publication_ = std::move(publication);
    if (files) accept(std::move(*files));
    if (publication_) build();
  }
}

// What the documents decide stays as they are.
void Builder::configure_now(BuilderConfig config) {
  config.rules.routed_hosts = std::move(config_.rules.routed_hosts);
  config_ = std::move(config);
}

void Builder::accept(discovery::sources::ReadFiles files) {
  documents_ = store_.accept(std::move(files.files), std::move(files.unreadable), config_.judge);
  auto rows = discovery::sources::make_rows(documents_->documents, {});
  row_problems_ = std::move(rows.problems);
  config_.rules.routed_hosts = routed_hosts(documents_->documents);
  log_problems(documents_->problems);
  log_problems(row_problems_);
  for (const auto& file : documents_->held_back)
    log_.warn("documents", "held back: the last good state of the file serves", {{"file", file}});
  callbacks_.rows_changed(std::move(rows.rows));
}

void Builder::build() {
  const auto began = std::chrono::steady_clock::now();
  auto served = std::make_unique<Served>();
  served->version = ++version_;
  served->publication = publication_;
  served->documents = documents_;
  served->row_problems = row_problems_;
  served->resolution = std::make_shared<const discovery::view::Resolution>(
      discovery::view::resolve(assembler_.assemble(*publication_, config_.rules, version_)));

  auto dns = dns::build_table(*served->resolution, config_.zone);
  served->dns_problems = dns->problems();
  auto compiled = forwarder::compile(documents_->documents.route_tables, *served->resolution,
                                     config_.forwarder, slots_);
  served->routing = std::move(compiled.statuses);
  served->routing_problems = std::move(compiled.problems);

  products_.dns.publish(std::move(dns));
  products_.forwarder.publish(std::move(compiled.table));
  served->built_at = std::chrono::steady_clock::now();
  served->build_time = served->built_at - began;
  products_.served.publish(std::move(served));
  callbacks_.tables_published();
}

void Builder::log_problems(const resources::Problems& problems) {
  for (const auto& problem : problems) {
    if (problem.severity == resources::Severity::error)
      log_.error("documents", problem.to_string());
    else
      log_.warn("documents", problem.to_string());
  }
}

}  // namespace agent
