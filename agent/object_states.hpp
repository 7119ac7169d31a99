// What became of each custom resource of ours, as its status says it (Gloo's
// status.common.State; gloo.md §20 in the project's references).
//
// ACCEPTED; WARNING: it serves, and something is odd or it serves nobody; INVALID: what is written
// now cannot serve, or a part of it does not. The message says what nearmost status says of it,
// kMaxStateMessage bytes of it at most. observedGeneration is that of the text which was judged.
// Thread: a pure function.
#pragma once

#include <memory>

#include "agent/served.hpp"
#include "base/published.hpp"
#include "discovery/sources/kubernetes/status_writer.hpp"

namespace agent {

inline constexpr std::size_t kMaxStateMessage = 1024;

discovery::sources::kubernetes::States states_of(const Served& served);

// Those of what is served now; null when nothing else is served than the last time, or not all is
// known of others yet. Thread: one, whoever calls it.
class JudgedStates {
 public:
  explicit JudgedStates(base::Published<Served>& served) : served_(served) {}
  std::shared_ptr<const discovery::sources::kubernetes::States> operator()();

 private:
  base::Published<Served>& served_;
  std::shared_ptr<base::Published<Served>::Reader> reader_;  // of the thread that calls
  std::uint64_t version_ = 0;
};

}  // namespace agent
