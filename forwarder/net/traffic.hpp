// What a worker counts of each route and each destination: answers by class of status, and how long
// they took.
//
// The worker finds and counts without a lock. Only a name that is new takes one, for the moment in
// which it is put in, and so does whoever reads. Entries stay: a pointer to one is good as long as
// the Traffic is. Above kMost names all new ones share one entry. Thread: of and add from the
// worker, add_to from any.
#pragma once

#include <absl/container/node_hash_map.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "forwarder/net/counters.hpp"
#include "forwarder/text_hash.hpp"

namespace forwarder::net {

// Of status 0 (no answer), 1xx to 5xx.
inline constexpr std::size_t kStatusClasses = 6;
// Upper bounds of how long a request took, in microseconds; above the last there is one more.
inline constexpr std::array<std::uint64_t, 12> kLatencyBounds{
    500,     1'000,   5'000,   10'000,    25'000,    50'000,
    100'000, 250'000, 500'000, 1'000'000, 5'000'000, 10'000'000};

// The same as plain numbers, summed over workers.
struct TrafficCounts {
  std::array<std::uint64_t, kStatusClasses> by_class{};
  std::array<std::uint64_t, kLatencyBounds.size() + 1> by_latency{};
  std::uint64_t microseconds = 0;

  std::uint64_t requests() const;
  TrafficCounts& operator+=(const TrafficCounts& more);
};

// By name.
struct TrafficTotals {
  std::map<std::string, TrafficCounts> routes, destinations;
};

class Traffic {
 public:
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::string_view kOthers = "(others)";

  class Entry {
   public:
    void add(std::uint16_t status, base::Duration took);
    TrafficCounts read() const;

   private:
    std::array<Counter, kStatusClasses> by_class_;
    std::array<Counter, kLatencyBounds.size() + 1> by_latency_;
    Counter microseconds_;
  };

  Entry& of(std::string_view name);
  void add_to(std::map<std::string, TrafficCounts>& sums) const;

 private:
  absl::node_hash_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
  mutable std::mutex growing_;  // of who adds a name, and of readers
};

}  // namespace forwarder::net
