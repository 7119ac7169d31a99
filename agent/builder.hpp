// The builder thread: makes, of the newest publication and the newest documents, everything that
// workers read: the view, its resolution, the DNS table, the forwarder's table; and what status and
// explain read.
//
// Only the newest input counts: while a build runs, later inputs replace each other. Documents take
// effect with the publication that holds the rows they make, so that no route is built of new
// documents and old endpoints. DNS does not wait for the forwarder's table where nobody is sent to
// the forwarder who was not before, nor at a start: a restarted agent answers as soon as it can. A
// build never blocks a worker; the snapshots that it replaces are freed here. What Kubernetes says
// of Services is rows and no routes: it takes effect as it comes, the first of it behind the first
// of its custom resources, which are documents beside those of files. Names that documents give
// instead of addresses are looked up elsewhere, and endpoints checked: documents with names that
// are not known yet, and the first for the first checks, wait for kSightPatience at most, so that a
// restart neither withdraws what is there nor brings back what is dead; so does what was registered
// before. Documents whose subsets look at labels of Pods that nobody looked at before wait for them
// in the same way, and the first of Kubernetes for all that is looked at (subset_labels.hpp).
// Thread: run() is the builder thread; publication(), files(), names(), failing(), registered(),
// kubernetes(), configure() and stop() from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/config.hpp"
#include "agent/document_store.hpp"
#include "agent/local_rows.hpp"
#include "agent/served.hpp"
#include "agent/source_rows.hpp"
#include "agent/subset_labels.hpp"
#include "base/log.hpp"
#include "base/published.hpp"
#include "discovery/assemble.hpp"
#include "discovery/sources/files.hpp"
#include "discovery/sources/kubernetes/reading.hpp"
#include "discovery/sources/names.hpp"
#include "discovery/sources/rows.hpp"
#include "dns/table_builder.hpp"
#include "forwarder/compile.hpp"

namespace agent {

struct BuilderConfig {
  discovery::AssemblyRules
      rules;  // without routed_hosts, failover and home, which the documents give
  discovery::sources::ExportRule exports;
  dns::ZoneConfig zone;
  forwarder::ForwarderConfig forwarder;
  Role role = Role::agent;
  discovery::sources::CheckRule checks;  // of endpoints of files
  DocumentStore::Judge judge;
  bool kubernetes = false;  // whether it will be read, too
  SubsetLabels::Rule pods;
};

class Builder {
 public:
  // Editions whose rows have not come back; of more the newest take each other's place.
  static constexpr std::size_t kMaxEditions = 8;
  static constexpr base::Duration kLong = std::chrono::milliseconds(100);  // for a build
  static constexpr base::Duration kSettles =
      std::chrono::seconds(5);  // until all have made use of it
  static constexpr base::Duration kSightPatience = std::chrono::milliseconds(500);

  using Services = resources::SharedList<resources::StaticService>;

  struct Products {
    base::Published<dns::Table>& dns;
    base::Published<forwarder::Table>& forwarder;
    base::Published<Served>& served;
  };
  // Called on the builder thread.
  struct Callbacks {
    // The local origin's rows as a source's newest documents give them: what has changed, or all of
    // them where they are a relist. And why some of it could not be read ("" = all was).
    std::function<void(SourceRows, std::string stuck)> rows_changed;
    std::function<void()> tables_published;
    // The names of the newest documents, where they are others than before: to be looked up.
    std::function<void(std::vector<std::string>)> names_wanted;
    // Whose answering is to be tried, where they are others than before.
    std::function<void(discovery::sources::CheckTargets)> checks_wanted;
    // Keys of labels that the Kubernetes' Pods are to be read with, where others than before.
    std::function<void(std::vector<std::string>)> pod_labels_wanted;
  };

  Builder(BuilderConfig config, Products products, Callbacks callbacks, base::Logger& log);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  void start();
  void stop();
  // `edition`: of the local rows in it; 0 = of no documents yet.
  void publication(std::shared_ptr<const discovery::Publication> publication,
                   std::uint64_t edition);
  void files(discovery::sources::ReadFiles files);
  void names(discovery::sources::NamedAddresses addresses);
  void failing(discovery::sources::Failing endpoints);
  void registered(Services services);
  void kubernetes(discovery::sources::kubernetes::Reading reading);
  // From the next build on.
  void configure(BuilderConfig config);

