// Says when bytes that arrived since the last look can change a verdict, so that a head that
// trickles in is not parsed again at every byte.
//
// Invariant: over a whole head, at most three looks say yes before the one that decides. Thread: a
// value.
#pragma once

#include <cstddef>
#include <string_view>

namespace forwarder::http {

class HeadProgress {
 public:
  bool worth_parsing(std::string_view buffer, std::size_t limit);
  void restart() { *this = {}; }

 private:
  std::size_t seen_ = 0;
  bool line_seen_ = false;
};

}  // namespace forwarder::http
