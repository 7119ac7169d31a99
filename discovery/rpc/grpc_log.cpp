#include "discovery/rpc/grpc_log.hpp"

#include <grpc/support/log.h>

#include <mutex>
#include <string_view>

#include "base/result.hpp"

namespace discovery::rpc {
namespace {

// Said by the server at every handshake, for it looks among its certificates' host names; ours have
// none.
constexpr std::string_view kNoise = "No match found for server name";

struct Current {
  std::mutex mutex;
  GrpcLog::Sink sink;
};

Current& current() {
  static Current the_one;
  return the_one;
}

void forward(gpr_log_func_args* line) {
  const std::string_view text(line->message);
  if (line->severity != GPR_LOG_SEVERITY_ERROR || text.starts_with(kNoise)) return;
  const std::lock_guard lock(current().mutex);
  if (current().sink) current().sink(std::string(text));
}

}  // namespace

GrpcLog::GrpcLog(Sink sink) {
  {
    const std::lock_guard lock(current().mutex);
    CHECK(!current().sink);
    current().sink = std::move(sink);
  }
  gpr_set_log_function(forward);
}

GrpcLog::~GrpcLog() {
  gpr_set_log_function(nullptr);
  const std::lock_guard lock(current().mutex);
  current().sink = nullptr;
}

}  // namespace discovery::rpc
