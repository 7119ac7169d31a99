// The connection to an API server: one request a lane at a time, answers as they come, by libcurl.
//
// libcurl's multi handle does the work inside of wait(); nothing is called back. Each request reads
// the token's file, which is rotated under a pod's feet, and each connection those of the CA and of
// the client's certificate. A stream
// that is idle is well; a peer that is gone is found by TCP's keep-alive within kDeadAfter; what
// lasts longer than its patience is ended, and so is what does not begin in time, as on a
// connection that a balancer keeps up without a server behind it: the next request is on another.
// Limits: wait() returns what is there after one look at the sockets, which libcurl bounds. Errors:
// as endings, with the words of whoever refused. Thread: one; wake() is any thread's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/sources/kubernetes/access.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

// What an answer other than 200 says, and what an operator can do about it.
std::string refusal(int status, std::string_view body);

class ApiServer {
 public:
  // With TLS. An attempt that meets silence is not to outlast a server's return by 5 s; SYNs go out
  // after 0, 1 and 3 s.
  static constexpr base::Duration kConnectPatience = std::chrono::seconds(4);
  static constexpr int kKeepAliveIdleSeconds = 5, kKeepAliveEverySeconds = 5, kKeepAliveTries = 2;
  static constexpr base::Duration kDeadAfter =
      std::chrono::seconds(kKeepAliveIdleSeconds + kKeepAliveEverySeconds * kKeepAliveTries);

  // The error: there is no libcurl.
  static base::Result<std::unique_ptr<ApiServer>> make(Access access, std::size_t lanes);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  void ask(std::size_t lane, const Request& request);
  void drop(std::size_t lane);  // nothing more of it is heard

  struct Heard {
    std::size_t lane = 0;
    int status = 0;     // once the head is here
    std::string bytes;  // of the body, since last time
    std::optional<Ending> ended;
  };
  // Of each lane of which there is something new; when nothing is, until `patience` is over.
  std::vector<Heard> wait(base::Duration patience);
  void wake();

 private:
  struct Lane;
  ApiServer(Access access, std::size_t lanes);
  void end_silent();  // those that have not begun in time
  const Access access_;
  void* multi_ = nullptr;  // CURLM
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace discovery::sources::kubernetes
