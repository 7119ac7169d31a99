// Looks up the addresses of configured names with c-ares, on a thread of its own: peers by name.
//
// One query at a time, in order; at most kMaxWaiting wait, further ones are answered with an error
// at once. The system's resolv.conf is read anew for each query, so a changed one is honoured.
// Errors: timeout or unavailable with c-ares' words and the name.
// Thread: resolve() from any; the answer comes on the resolver's thread. Destruction waits for the
// query under way (at most kPatience).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace discovery::sources {

class Resolver {
 public:
  static constexpr std::size_t kMaxWaiting = 1024;
  static constexpr base::Duration kPatience = std::chrono::seconds(3);
  using Answer = std::function<void(base::Result<std::vector<base::IpAddress>>)>;

  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // A literal address is answered at once, on the calling thread.
  void resolve(const std::string& host, Answer answer);

 private:
  struct Query {
    std::string host;
    Answer answer;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Query> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace discovery::sources
