#include "discovery/sources/kubernetes/status_writer.hpp"

#include <algorithm>
#include <vector>

#include "discovery/sources/kubernetes/http_status.hpp"
#include "resources/json_writer.hpp"

namespace discovery::sources::kubernetes {
namespace {

using resources::Node;

// What the server does not like about the request itself it will not like another time.
bool is_final(int status) {
  return status >= 400 && status < 500 && status != http::kUnauthorized &&
         status != http::kForbidden && status != http::kTimeout && status != http::kConflict &&
         status != http::kTooMany;
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

// "kubernetes: RouteTable" of a place.
std::string kind_of(const std::string& place) { return place.substr(0, place.rfind(' ')); }

// A merge patch (RFC 7396) of the status alone, of that version of the object and no other.
std::string patch_of(const StatedState& state, const std::string& version) {
  return resources::to_json(map_of(
      "",
      {map_of("metadata", {scalar("resourceVersion", Node::Kind::string, version)}),
       map_of(
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

void StatusWriter::pause(const std::string& kind, base::TimePoint until) {
  paused_[kind] = until;
  std::vector<std::string> places;
  for (const auto& [place, due] : due_)
    if (kind_of(place) == kind) places.push_back(place);
  for (const auto& place : places) put_off(place, until);
}

// Nothing is to be written of it, or it is written.
void StatusWriter::settled(const std::string& place) {
  not_found_.erase(place);
  const auto at = troubles_.find(kind_of(place));
  if (at != troubles_.end() && at->second.place == place) troubles_.erase(at);
}

void StatusWriter::want(base::TimePoint now, std::shared_ptr<const States> states,
                        const Find& find) {
  for (const auto& [place, state] : *states) {
    const auto before = wanted_->find(place);
    const auto target = find(place);
    const auto uid = target ? target->object->uid : "";
    const bool is_same = std::exchange(uids_[place], uid) == uid;
    if (!is_same) written_.erase(place);
    if (is_same && before != wanted_->end() && before->second == state) continue;
    if (due_.contains(place)) continue;  // and when that comes the newest is written
    auto due = now + kSettle +
               base::Duration(static_cast<std::int64_t>(random_.unit() * double(kSpread.count())));
    if (const auto last = written_.find(place); last != written_.end())
      due = std::max(due, last->second.at + kRest);
    if (const auto paused = paused_.find(kind_of(place)); paused != paused_.end())
      due = std::max(due, paused->second);
    put_off(place, due);
  }
  wanted_ = std::move(states);
  const auto is_unwanted = [&](const auto& one) { return !wanted_->contains(one.first); };
  std::erase_if(written_, is_unwanted);
  std::erase_if(uids_, is_unwanted);
  std::erase_if(not_found_, [&](const auto& place) { return !wanted_->contains(place); });
  std::erase_if(troubles_, [&](const auto& one) { return !wanted_->contains(one.second.place); });
}

std::optional<Request> StatusWriter::next(base::TimePoint now, const Find& find) {
  if (!under_way_.empty() || now < not_before_) return std::nullopt;
  while (!order_.empty() && order_.begin()->first <= now) {
    const auto place = order_.begin()->second;
    order_.erase(order_.begin());
    due_.erase(place);
    const auto wanted = wanted_->find(place);
    const auto target = find(place);
    const auto last = written_.find(place);
    // What was heard of it may be older than what we wrote.
    const auto is_said = [&] {
      return target->object->state == wanted->second &&
             (last == written_.end() || last->second.state == wanted->second);
    };
    // A newer text of it is not judged yet: that judgement will be another state.
    if (wanted == wanted_->end() || !target ||
        target->object->generation != wanted->second.observed_generation || is_said()) {
      settled(place);
      continue;
    }
    under_way_ = place;
    written_[place] = {wanted->second, now};
    return Request{Request::Kind::status, target->path, kPatience,
                   patch_of(wanted->second, target->version)};
  }
  return std::nullopt;
}

base::TimePoint StatusWriter::deadline() const {
  if (!under_way_.empty() || order_.empty()) return base::TimePoint::max();
  return std::max(not_before_, order_.begin()->first);
}

void StatusWriter::ended(base::TimePoint now, const Ending& ending) {
  const auto place = std::exchange(under_way_, "");
  const auto kind = kind_of(place);
  not_before_ = now + kPace;
  if (ending.status == http::kOk && ending.reason.empty()) {
    ++status_.written;
    settled(place);
    troubles_.erase(kind);
    paused_.erase(kind);
    failures_ = 0;
    return;
  }
  written_.erase(place);
  // It has gone meanwhile, or another version of it is there: that will be heard of, or is trouble.
  const bool is_first = ending.status == http::kNotFound && not_found_.insert(place).second;
  if (is_first || ending.status == http::kConflict) return put_off(place, now + kRest);
  ++status_.failures;
  troubles_[kind] = {place, ending.reason};
  if (ending.status == http::kNotFound)
    troubles_[kind].reason += " (does its definition have the subresource status?)";
  if (is_final(ending.status)) return;
  if (ending.status == http::kForbidden) {
    put_off(place, now + kForbidden);
    return pause(kind, now + kForbidden);
  }
  const auto delay = std::min(kMaxDelay, kFirstDelay * (1 << std::min(failures_, 6u)));
  ++failures_;
  const auto asked = ending.retry_after.value_or(base::Duration{});
  not_before_ = now + std::max(delay, std::min(asked, Reflector::kMaxRetryAfter));
  put_off(place, not_before_);
}

StatusWriter::Status StatusWriter::status() const {
  auto status = status_;
  status.waiting = due_.size();
  if (!troubles_.empty()) status.trouble = troubles_.begin()->second.reason;
  return status;
}

}  // namespace discovery::sources::kubernetes
