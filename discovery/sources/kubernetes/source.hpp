// What a Kubernetes API server says of its cluster, read on a thread of its own: Services and
// EndpointSlices as documents, Nodes as places, custom resources as the texts of documents. What
// becomes of those of ours is written into their status.
//
// Each resource is mirrored (reflector.hpp) and all are told together: nothing before each has been
// read whole, or need not be waited for, then whatever one turn of the thread brought. While the
// server cannot be read what it said last stays, and after kStuckAfter `stuck` says why. The thread
// is neither control's, which must not wait for anybody, nor io's, which answers probes: a list of
// 2,000 slices takes seconds to parse. Pods are read while some of their labels are wanted, and
// nothing waits for them. Thread: make, start and stop the owner's; `changed` and `judged` are
// called on the source's; status() and want_pod_labels() any's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "discovery/sources/kubernetes/api_group.hpp"
#include "discovery/sources/kubernetes/api_server.hpp"
#include "discovery/sources/kubernetes/consistency_check.hpp"
#include "discovery/sources/kubernetes/mirror.hpp"
#include "discovery/sources/kubernetes/reading.hpp"
#include "discovery/sources/kubernetes/status_writer.hpp"

namespace discovery::sources::kubernetes {

class Source {
 public:
  // A stream that breaks and is there again is nothing to speak of.
  static constexpr base::Duration kStuckAfter = std::chrono::seconds(5);

  // How old what is judged may be before it is asked for.
  static constexpr base::Duration kJudgeEvery = std::chrono::seconds(1);

  struct Callbacks {
    std::function<void(Reading)> changed;
    // What became of custom resources; null when that is as it was.
    std::function<std::shared_ptr<const States>()> judged;
  };
  static base::Result<std::unique_ptr<Source>> make(Access access, base::Random random,
                                                    Callbacks callbacks, base::Logger& log);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  void start();
  void stop();

  // Keys, sorted: from now on these; at first none. What it finds is told as a Reading.
  void want_pod_labels(std::vector<std::string> keys);

  struct ResourceStatus {
    std::string name;  // of Gloo's with their group
    bool needed = false, synced = false;
    std::size_t objects = 0;
    Reflector::Status of;
  };
  struct Status {
    std::vector<ResourceStatus> resources;  // that are there, or that should be
    StatusWriter::Status writing;
    std::uint64_t missed = 0;  // times that a mirror was found not to be what the server has
  };
  Status status() const;

 private:
  struct Group {
    ApiGroup look;
    std::string text;  // of the answer, as far as it is there
  };
  Source(std::unique_ptr<ApiServer> server, base::Random random, Callbacks callbacks,
         base::Logger& log);
  void run();
  base::TimePoint deadline() const;
  void ask(base::TimePoint now);
  void take(base::TimePoint now, ApiServer::Heard heard);
  void take_kinds(base::TimePoint now, Group& group, ApiServer::Heard heard);
  void take_writing(base::TimePoint now, ApiServer::Heard heard);
  void take_check(base::TimePoint now, ApiServer::Heard heard);
  void judge(base::TimePoint now);
  void compare(base::TimePoint now);
  ConsistencyCheck::Mirrored mirrored() const;
  std::optional<StatusWriter::Target> find_ours(const std::string& place) const;
  void tell(base::TimePoint now);
  void take_wanted(base::TimePoint now);
  bool read_pods_anew(bool changed);
  void read_texts();
  void read_places();
  void note(base::TimePoint now);
  void log(const std::string& what, const std::string& verb, const std::string& trouble);

  base::Logger& log_;
  const Callbacks callbacks_;
  const std::unique_ptr<ApiServer> server_;
  // A lane each, the groups behind the mirrors, and behind them the writer and the check.
  std::vector<Mirror> mirrors_;
  std::vector<Group> groups_;
  StatusWriter writer_;
  std::string written_;  // of the answer to the writer
  base::TimePoint judged_{};
  ConsistencyCheck check_;
  std::string checked_;  // of the answer to it
  std::shared_ptr<const CustomTexts> texts_ = std::make_shared<CustomTexts>();
  std::shared_ptr<const NodePlaces> places_ = std::make_shared<NodePlaces>();
  std::shared_ptr<const PodLabels> pods_;
  std::string stuck_;
  bool has_told_ = false;
  std::map<std::string, std::string> logged_;  // troubles by what has them
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::optional<std::vector<std::string>> wanted_labels_;  // not taken yet
  Status status_;
  std::thread thread_;
};

}  // namespace discovery::sources::kubernetes
