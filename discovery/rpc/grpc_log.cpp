#include "discovery/rpc/grpc_log.hpp"

#include <grpc/support/log.h>

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace discovery::rpc {
namespace {

// Said by the server at every handshake, for it looks among its certificates' host names; ours have
// none.
constexpr std::string_view kNoise = "No match found for server name";

constexpr std::string_view kHandshakeFailed = "Handshake failed";

struct Current {
  std::mutex mutex;
  GrpcLog::Sink sink;
  std::uint64_t handshakes_failed = 0;
  std::chrono::steady_clock::time_point second{};  // began at
  std::uint64_t lines = 0;                         // in it
};

Current& current() {
  static Current the_one;
  return the_one;
}

void forward(gpr_log_func_args* line) {
  const std::string_view text(line->message);
  if (line->severity != GPR_LOG_SEVERITY_ERROR || text.starts_with(kNoise)) return;
  auto& log = current();
  const std::lock_guard lock(log.mutex);
  if (!log.sink) return;
  if (text.starts_with(kHandshakeFailed)) ++log.handshakes_failed;
  const auto now = std::chrono::steady_clock::now();
  if (now - log.second >= std::chrono::seconds(1)) {
    if (log.lines > kMaxLinesPerSecond)
      log.sink(std::to_string(log.lines - kMaxLinesPerSecond) + " more lines left out");
    log.second = now;
    log.lines = 0;
  }
  if (++log.lines <= kMaxLinesPerSecond) log.sink(std::string(text));
}

}  // namespace

GrpcLog::GrpcLog(Sink sink) {
  {
    const std::lock_guard lock(current().mutex);
    INVARIANT(!current().sink);
    current().sink = std::move(sink);
  }
  gpr_set_log_function(forward);
}

std::uint64_t GrpcLog::handshakes_failed() const {
  const std::lock_guard lock(current().mutex);
  return current().handshakes_failed;
}

GrpcLog::~GrpcLog() {
  gpr_set_log_function(nullptr);
  const std::lock_guard lock(current().mutex);
  current().sink = nullptr;
}

}  // namespace discovery::rpc
