#include "discovery/sources/health_checks.hpp"

#include <algorithm>

namespace discovery::sources {

base::Duration HealthChecks::spread(base::Duration about) {
  return std::chrono::duration_cast<base::Duration>(about * (0.9 + 0.2 * random_.unit()));
}

void HealthChecks::want(CheckTargets targets, base::TimePoint now) {
  std::erase_if(checks_, [&](const auto& known) {
    const auto wanted = targets.find(known.first);
    if (wanted != targets.end() && wanted->second == known.second.addresses) return false;
    if (known.second.asking) --asking_;
    queue_.erase({known.second.next, known.first});
    unjudged_ = true;
    return true;
  });
  for (auto& [endpoint, addresses] : targets) {
    const auto [at, is_new] = checks_.try_emplace(endpoint);
    if (!is_new) continue;
    at->second.addresses = std::move(addresses);
    at->second.next = now;  // what is new is asked at once
    queue_.emplace(now, endpoint);
  }
}

std::vector<std::pair<EndpointName, CheckedAddresses>> HealthChecks::due(base::TimePoint now) {
  std::vector<std::pair<EndpointName, CheckedAddresses>> targets;
  while (!queue_.empty() && queue_.begin()->first <= now && asking_ < kMaxAtOnce) {
    const auto endpoint = queue_.begin()->second;
    queue_.erase(queue_.begin());
    auto& check = checks_.at(endpoint);
    check.asking = true;
    ++asking_;
    targets.emplace_back(endpoint, check.addresses);
  }
  return targets;
}

void HealthChecks::answered(const EndpointName& endpoint, Answer answer, base::TimePoint now) {
  const auto known = checks_.find(endpoint);
  if (known == checks_.end() || !known->second.asking) return;
  auto& check = known->second;
  check.asking = false;
  --asking_;
  check.next = now + spread(kEvery);
  queue_.emplace(check.next, endpoint);
  if (answer == Answer::not_asked) return;
  unjudged_ |= std::exchange(check.last, answer) != answer;
  const bool is_down = answer != Answer::open;
  const bool first = !std::exchange(check.asked, true);
  if (is_down == check.down) {
    check.in_a_row = 0;
  } else if (first || ++check.in_a_row >= (is_down ? kFall : kRise)) {
    check.down = is_down;
    check.believed = false;
    check.in_a_row = 0;
    check.since = now;
    unjudged_ = true;
  }
}

// Who is down is believed to be, but for those who turned silent together with many others.
bool HealthChecks::judge(base::TimePoint now) {
  const bool over = doubted_since_ && now - *doubted_since_ >= kDoubted;
  if (!std::exchange(unjudged_, false) && !over) return false;
  const auto silent =
      static_cast<std::size_t>(std::ranges::count_if(checks_, [](const auto& check) {
        return check.second.down && check.second.last == Answer::silent;
      }));
  const bool many = checks_.size() >= kMany && silent > checks_.size() / 2;
  if (!many) doubted_since_ = std::nullopt;
  if (many && !doubted_since_) doubted_since_ = now;
  const bool doubts = many && now - *doubted_since_ < kDoubted;
  for (auto& [endpoint, check] : checks_)
    check.believed = check.down && (check.believed || check.last == Answer::refused || !doubts);
  return true;
}

Failing HealthChecks::failing() const {
  Failing failing;
  for (const auto& [endpoint, check] : checks_)
    if (check.believed) failing.insert(failing.end(), endpoint);
  return failing;
}

std::vector<HealthChecks::Status> HealthChecks::down(base::TimePoint now) const {
  std::vector<Status> all;
  for (const auto& [endpoint, check] : checks_)
    if (check.down) all.push_back({endpoint, check.last, now - check.since});
  return all;
}

}  // namespace discovery::sources
