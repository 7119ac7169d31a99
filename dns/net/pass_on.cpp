#include "dns/net/pass_on.hpp"

#include <algorithm>
#include <chrono>

namespace dns::net {
namespace {

base::TimePoint clock_now() { return std::chrono::steady_clock::now(); }

}  // namespace

PassOn::PassOn(std::uint64_t seed)
    : random_(seed),
      pending_(random_.fork(), counters_),
      inbox_(kInbox, [this] { polled_.wake(); }),
      thread_([this] { run(); }) {}

PassOn::~PassOn() { stop(); }

void PassOn::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  polled_.wake();
  thread_.join();
  channels_.clear();
  worn_.clear();
}

bool PassOn::post(ForeignQuery query, Asker asker) {
  return !stopping_ && inbox_.post({std::move(query), std::move(asker)});
}

std::vector<Pending::Upstream> PassOn::upstreams() const {
  const std::lock_guard lock(mutex_);
  return shown_;
}

void PassOn::run() {
  std::vector<Posted> posted;
  while (!stopping_) {
    const auto ready = polled_.wait(patience(clock_now()));
    const auto now = clock_now();
    for (const auto& one : ready) static_cast<UpstreamChannel*>(one.owner)->process(one);
    for (auto& [way, channels] : channels_)
      for (auto& channel : channels)
        if (channel) channel->process_deadlines();
    for (auto& channel : worn_) channel->process_deadlines();
    inbox_.drain(posted);
    for (auto& [query, asker] : posted)
      pending_.ask(now, std::move(query), std::move(asker), effects_);
    posted.clear();
    pending_.tick(now, effects_);
    perform(now);
    bury(now);
    show_upstreams();
  }
}

// With channels about, the thread wakes to bury them: an idle one costs c-ares 70 KB.
base::Duration PassOn::patience(base::TimePoint now) const {
  base::Duration least = std::chrono::hours(1);
  const auto look = [&](const auto& channel) {
    if (!channel) return;
    const auto left = channel->patience();
    least = std::min(least, left ? *left : UpstreamChannel::kMaxAge);
  };
  for (const auto& [way, channels] : channels_) std::ranges::for_each(channels, look);
  std::ranges::for_each(worn_, look);
  if (pending_.next_deadline() != base::TimePoint::max())
    least = std::min(least, std::max(base::Duration::zero(), pending_.next_deadline() - now));
  return least;
}

// What is sent may end at once, and lead to more to send.
void PassOn::perform(base::TimePoint now) {
  do {
    for (const auto& [attempt, failure, answer] : std::exchange(ended_, {}))
      if (failure)
        pending_.failed(now, attempt, *failure, effects_);
      else
        pending_.answered(now, attempt, base::as_span(answer), effects_);
    for (const auto& attempt : std::exchange(effects_.attempts, {}))
      channel(now, {attempt.upstream, attempt.via}).ask(attempt.id, attempt.query);
  } while (!ended_.empty());
  for (auto& [asker, bytes] : std::exchange(effects_.replies, {}))
    if (asker.door) asker.door->send(asker, std::move(bytes));
}

UpstreamChannel& PassOn::channel(base::TimePoint now, const Way& way) {
  auto& channels = channels_[way];
  const auto& [upstream, via] = way;
  channels.resize(via.tcp ? 1 : kChannels);
  auto& channel = channels[random_.below(channels.size())];
  if (channel && channel->worn(now)) worn_.push_back(std::move(channel));
  if (!channel) channel = std::make_unique<UpstreamChannel>(upstream, via, now, polled_, ended_);
  return *channel;
}

// Channels that are worn and have nothing under way.
void PassOn::bury(base::TimePoint now) {
  const auto done = [now](const auto& channel) {
    return channel && channel->under_way() == 0 && channel->worn(now);
  };
  std::erase_if(worn_, done);
  for (auto way = channels_.begin(); way != channels_.end();) {
    for (auto& channel : way->second)
      if (done(channel)) channel.reset();
    const bool none = std::ranges::none_of(way->second, [](const auto& c) { return c != nullptr; });
    way = none ? channels_.erase(way) : std::next(way);
  }
}

void PassOn::show_upstreams() {
  const std::lock_guard lock(mutex_);
  if (shown_.size() != pending_.upstreams()) shown_ = pending_.upstream_counters();
}

}  // namespace dns::net
