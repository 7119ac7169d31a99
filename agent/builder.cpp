#include "agent/builder.hpp"

#include <malloc.h>

#include <algorithm>

#include "agent/foreign_hosts.hpp"
#include "agent/routed_hosts.hpp"
#include "base/list_difference.hpp"
#include "base/net/threads.hpp"

namespace agent {
namespace {

constexpr base::Duration kCollectEvery = std::chrono::seconds(1);

// What cannot be read says nothing new, however long: others of this cluster may know better. A
// document with errors is another matter: it was read, and they read the same.
std::string why_stuck(const resources::Problems& unreadable) {
  if (unreadable.empty()) return "";
  const auto& first = unreadable.front();
  auto why = resources::shown(first.place.file) + " " + resources::shown(first.message);
  if (unreadable.size() > 1) why += " and " + std::to_string(unreadable.size() - 1) + " more";
  return why;
}

}  // namespace

Builder::Builder(BuilderConfig config, Products products, Callbacks callbacks, base::Logger& log)
    : config_(std::move(config)),
      products_(products),
      callbacks_(std::move(callbacks)),
      log_(log),
      assembler_(base::net::on_all_processors()) {}

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

void Builder::publication(std::shared_ptr<const discovery::Publication> publication,
                          std::uint64_t edition) {
  {
    const std::lock_guard lock(mutex_);
    next_publication_ = std::move(publication);
    next_edition_ = edition;
  }
  wake_.notify_one();
}

void Builder::files(discovery::sources::ReadFiles files) {
  {
    const std::lock_guard lock(mutex_);
    // What takes the place of a relist is one too.
    if (next_files_ && next_files_->listing == discovery::Listing::relist)
      files.listing = discovery::Listing::relist;
    next_files_ = std::move(files);
  }
  wake_.notify_one();
}

void Builder::names(discovery::sources::NamedAddresses addresses) {
  {
    const std::lock_guard lock(mutex_);
    next_names_ = std::move(addresses);
  }
  wake_.notify_one();
}

void Builder::failing(discovery::sources::Failing endpoints) {
  {
    const std::lock_guard lock(mutex_);
    next_failing_ = std::move(endpoints);
  }
  wake_.notify_one();
}

void Builder::registered(Services services) {
  {
    const std::lock_guard lock(mutex_);
    next_registered_ = std::move(services);
  }
  wake_.notify_one();
}

void Builder::kubernetes(discovery::sources::kubernetes::Reading reading) {
  {
    const std::lock_guard lock(mutex_);
    // What takes the place of a relist is one too.
    if (next_reading_ && next_reading_->listing == discovery::Listing::relist)
      reading.listing = discovery::Listing::relist;
    next_reading_ = std::move(reading);
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
    std::optional<discovery::sources::NamedAddresses> names;
    std::optional<discovery::sources::Failing> failing;
    std::optional<Services> registered;
    std::optional<discovery::sources::kubernetes::Reading> reading;
    std::shared_ptr<const discovery::Publication> publication;
    std::optional<BuilderConfig> config;
    std::uint64_t edition = 0;
    {
      std::unique_lock lock(mutex_);
      const auto until = awaited_.value_or(std::chrono::steady_clock::now() + kCollectEvery);
      wake_.wait_until(lock, until, [this] {
        return stopping_ || next_files_ || next_names_ || next_failing_ || next_registered_ ||
               next_reading_ || next_publication_ || next_config_;
      });
      if (stopping_) return;
      files = std::exchange(next_files_, std::nullopt);
      names = std::exchange(next_names_, std::nullopt);
      failing = std::exchange(next_failing_, std::nullopt);
      registered = std::exchange(next_registered_, std::nullopt);
      reading = std::exchange(next_reading_, std::nullopt);
      publication = std::move(next_publication_);
      edition = next_edition_;
      config = std::exchange(next_config_, std::nullopt);
    }
    if (gives_back_ && std::chrono::steady_clock::now() >= *gives_back_) {
      gives_back_.reset();
      malloc_trim(0);
    }
    if (awaited_ && std::chrono::steady_clock::now() >= *awaited_) say_rows();
    want_labels();  // what nobody names any more goes with time
    if (!files && !names && !failing && !registered && !reading && !publication && !config &&
        !may_say_reading()) {
      products_.dns.collect();
      products_.forwarder.collect();
      products_.served.collect();
      continue;
    }
    bool changes = publication || config;
    if (config) accept(std::move(*config));
    if (publication) publication_ = std::move(publication);
    if (registered) registered_ = std::move(*registered);
    serve_accepted(edition);
    if (files) accept(std::move(*files));
    if (reading) accept(std::move(*reading));
    if (names) accept(std::move(*names));
    if (failing) accept(std::move(*failing));
    if (registered && newest_.documents) want_checks();
    if (has_said_ && (registered || (config && !registered_.empty()))) say_registered();
    want_labels();
    if (may_say_reading()) changes |= say_reading();
    want_labels();
    if (awaited_ && !awaits()) say_rows();
    changes |= !home_.registered.same(registered_home_);  // no publication would bring it
    // New documents alone change nothing yet: the publication with their rows follows in any case.
    if (publication_ && changes) build();
  }
}

// What is read of Kubernetes may be said otherwise by it.
void Builder::accept(BuilderConfig config) {
  config_ = std::move(config);
  is_reading_due_ = reading_.has_value();
}

void Builder::accept(discovery::sources::ReadFiles files) {
  files_ = std::move(files);
  accept_documents(files_->listing, true);
}

void Builder::accept_documents(discovery::Listing listing, bool anew) {
  const auto before = newest_.documents ? newest_.documents : serving_.documents;
  newest_.stuck = why_stuck(files_->unreadable);
  // What is read again whole is told whole; of objects, which change one by one, what is new.
  auto known = anew ? resources::Problems() : before->problems;
  if (!anew) std::ranges::copy(newest_.problems, std::back_inserter(known));
  newest_.problems = files_->left_out;
  newest_.texts = texts_;
  // Kept for when the others change.
  auto files = config_.kubernetes ? files_->files : std::move(files_->files);
  if (texts_)
    for (const auto& text : *texts_) files.push_back(text.file);
  newest_.documents = store_.accept(std::move(files), files_->unreadable, config_.judge);
  const auto& documents = newest_.documents;
  const bool agent = config_.role == Role::agent;
  if (agent)
    std::ranges::move(
        warn_of_foreign_hosts(documents->documents.virtual_destinations, config_.rules.zones),
        std::back_inserter(newest_.problems));
  log_accepted(*before, known);
  auto wanted =
      agent ? discovery::sources::names_in(documents->documents) : std::vector<std::string>();
  std::erase_if(new_names_, [&](const auto& name) {  // what is left still waits
    return !std::ranges::binary_search(wanted, name);
  });
  std::ranges::set_difference(wanted, wanted_, std::back_inserter(new_names_));
  wanted_ = std::move(wanted);
  want_names();
  if (agent) want_checks();
  if (agent) labels_.look_at(documents->documents);
  want_labels();
  if (listing == discovery::Listing::relist) awaiting_ = listing;
  if (!awaits()) return say_rows();
  if (!awaited_)
    awaited_ = std::chrono::steady_clock::now() +
               (labels_.are_missing(publication_.get()) ? SubsetLabels::kPatience : kSightPatience);
}

void Builder::log_accepted(const AcceptedDocuments& before, const resources::Problems& known) {
  const auto& documents = *newest_.documents;
  auto problems = documents.problems;
  std::ranges::copy(newest_.problems, std::back_inserter(problems));
  std::erase_if(problems, [&](const auto& one) { return std::ranges::count(known, one) > 0; });
  log_problems(problems);
  const auto is_new = [&](const auto& file) {
    return known.empty() || !std::ranges::count(before.held_back, file);
  };
  for (const auto& file : documents.held_back)
    if (is_new(file))
      log_.warn("documents",
                std::ranges::count(documents.never_good, file)
                    ? "held back: it never was good, so nothing of it serves"
                    : "held back: its last good state serves",
                {{"file", file}});
  for (const auto& file : before.held_back)
    if (!std::ranges::count(documents.held_back, file))
      log_.info("documents", "no longer held back", {{"file", file}});
}

void Builder::want_names() {
  auto wanted = wanted_;
  auto of_reading =
      reading_ ? discovery::sources::names_in(reading_->documents) : std::vector<std::string>();
  has_reading_names_ = !of_reading.empty();
  std::ranges::move(of_reading, std::back_inserter(wanted));
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  if (wanted == wanted_of_all_) return;
  wanted_of_all_ = std::move(wanted);
  callbacks_.names_wanted(wanted_of_all_);
}

void Builder::accept(discovery::sources::NamedAddresses addresses) {
  seen_.names = std::move(addresses);
  is_reading_due_ |= has_reading_names_;
  if (!newest_.documents) return;
  want_checks();
  if (!awaited_ || !awaits()) say_rows();
}

void Builder::accept(discovery::sources::Failing endpoints) {
  seen_.failing = std::move(endpoints);
  awaits_checks_ = false;
  if (has_said_ && !registered_.empty()) say_registered();
  if (newest_.documents && (!awaited_ || !awaits())) say_rows();
}

bool Builder::awaits() const {
  return awaits_checks_ || labels_.are_missing(publication_.get()) ||
         std::ranges::any_of(new_names_, [this](const auto& name) {
           const auto led = seen_.names.find(name);
           return led == seen_.names.end() || !led->second.is_whole;
         });
}

// What the newest documents publish, by what is seen of their endpoints now.
void Builder::say_rows() {
  awaited_ = std::nullopt;
  labels_.wait_no_more();
  new_names_.clear();
  awaits_checks_ = false;
  if (!std::exchange(has_said_, true) && !registered_.empty()) say_registered();
  const auto listing = std::exchange(awaiting_, discovery::Listing::change);
  const auto& documents = newest_.documents->documents;
  auto rows =
      local_.update(documents, config_.role, config_.exports, config_.rules.locality, seen_);
  if (std::exchange(row_problems_, rows.problems) != rows.problems) log_problems(rows.problems);
  rows.problems.insert(rows.problems.end(), newest_.problems.begin(), newest_.problems.end());
  if (accepted_.size() == kMaxEditions) accepted_.pop_back();
  SourceRows said{"files", std::move(rows.changes), ++editions_, listing};
  if (listing == discovery::Listing::relist && config_.role == Role::agent)
    said.rows = discovery::sources::make_rows(documents, config_.exports, seen_).rows;
  accepted_.push_back({editions_, newest_.documents, newest_.texts, std::move(rows.problems),
                       std::move(rows.home)});
  callbacks_.rows_changed(std::move(said), newest_.stuck);
}

// What is registered is what services say of themselves, and like Kubernetes' word takes effect as
// it comes.
void Builder::say_registered() {
  resources::Documents documents;
  documents.static_services = registered_;
  auto rows = local_.update_registered(documents, config_.exports, config_.rules.locality, seen_);
  if (registered_problems_ != rows.problems) log_problems(rows.problems);
  registered_problems_ = std::move(rows.problems);
  registered_home_ = std::move(rows.home);
  if (!rows.changes.written.empty() || !rows.changes.gone.empty())
    callbacks_.rows_changed({"registrations", std::move(rows.changes), 0, {}}, "");
}

void Builder::want_checks() {
  const auto& documents = newest_.documents->documents;
  const auto& services = documents.static_services;
  if (services.pointers() == checked_services_.pointers() &&
      registered_.pointers() == checked_registered_.pointers() && seen_.names == checked_names_ &&
      check_rule_ == config_.checks)
    return;
  checked_services_ = services;
  checked_registered_ = registered_;
  checked_names_ = seen_.names;
  check_rule_ = config_.checks;
  auto targets = discovery::sources::check_targets(services, seen_.names, check_rule_);
  if (!registered_.empty()) {
    // Of an endpoint that both name the document says whether it is checked.
    auto registered = discovery::sources::check_targets(registered_, seen_.names, check_rule_);
    for (const auto& name : discovery::sources::endpoints_of(services, seen_.names))
      registered.erase(name);
    targets.merge(registered);
  }
  if (!has_said_) awaits_checks_ = !targets.empty();
  callbacks_.checks_wanted(std::move(targets));
}

void Builder::accept(discovery::sources::kubernetes::Reading reading) {
  const bool other = reading.texts != texts_;
  texts_ = reading.texts;
  if (other && files_) accept_documents(reading.listing, false);
  // What takes the place of a relist that is not said yet is one too.
  if (reading_ && reading_->listing == discovery::Listing::relist)
    reading.listing = discovery::Listing::relist;
  reading_ = std::move(reading);
  is_reading_due_ = true;
  want_names();
}

// The first rows of it tell peers that this cluster is whole: its documents' go before.
bool Builder::may_say_reading() {
  return reading_ && is_reading_due_ &&
         (has_said_reading_ || (newest_.documents && !awaited_ &&
                                labels_.may_begin(std::chrono::steady_clock::now(),
                                                  publication_.get(), reading_->pods.get())));
}

void Builder::want_labels() {
  if (config_.role != Role::agent) return;
  auto news = labels_.update(std::chrono::steady_clock::now(), config_.pods, publication_.get());
  if (news.wanted) callbacks_.pod_labels_wanted(std::move(*news.wanted));
  if (news.rows) callbacks_.rows_changed({"subsets", std::move(*news.rows), 0, {}}, "");
}

// True when it changes what no publication will bring.
bool Builder::say_reading() {
  is_reading_due_ = false;
  has_said_reading_ = true;
  auto& reading = *reading_;
  const discovery::sources::Seen seen{seen_.names, {}, reading.places, reading.pods};
  auto rows =
      local_.update_kubernetes(reading.documents, config_.exports, config_.rules.locality, seen);
  std::ranges::copy(reading.problems, std::back_inserter(rows.problems));
  SourceRows said{"kubernetes", std::move(rows.changes), 0, reading.listing};
  if (reading.listing == discovery::Listing::relist)
    said.rows = discovery::sources::make_rows(reading.documents, config_.exports, seen).rows;
  reading.listing = discovery::Listing::change;
  callbacks_.rows_changed(std::move(said), reading.stuck);
  labels_.told(reading.pods.get());
  const bool same_problems = kubernetes_problems_ == rows.problems;
  if (!same_problems) log_problems(rows.problems);
  const bool same = same_problems && kubernetes_home_.same(rows.home);
  kubernetes_home_ = std::move(rows.home);
  kubernetes_problems_ = std::move(rows.problems);
  return !same;
}

// `edition` has come back in a publication, and with it all before.
void Builder::serve_accepted(std::uint64_t edition) {
  for (; !accepted_.empty() && accepted_.front().number <= edition; accepted_.pop_front())
    serving_ = std::move(accepted_.front());
  config_.rules.routed_hosts = routed_hosts(serving_.documents->documents);
  config_.rules.failover = serving_.documents->documents.failover_policies.pointers();
  std::ranges::sort(config_.rules.failover, [](const auto& a, const auto& b) {
    return resources::precedes(a->metadata, b->metadata);
  });
}

void Builder::join_homes() {
  if (!home_.files.same(serving_.home) || !home_.kubernetes.same(kubernetes_home_) ||
      !home_.registered.same(registered_home_))
    home_ = {serving_.home, kubernetes_home_, registered_home_,
             at_home(at_home(serving_.home, kubernetes_home_), registered_home_)};
  config_.rules.home = home_.all;
}

void Builder::build() {
  const auto began = std::chrono::steady_clock::now();
  join_homes();
  auto served = std::make_unique<Served>();
  served->version = ++version_;
  served->publication = publication_;
  served->documents = serving_.documents;
  served->texts = serving_.texts;
  served->row_problems = serving_.row_problems;
  for (const auto* problems : {&kubernetes_problems_, &registered_problems_})
    served->row_problems.insert(served->row_problems.end(), problems->begin(), problems->end());
  served->resolution =
      resolver_.resolve(assembler_.assemble(*publication_, config_.rules, version_));

  if (stopping_) return;
  auto dns = dns_.build(served->resolution, config_.zone);
  served->dns_problems = dns->problems();
  if (version_ == 1 || may_answer_first(*served->resolution->view))
    products_.dns.publish(std::move(dns));
  if (stopping_) return;
  auto compiled = forwarder::compile(serving_.documents->documents, *served->resolution,
                                     config_.forwarder, routing_, std::chrono::steady_clock::now());
  served->routing = std::move(compiled.statuses);
  forwarder::add_findings(served->routing, served->documents->problems,
                          served->documents->held_back);
  served->routing_problems = std::move(compiled.problems);

  if (dns) products_.dns.publish(std::move(dns));
  products_.forwarder.publish(std::move(compiled.table));
  forwarded_ = served->resolution->view;
  served->built_at = std::chrono::steady_clock::now();
  served->build_time = served->built_at - began;
  if (served->build_time > kLong) gives_back_ = served->built_at + kSettles;
  products_.served.publish(std::move(served));
  callbacks_.tables_published();
}

// Callers that DNS sends to the forwarder find their host and port there: else both go out
// together.
bool Builder::may_answer_first(const discovery::view::View& next) const {
  if (!forwarded_) return false;
  const auto changed = base::difference(forwarded_->destinations, next.destinations);
  return std::ranges::all_of(changed.come, [&](std::size_t i) {
    const auto& now = next.destinations[i];
    if (now->door.kind != discovery::view::Door::Kind::forwarder) return true;
    const auto* before = forwarded_->find(now->host);
    return before && before->door.kind == now->door.kind &&
           before->door.addresses == now->door.addresses && before->ports == now->ports;
  });
}

void Builder::log_problems(const resources::Problems& problems) {
  for (const auto& problem : problems) {
    if (problem.severity == resources::Severity::error)
      log_.error("documents", problem.without_severity());
    else
      log_.warn("documents", problem.without_severity());
  }
}

}  // namespace agent
