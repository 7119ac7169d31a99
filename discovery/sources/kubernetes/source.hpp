// Services and EndpointSlices of a Kubernetes API server, as documents, on a thread of its own.
//
// Both are mirrored (reflector.hpp) and told together: nothing before both lists have been read
// whole, then whatever one turn of the thread brought. While the server cannot be read what it said
// last stays, and after kStuckAfter `stuck` says why. The thread is neither control's, which must
// not wait for anybody, nor io's, which answers probes: a list of 2,000 slices takes seconds to
// parse. Thread: make, start and stop the owner's; `changed` is called on the source's; status()
// any's.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "discovery/sources/kubernetes/api_server.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

struct Reading {
  resources::Documents documents;     // all
  resources::Problems problems;       // of objects that cannot serve, or as they were before
  Listing listing = Listing::change;  // what it is to the reading before it
  std::string stuck;                  // why nothing new is read; "" = it is
};

class Source {
 public:
  // A stream that breaks and is there again is nothing to speak of.
  static constexpr base::Duration kStuckAfter = std::chrono::seconds(5);

  using Changed = std::function<void(Reading)>;
  static base::Result<std::unique_ptr<Source>> make(Access access, base::Random random,
                                                    Changed changed, base::Logger& log);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  void start();
  void stop();

  struct ResourceStatus {
    std::string name;
    bool synced = false;
    std::size_t objects = 0;
    Reflector::Status of;
  };
  std::vector<ResourceStatus> status() const;

 private:
  struct Mirror {
    Reflector reflector;
    Request::Kind asked = Request::Kind::list;
    bool opened = false;
    std::string text;  // of the answer: what was not read yet
    std::string told;  // the trouble in the log
  };
  Source(std::unique_ptr<ApiServer> server, base::Random random, Changed changed,
         base::Logger& log);
  void run();
  void ask(base::TimePoint now);
  void take(base::TimePoint now, ApiServer::Heard heard);
  void take_list(base::TimePoint now, std::size_t lane, ApiServer::Heard& heard);
  void take_stream(base::TimePoint now, std::size_t lane, ApiServer::Heard& heard);
  void give_up(base::TimePoint now, std::size_t lane, Ending ending);
  void tell(base::TimePoint now);
  void note(base::TimePoint now);

  base::Logger& log_;
  const Changed changed_;
  const std::unique_ptr<ApiServer> server_;
  std::vector<Mirror> mirrors_;  // a lane each
  std::string stuck_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<ResourceStatus> status_;
  std::thread thread_;
};

}  // namespace discovery::sources::kubernetes
