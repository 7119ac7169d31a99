#include "discovery/sources/kubernetes/api_group.hpp"

#include <algorithm>

#include "discovery/sources/kubernetes/http_status.hpp"

namespace discovery::sources::kubernetes {

ApiGroup::ApiGroup(std::string path, base::Random random)
    : path_(std::move(path)), random_(random) {}

std::optional<Request> ApiGroup::next(base::TimePoint now) {
  if (under_way_ || now < due_) return std::nullopt;
  under_way_ = true;
  return Request{Request::Kind::kinds, "/" + path_, kPatience};
}

base::TimePoint ApiGroup::deadline() const { return under_way_ ? base::TimePoint::max() : due_; }

void ApiGroup::again(base::TimePoint now, base::Duration delay) {
  under_way_ = false;
  due_ = now + delay +
         base::Duration(static_cast<std::int64_t>(random_.unit() * double(delay.count())));
}

void ApiGroup::listed(base::TimePoint now, KindNames kinds) {
  kinds_ = std::move(kinds);
  failures_ = 0;
  failing_since_.reset();
  status_.trouble.clear();
  ++status_.lists;
  again(now, kAgain);
}

void ApiGroup::ended(base::TimePoint now, const Ending& ending) {
  if (ending.status == http::kNotFound) return listed(now, {});
  if (ending.status == http::kForbidden && !kinds_) kinds_ = KindNames();
  status_.trouble = ending.reason;
  ++status_.failures;
  if (!failing_since_) failing_since_ = now;
  again(now, std::min(kAgain, kFirstDelay * (1 << std::min(failures_++, 5u))));
}

Reflector::Status ApiGroup::status(base::TimePoint now) const {
  auto status = status_;
  if (failing_since_) status.age = now - *failing_since_;
  return status;
}

}  // namespace discovery::sources::kubernetes
