// Where gRPC's own log lines go while this object lives: to its owner's log instead of standard
// error.
//
// They are the only place that says why a TLS handshake failed on the accepting side. gRPC keeps
// one log function for the process, so there may be one such object at a time; it is the one piece
// of shared state that is not ours to avoid. Anybody who reaches the port writes such lines, so the
// sink gets kMaxLinesPerSecond and how many there were more; failed handshakes are all counted.
// Thread: the sink is called on any thread, one call at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace discovery::rpc {

inline constexpr std::uint64_t kMaxLinesPerSecond = 5;

class GrpcLog {
 public:
  using Sink = std::function<void(std::string line)>;
  explicit GrpcLog(Sink sink);
  ~GrpcLog();
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;

  std::uint64_t handshakes_failed() const;
};

}  // namespace discovery::rpc
