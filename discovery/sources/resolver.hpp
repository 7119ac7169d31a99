// Looks up the addresses of configured names with c-ares, on a thread of its own: peers by name.
//
// Look-ups run side by side, so a name whose servers are silent holds up no other. When the last
// one has ended the channel goes with it: the next look-up reads resolv.conf anew and uses a port
// of its own (c-ares 1.18 keeps one for the life of a channel).
//
// Limits: kMaxAtOnce look-ups under way, kMaxWaiting behind them; what is beyond is answered with
// an error at once. Errors: timeout or unavailable, with the name and c-ares' words. Thread:
// resolve() from any; the answer comes once, on the resolver's thread. Destruction ends the
// look-ups under way with an error and does not wait for their servers.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/address.hpp"
#include "base/net/poll_set.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace discovery::sources {

class Resolver {
 public:
  static constexpr std::size_t kMaxAtOnce = 64;
  static constexpr std::size_t kMaxWaiting = 1024;
  using Answer = std::function<void(base::Result<std::vector<base::IpAddress>>)>;

  struct Options {
    std::vector<base::SocketAddress> servers;           // none: the system's
    base::Duration patience = std::chrono::seconds(3);  // for a name, in two tries
  };
  explicit Resolver(Options options);
  Resolver() : Resolver(Options{}) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // A literal address is answered at once, on the calling thread.
  void resolve(const std::string& host, Answer answer);

 private:
  class Channel;
  struct Question {
    std::string host;
    Answer answer;
  };
  // False when it is time to stop.
  bool take(std::deque<Question>& into, std::size_t most);
  void run();

  const Options options_;
  base::net::PollSet polled_;
  std::mutex mutex_;
  std::deque<Question> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace discovery::sources
