// Links that were not made because one side does not let the other in: who, why, how often and for
// how long. Both sides keep their half of the story, so that either operator finds it in `status`.
//
// One entry for each side, peer, host and reason; ports differ with each attempt and do not count.
// An entry is a trouble while it was seen within kRecent: the longest wait of a dialler, and a bit.
// Limit: kMaxEntries; the one not seen for longest goes. Thread: any; a lock of its own.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/time.hpp"

namespace agent {

struct Refusal {
  enum class Side : std::uint8_t {
    ours,   // we do not let them in
    theirs  // they do not let us in
  } side = Side::ours;
  std::string cluster;  // that the other side claims or is; "" = it did not get so far
  std::string address;  // of its host; "" = not known
  std::string reason;   // with the remedy
  friend auto operator<=>(const Refusal&, const Refusal&) = default;
};

// Of what gRPC logs: whether TLS has turned a connection away before there was a link, and why.
// What a dialler refuses it knows better itself.
bool is_refused_handshake(std::string_view line);
Refusal refused_handshake(std::string_view line);

class Refusals {
 public:
  static constexpr std::size_t kMaxEntries = 64;
  static constexpr base::Duration kRecent = std::chrono::seconds(150);
  static constexpr base::Duration kKept = std::chrono::hours(1);

  // `refusal.address` may carry a port, which is left out where the other side dialled.
  void note(base::TimePoint now, Refusal refusal);

  struct Entry {
    Refusal what;
    std::uint64_t count = 0;
    base::TimePoint first{}, last{};
  };
  std::vector<Entry> list(base::TimePoint now) const;  // the newest first
  std::vector<std::string> troubles(base::TimePoint now) const;
  struct Totals {
    std::uint64_t ours = 0, theirs = 0;
  };
  Totals totals() const;

 private:
  mutable std::mutex mutex_;
  std::map<Refusal, Entry> entries_;
  Totals totals_;
};

}  // namespace agent
