#include "discovery/sources/kubernetes/consistency_check.hpp"

#include <algorithm>

namespace discovery::sources::kubernetes {
namespace {

std::string mirrored(const Reflector& reflector, const std::string& name) {
  const auto found = reflector.objects().find(name);
  return found == reflector.objects().end() ? "" : found->second.version;
}

}  // namespace

ConsistencyCheck::ConsistencyCheck(base::TimePoint now, base::Random random) : random_(random) {
  rest(now);
}

void ConsistencyCheck::rest(base::TimePoint now) {
  phase_ = Phase::idle;
  under_way_ = false;
  rest_.clear();
  versions_.clear();
  doubtful_.clear();
  due_ = now + kEvery +
         base::Duration(static_cast<std::int64_t>(random_.unit() * double(kEvery.count()) / 2));
}

std::optional<Request> ConsistencyCheck::next(base::TimePoint now, const Mirrored& all) {
  if (under_way_ || phase_ == Phase::doubting || now < due_) return std::nullopt;
  if (phase_ == Phase::idle) {
    for (std::size_t tries = 0; tries < all.size(); ++tries) {
      at_ = (at_ + 1) % all.size();
      if (all[at_]->is_well()) break;
    }
    phase_ = Phase::listing;
  }
  if (!all[at_]->is_well()) {
    rest(now);
    return std::nullopt;
  }
  under_way_ = true;
  return Request{Request::Kind::list, all[at_]->list_target(kPageObjects, rest_), kPatience, "",
                 true};
}

base::TimePoint ConsistencyCheck::deadline() const {
  return under_way_ ? base::TimePoint::max() : due_;
}

void ConsistencyCheck::listed(base::TimePoint now, const Page& page, const Mirrored& all) {
  under_way_ = false;
  for (const auto& object : page.items) versions_[object.name] = object.version;
  rest_ = page.rest;
  due_ = now;
  if (!rest_.empty()) return;
  const auto& reflector = *all[at_];
  for (const auto& [name, version] : versions_)
    if (auto ours = mirrored(reflector, name); ours != version) doubtful_[name] = std::move(ours);
  for (const auto& [name, object] : reflector.objects())
    if (!versions_.contains(name)) doubtful_[name] = object.version;
  versions_.clear();
  if (doubtful_.empty() || !reflector.is_well()) return rest(now);
  phase_ = Phase::doubting;
  due_ = now + kDoubted;
}

void ConsistencyCheck::ended(base::TimePoint now) { rest(now); }

std::optional<std::size_t> ConsistencyCheck::wrong(base::TimePoint now, const Mirrored& all) {
  if (phase_ != Phase::doubting || now < due_) return std::nullopt;
  const auto& reflector = *all[at_];
  const bool is_wrong =
      reflector.is_well() && std::ranges::any_of(doubtful_, [&](const auto& doubtful) {
        return mirrored(reflector, doubtful.first) == doubtful.second;
      });
  rest(now);
  if (!is_wrong) return std::nullopt;
  ++found_;
  return at_;
}

}  // namespace discovery::sources::kubernetes