 private:
  void run();
  void accept(BuilderConfig config);
  void accept(discovery::sources::ReadFiles files);
  void accept_documents(discovery::Listing listing, bool anew);
  void accept(discovery::sources::NamedAddresses addresses);
  void accept(discovery::sources::Failing endpoints);
  bool awaits() const;
  void want_checks();
  void say_rows();
  void say_registered();
  void accept(discovery::sources::kubernetes::Reading reading);
  void want_names();
  bool may_say_reading();
  bool say_reading();
  void want_labels();
  void serve_accepted(std::uint64_t edition);
  void join_homes();
  void build();
  bool may_answer_first(const discovery::view::View& next) const;
  // What of the newest documents is wrong, `known` aside, and which files wait or no longer do.
  void log_accepted(const AcceptedDocuments& before, const resources::Problems& known);
  void log_problems(const resources::Problems& problems);

  BuilderConfig config_;
  Products products_;
  const Callbacks callbacks_;
  base::Logger& log_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_ = false;  // written under the lock; a long build looks at it
  std::shared_ptr<const discovery::Publication> next_publication_;
  std::uint64_t next_edition_ = 0;  // of next_publication_
  std::optional<discovery::sources::ReadFiles> next_files_;
  std::optional<discovery::sources::NamedAddresses> next_names_;
  std::optional<discovery::sources::Failing> next_failing_;
  std::optional<Services> next_registered_;
  std::optional<discovery::sources::kubernetes::Reading> next_reading_;
  std::optional<BuilderConfig> next_config_;

  using SharedTexts = std::shared_ptr<const discovery::sources::kubernetes::CustomTexts>;

  // The builder thread's own.
  DocumentStore store_;
  std::optional<discovery::sources::ReadFiles> files_;              // as last read
  std::optional<discovery::sources::kubernetes::Reading> reading_;  // as last read
  bool is_reading_due_ = false, has_said_reading_ = false;          // its rows
  SharedTexts texts_;                                               // as last read
  struct {
    std::shared_ptr<const AcceptedDocuments> documents;
    SharedTexts texts;             // that are among them
    resources::Problems problems;  // warnings beside those of the documents
    std::string stuck;
  } newest_;                                // as the files say
  LocalRows local_;                         // of the newest documents
  discovery::sources::Seen seen_;           // of their endpoints
  std::vector<std::string> wanted_;         // names in them
  std::vector<std::string> wanted_of_all_;  // and in what Kubernetes says
  bool has_reading_names_ = false;          // in what it says are some
  // Until when the newest documents wait for what of it is not seen yet, and how they were read.
  std::optional<base::TimePoint> awaited_;
  std::vector<std::string> new_names_;
  discovery::Listing awaiting_ = discovery::Listing::change;
  resources::Problems row_problems_;  // as last logged
  // For which checks_wanted() was called last.
  Services checked_services_, checked_registered_;
  discovery::sources::NamedAddresses checked_names_;
  discovery::sources::CheckRule check_rule_;
  SubsetLabels labels_;
  bool has_said_ = false;       // rows
  bool awaits_checks_ = false;  // the first of all
  struct Edition {
    std::uint64_t number = 0;
    std::shared_ptr<const AcceptedDocuments> documents = std::make_shared<AcceptedDocuments>();
    SharedTexts texts;
    resources::Problems row_problems;
    discovery::Rows home;
  };
  Edition serving_;
  Services registered_;
  discovery::Rows registered_home_, kubernetes_home_;
  struct {
    discovery::Rows files, kubernetes, registered, all;
  } home_;  // as last served: the same object until one of the three changes
  resources::Problems registered_problems_, kubernetes_problems_;
  std::deque<Edition> accepted_;  // whose rows have not come back yet, oldest first
  std::uint64_t editions_ = 0;
  std::shared_ptr<const discovery::Publication> publication_;
  discovery::Assembler assembler_;
  discovery::view::Resolver resolver_;
  dns::TableBuilder dns_;
  std::shared_ptr<const discovery::view::View> forwarded_;  // of the last forwarder's table
  forwarder::KeptTable routing_;
  std::uint64_t version_ = 0;
  // When to give back memory: what much was made of took far more than what is kept.
  std::optional<base::TimePoint> gives_back_;
  std::thread thread_;
};

}  // namespace agent
