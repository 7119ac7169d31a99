#include "base/net/poll_set.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>

namespace base::net {

PollSet::PollSet() : wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void PollSet::watch(void* owner, int fd, bool reads, bool writes) {
  const auto events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
  if (events == 0)
    watched_.erase(fd);
  else
    watched_[fd] = {owner, events};
}

void PollSet::wake() { ::eventfd_write(wakeup_.get(), 1); }

std::span<const PollSet::Ready> PollSet::wait(std::optional<Duration> patience) {
  constexpr std::int64_t kForever = -1, kMost = 3'600'000;
  std::vector<pollfd> polled{{wakeup_.get(), POLLIN, 0}};
  for (const auto& [fd, watched] : watched_) polled.push_back({fd, watched.events, 0});
  // Rounded up: a deadline has passed when its wait is over.
  const auto ms =
      patience ? std::clamp<std::int64_t>(
                     std::chrono::ceil<std::chrono::milliseconds>(*patience).count(), 0, kMost)
               : kForever;
  ready_.clear();
  if (::poll(polled.data(), polled.size(), static_cast<int>(ms)) <= 0) return ready_;
  if (eventfd_t ignored; polled[0].revents != 0) ::eventfd_read(wakeup_.get(), &ignored);
  for (auto one = polled.begin() + 1; one != polled.end(); ++one)
    if (one->revents != 0)
      ready_.push_back({watched_.at(one->fd).owner, one->fd, (one->revents & ~POLLOUT) != 0,
                        (one->revents & POLLOUT) != 0});
  return ready_;
}

}  // namespace base::net
