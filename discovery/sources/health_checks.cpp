#include "discovery/sources/health_checks.hpp"

#include <algorithm>

namespace discovery::sources {

base::Duration HealthChecks::spread(base::Duration about) {
  return std::chrono::duration_cast<base::Duration>(about * (0.9 + 0.2 * random_.unit()));
}

// What is under way counts no more.
void HealthChecks::ask_at(const EndpointName& endpoint, Check& check, base::TimePoint at) {
  if (check.ticket == 0) queue_.erase({check.next, endpoint});
  check.ticket = 0;
  check.next = at;
  queue_.emplace(at, endpoint);
}

void HealthChecks::forget(const EndpointName& endpoint, const Check& check) {
  queue_.erase({check.next, endpoint});
  down_.erase(endpoint);
  if (check.asked) --asked_;
  if (check.last == Answer::silent) --silent_;
  unjudged_ = true;
}

void HealthChecks::want(CheckTargets targets, base::TimePoint now) {
  std::erase_if(checks_, [&](const auto& known) {
    if (targets.contains(known.first)) return false;
    forget(known.first, known.second);
    return true;
  });
  for (auto& [endpoint, target] : targets) {
    auto& check = checks_[endpoint];
    if (check.target == target) continue;
    check.target = std::move(target);
    ask_at(endpoint, check, now);
  }
}

std::vector<HealthChecks::Question> HealthChecks::due(base::TimePoint now) {
  std::vector<Question> questions;
  while (!queue_.empty() && queue_.begin()->first <= now && asking_ < kMaxAtOnce) {
    const auto endpoint = queue_.begin()->second;
    queue_.erase(queue_.begin());
    auto& check = checks_.at(endpoint);
    check.ticket = ++tickets_;
    ++asking_;
    questions.push_back({endpoint, check.target, check.ticket});
  }
  return questions;
}

void HealthChecks::answered(const Question& question, Answer answer, base::TimePoint now,
                            std::string said) {
  --asking_;
  const auto known = checks_.find(question.endpoint);
  if (known == checks_.end() || known->second.ticket != question.ticket) return;
  auto& [endpoint, check] = *known;
  ask_at(endpoint, check, now + spread(check.target.how.every));
  const bool first = !std::exchange(check.asked, true);
  if (first) ++asked_;
  if (answer == Answer::not_asked) return;
  if (answer == Answer::refused) said = "refuses connections";
  if (answer == Answer::silent) said = "does not answer";
  const auto before = std::exchange(check.last, answer);
  if (before == Answer::silent) --silent_;
  if (answer == Answer::silent) ++silent_;
  unjudged_ |= before != answer;
  if (answer != Answer::open) check.why = std::move(said);
  const auto& how = check.target.how;
  const bool is_down = answer != Answer::open;
  if (is_down == check.down) {
    check.in_a_row = 0;
  } else if (first || ++check.in_a_row >= (is_down ? how.fall : how.rise)) {
    check.down = is_down;
    check.believed = false;
    check.in_a_row = 0;
    check.since = now;
    check.reason = check.why;
    is_down ? void(down_.insert(endpoint)) : void(down_.erase(endpoint));
    unjudged_ = true;
  }
}

bool HealthChecks::judge(base::TimePoint now) {
  if (!std::exchange(unjudged_, false) && now < judge_again_) return false;
  const bool many = asked_ >= kMany && silent_ > asked_ / 2;
  if (many)
    calm_since_ = std::nullopt;
  else if (!calm_since_)
    calm_since_ = now;
  if (many && !doubted_since_) doubted_since_ = now;
  if (calm_since_ && now - *calm_since_ >= kCalm) doubted_since_ = std::nullopt;
  const bool doubts = doubted_since_ && now - *doubted_since_ < kDoubted;
  judge_again_ = base::TimePoint::max();
  if (doubts) judge_again_ = *doubted_since_ + kDoubted;
  if (doubted_since_ && calm_since_) judge_again_ = std::min(judge_again_, *calm_since_ + kCalm);
  for (const auto& endpoint : down_) {
    auto& check = checks_.at(endpoint);
    const bool is_silent = check.last == Answer::silent;
    check.believed |= is_silent ? !doubts : check.last != Answer::open;
  }
  return true;
}

Failing HealthChecks::failing() const {
  Failing failing;
  for (const auto& endpoint : down_)
    if (const auto& check = checks_.at(endpoint); check.believed)
      failing.emplace_hint(failing.end(), endpoint, check.reason);
  return failing;
}

std::vector<HealthChecks::Status> HealthChecks::down(base::TimePoint now) const {
  std::vector<Status> all;
  for (const auto& endpoint : down_) {
    const auto& check = checks_.at(endpoint);
    all.push_back({endpoint, check.why, now - check.since});
  }
  return all;
}

}  // namespace discovery::sources
