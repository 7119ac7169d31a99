#include "discovery/sources/kubernetes/api_group.hpp"

#include <algorithm>

namespace discovery::sources::kubernetes {
namespace {

constexpr int kForbidden = 403, kNotFound = 404;

}  // namespace

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
  trouble_.clear();
  again(now, kAgain);
}

void ApiGroup::ended(base::TimePoint now, const Ending& ending) {
  if (ending.status == kNotFound) return listed(now, {});
  if (ending.status == kForbidden) kinds_ = KindNames();
  trouble_ = ending.reason;
  again(now, std::min(kAgain, kFirstDelay * (1 << std::min(failures_++, 5u))));
}

}  // namespace discovery::sources::kubernetes
