#include "discovery/sources/settling.hpp"

#include <sys/inotify.h>

#include <algorithm>

namespace discovery::sources {

void Settling::event(base::TimePoint now, int watch, std::uint32_t mask, std::string_view name) {
  if (!std::exchange(begun_, true)) first_ = now;
  last_ = now;
  if (!is_read_(name)) return;
  if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
    unsettled_.erase({watch, std::string(name)});
  else if (mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM))
    unsettled_.emplace(watch, name);
}

base::TimePoint Settling::read_at() const {
  return std::min(first_ + kSettle, last_ + (unsettled_.empty() ? quiet_ : kSettle));
}

void Settling::settled() {
  begun_ = false;
  unsettled_.clear();
}

}  // namespace discovery::sources
