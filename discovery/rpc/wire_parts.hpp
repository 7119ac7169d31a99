// What the files of wire.hpp share: the values that all messages are made of, and the reader that
// says what is wrong with one. Included by them alone. Thread: pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/rpc/wire.hpp"
#include "proto/gossip.pb.h"

namespace discovery::rpc {

// What is longer than 32 bits can say is that long at least.
template <typename Unit>
std::uint32_t to_wire(base::Duration time) {
  using Count = std::chrono::duration<std::int64_t, Unit>;
  constexpr auto kMost = std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  const auto count = std::chrono::duration_cast<Count>(time).count();
  return static_cast<std::uint32_t>(std::clamp(count, std::int64_t{0}, kMost));
}

inline std::uint32_t to_wire_ms(base::Duration age) { return to_wire<std::milli>(age); }

inline void put(const OriginId& id, pb::Origin& to) {
  to.set_cluster(id.cluster);
  to.set_replica(id.replica);
}

inline void put(const Stamp& stamp, pb::Stamp& to) {
  to.set_incarnation(stamp.incarnation);
  to.set_version(stamp.version);
}

// Reads one message and remembers the first thing that is wrong with it.
class Reader {
 public:
  const std::optional<base::Error>& error() const { return error_; }

  // False, with "field: what" kept, when `holds` is false.
  template <class... Parts>
  bool need(bool holds, const Parts&... parts) {
    if (holds || error_) return !error_;
    std::string text;
    (text.append(parts), ...);
    error_ = base::invalid(std::move(text));
    return false;
  }

  bool need_at_most(std::size_t size, std::size_t most, std::string_view field) {
    return need(size <= most, field, ": ", std::to_string(size), " bytes, at most ",
                std::to_string(most));
  }

  OriginId origin(bool present, const pb::Origin& from, std::string_view field) {
    need(present, field, ": missing") &&
        need(is_cluster_name(from.cluster()), field, ".cluster: not a DNS label") &&
        need(from.replica() < kMaxReplicas, field, ".replica: ", std::to_string(from.replica()),
             ", at most ", std::to_string(kMaxReplicas - 1));
    return {from.cluster(), from.replica()};
  }

  // An absent stamp is {0, 0}: nothing known.
  Stamp stamp(const pb::Stamp& from, std::string_view field) {
    need(from.incarnation() != 0 || from.version() == 0, field,
         ": a version without an incarnation");
    return {from.incarnation(), from.version()};
  }

 private:
  std::optional<base::Error> error_;
};

// wire_verdicts.cpp
void put(const Verdicts& verdicts, pb::Frame& frame);
Frame read(const pb::Verdicts& from, Reader& reader);

}  // namespace discovery::rpc
