// Asks endpoints by HTTP, and by grpc.health.v1, whether they serve; by libcurl, on a thread of its
// own that begins with the first question.
//
// HTTP: GET, 200 to 399 is well, redirects are not followed. gRPC: Health/Check over HTTP/2 without
// TLS (its prior knowledge), SERVING is well; both as Kubernetes' probes do. Each on a connection
// of its own. Errors: as answers, with words; without libcurl nobody is asked, see trouble().
// Thread: ask() is any thread's; answers come on the checker's own. Ownership: destruction ends
// what is under way, unanswered.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "discovery/sources/health_checks.hpp"

namespace discovery::sources {

// "answers 503"; "" = as it should.
std::string http_fault(long status);
// `body`: what came of the call, grpc's framing with it; `grpc_status`: -1 = none came.
std::string grpc_fault(long status, int grpc_status, std::string_view body);
// The framed HealthCheckRequest for the service.
std::string grpc_question(std::string_view service);

class HttpChecker {
 public:
  using Done = std::function<void(HealthChecks::Answer, std::string said)>;

  HttpChecker();
  ~HttpChecker();
  HttpChecker(const HttpChecker&) = delete;
  HttpChecker& operator=(const HttpChecker&) = delete;

  // `how.kind` is http or grpc.
  void ask(const base::SocketAddress& address, const resources::HealthCheck& how, Done done);
  std::string trouble() const;  // "": nothing hinders it

 private:
  struct Call;
  void run();
  void begin(std::unique_ptr<Call> call);
  void end(void* handle, int result);

  mutable std::mutex mutex_;
  bool stopping_ = false, missing_ = false;
  std::vector<std::unique_ptr<Call>> waiting_;
  void* multi_ = nullptr;  // CURLM
  std::thread thread_;
  std::map<void*, std::unique_ptr<Call>> calls_;  // the thread's own, by CURL
};

}  // namespace discovery::sources
