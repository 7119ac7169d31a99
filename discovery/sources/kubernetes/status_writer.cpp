#include "discovery/sources/kubernetes/status_writer.hpp"

#include <algorithm>

#include "resources/json_writer.hpp"

namespace discovery::sources::kubernetes {
namespace {

using resources::Node;

constexpr int kOk = 200, kUnauthorized = 401, kForbiddenStatus = 403, kNotFound = 404,
              kTimeout = 408, kConflict = 409, kTooMany = 429;

// What the server does not like about the request itself it will not like another time.
bool is_final(int status) {
  return status >= 400 && status < 500 && status != kUnauthorized && status != kForbiddenStatus &&
         status != kTimeout && status != kConflict && status != kTooMany;
}

Node scalar(std::string key, Node::Kind kind, std::string text) {
  Node node;
  node.kind = kind;
  node.key = std::move(key);
  node.text = std::move(text);
  return node;
}

Node map_of(std::string key, std::vector<Node> members) {
  Node node;
  node.kind = Node::Kind::map;
  node.key = std::move(key);
  node.children = std::move(members);
  return node;
}

// A merge patch (RFC 7396) of the status alone.
std::string patch_of(const StatedState& state) {
  return resources::to_json(map_of(
      "",
      {map_of(
          "status",
          {map_of("common",
                  {map_of("State", {scalar("observedGeneration", Node::Kind::number,
                                           std::to_string(state.observed_generation)),
                                    scalar("approval", Node::Kind::string, state.approval),
                                    scalar("message", Node::Kind::string, state.message)})})})}));
}

}  // namespace

void StatusWriter::put_off(const std::string& place, base::TimePoint until) {
  const auto [at, is_new] = due_.try_emplace(place, until);
  if (!is_new) order_.erase({at->second, place});
  at->second = until;
  order_.insert({until, place});
}

void StatusWriter::want(base::TimePoint now, std::shared_ptr<const States> states) {
  for (const auto& [place, state] : *states) {
    const auto before = wanted_->find(place);
    if (before != wanted_->end() && before->second == state) continue;
    if (due_.contains(place)) continue;  // and when that comes the newest is written
    auto due = now + kSettle +
               base::Duration(static_cast<std::int64_t>(random_.unit() * double(kSpread.count())));
    if (const auto last = written_.find(place); last != written_.end())
      due = std::max(due, last->second.at + kRest);
    put_off(place, due);
  }
  wanted_ = std::move(states);
  std::erase_if(written_, [&](const auto& one) { return !wanted_->contains(one.first); });
}

std::optional<Request> StatusWriter::next(base::TimePoint now, const Find& find) {
  if (!under_way_.empty() || now < not_before_) return std::nullopt;
  while (!order_.empty() && order_.begin()->first <= now) {
    const auto place = order_.begin()->second;
    order_.erase(order_.begin());
    due_.erase(place);
    const auto wanted = wanted_->find(place);
    if (wanted == wanted_->end()) continue;
    const auto target = find(place);
    // A newer text of it is not judged yet: that judgement will be another state.
    if (!target || target->object->generation != wanted->second.observed_generation) continue;
    const auto last = written_.find(place);
    // What was heard of it may be older than what we wrote.
    const bool is_ours = last == written_.end() || last->second.state == wanted->second;
    if (target->object->state == wanted->second && is_ours) continue;
    under_way_ = place;
    written_[place] = {wanted->second, now};
    return Request{Request::Kind::status, target->path, kPatience, patch_of(wanted->second)};
  }
  return std::nullopt;
}

base::TimePoint StatusWriter::deadline() const {
  if (!under_way_.empty() || order_.empty()) return base::TimePoint::max();
  return std::max(not_before_, order_.begin()->first);
}

void StatusWriter::ended(base::TimePoint now, const Ending& ending) {
  const auto place = std::exchange(under_way_, "");
  if (ending.status == kOk && ending.reason.empty()) {
    ++status_.written;
    status_.trouble.clear();
    failures_ = 0;
    not_before_ = now + kPace;
    return;
  }
  written_.erase(place);
  if (ending.status != kNotFound) {  // not found: the object has gone meanwhile
    ++status_.failures;
    status_.trouble = ending.reason;
  }
  if (is_final(ending.status)) {
    not_before_ = now + kPace;
    return;
  }
  const auto delay = ending.status == kForbiddenStatus
                         ? kForbidden
                         : std::min(kMaxDelay, kFirstDelay * (1 << std::min(failures_, 6u)));
  ++failures_;
  const auto asked = ending.retry_after.value_or(base::Duration{});
  not_before_ = now + std::max(delay, std::min(asked, Reflector::kMaxRetryAfter));
  put_off(place, not_before_);
}

StatusWriter::Status StatusWriter::status() const {
  auto status = status_;
  status.waiting = due_.size();
  return status;
}

}  // namespace discovery::sources::kubernetes
