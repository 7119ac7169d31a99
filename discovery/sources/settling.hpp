// When what happens in a folder may be read: as soon as it is whole.
//
// What came by a rename or was closed after writing is whole at once, and only what belongs
// together is waited for: a little time without an event. What has been created and not yet closed,
// or is gone and may come back in a moment (an editor that moves a document away and writes it
// anew), is given kSettle. Nothing holds a reading up for longer than kSettle after the first
// event. Thread: values.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"

namespace discovery::sources {

class Settling {
 public:
  static constexpr base::Duration kQuiet = std::chrono::milliseconds(5);
  static constexpr base::Duration kSettle = std::chrono::milliseconds(50);

  // Whether a name in a watched folder is one that is read; of others it only counts that something
  // happened.
  using IsRead = std::function<bool(std::string_view name)>;
  // `quiet`: the time without an event that shows that nothing else belongs to it.
  explicit Settling(IsRead is_read, base::Duration quiet = kQuiet)
      : is_read_(std::move(is_read)), quiet_(quiet) {}

  // An event of inotify(7): its watch and its mask; `name` is empty where it is of the watched path
  // itself.
  void event(base::TimePoint now, int watch, std::uint32_t mask, std::string_view name);
  // Only after an event.
  base::TimePoint read_at() const;
  // It is read: the next event is the first of another burst.
  void settled();

 private:
  const IsRead is_read_;
  const base::Duration quiet_;
  bool begun_ = false;
  base::TimePoint first_{}, last_{};
  std::set<std::pair<int, std::string>> unsettled_;  // by watch and name
};

}  // namespace discovery::sources
