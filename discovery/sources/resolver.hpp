// Looks up the addresses of configured names with c-ares, on a thread of its own: peers by name,
// and endpoints that documents give by name (name_source.hpp).
//
// Look-ups run side by side, so a name whose servers are silent holds up no other. When the last
// one has ended the channel goes with it: the next look-up reads resolv.conf anew and uses a port
// of its own (c-ares 1.18 keeps one for the life of a channel).
//
// Limits: kMaxAtOnce look-ups under way, kMaxWaiting behind them; what is beyond is answered with
// an error at once. Errors: not_found where the servers say that there is none, else timeout or
// unavailable, with the name and c-ares' words. Thread:
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
  struct Found {
    std::vector<base::IpAddress> addresses;  // sorted, each once, at least one
    base::Duration lasts{};                  // the least TTL among their records
  };
  using Answer = std::function<void(base::Result<Found>)>;
  // RFC 2782, in the order in which they are to be tried.
  struct Srv {
    std::uint16_t priority = 0;
    std::string target;  // lower case without the trailing dot; "" = there is no such service
    std::uint16_t port = 0, weight = 0;
    friend auto operator<=>(const Srv&, const Srv&) = default;
  };
  struct FoundSrv {
    std::vector<Srv> records;  // as they came, at least one
    base::Duration lasts{};    // the least TTL among the answer's records
  };
  using SrvAnswer = std::function<void(base::Result<FoundSrv>)>;
  enum class Family : std::uint8_t { any, v4, v6 };

  struct Options {
    std::vector<base::SocketAddress> servers;  // none: the system's
    base::Duration patience =
        std::chrono::milliseconds(1500);  // for the first try, then twice that
    int tries = 2;
    bool whole_names = false;  // never with a domain of resolv.conf's search list behind them
  };
  explicit Resolver(Options options);
  Resolver() : Resolver(Options{}) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // A literal address is answered at once, on the calling thread. With `any`, the addresses of one
  // family are an answer even where the servers fail to tell the other's.
  void resolve(const std::string& host, Answer answer, Family family = Family::any);
  // The SRV records of a name, which is taken as whole.
  void resolve_srv(const std::string& name, SrvAnswer answer);

 private:
  class Channel;
  struct Question {
    std::string host;
    Answer answer;
    Family family = Family::any;
    SrvAnswer srv_answer = {};  // instead of `answer`
    void fail(base::Error error) const;
  };
  void put(Question question);
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
