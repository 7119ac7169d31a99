#include "discovery/sources/kubernetes/reflector.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "discovery/sources/kubernetes/http_status.hpp"

namespace discovery::sources::kubernetes {
namespace {

// RFC 3986 §2.1: what is not unreserved. Tokens and versions are the server's to choose.
std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      out += c;
    else
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace

Reflector::Reflector(Resource resource, base::Random random)
    : resource_(std::move(resource)),
      random_(random),
      presence_(resource_.as == Resource::As::texts    ? Presence::unknown
                : resource_.as == Resource::As::labels ? Presence::absent
                                                       : Presence::there) {}

void Reflector::want(base::TimePoint now, std::vector<std::string> labels) {
  distrust(now);
  succeeded();
  resource_.labels = std::move(labels);
  presence_ = resource_.labels.empty() ? Presence::absent : Presence::there;
  synced_ = refused_ = false;
  if (presence_ == Presence::there || objects_.empty()) return;
  objects_.clear();
  change_ = Listing::change;
}

void Reflector::defined(base::TimePoint now, const std::string& name) {
  if (!name.empty()) {
    undefined_since_.reset();
    resource_.name = name;
    if (std::exchange(presence_, Presence::there) == Presence::there) return;
    failures_ = 0;
    // A stream that goes on is what it was, unless its objects were taken away meanwhile.
    if (under_way_ && phase_ == Phase::watch && !cleared_) return succeeded();
    cleared_ = false;
    ignored_ = under_way_;
    list_anew();
    due_ = now;
    return;
  }
  presence_ = Presence::absent;
  if (!undefined_since_) undefined_since_ = now;
  if (!objects_.empty() && now - *undefined_since_ < kDoubted) {
    if (!failing_since_) failing_since_ = now;
    status_.trouble = "its definition is gone";
    return;
  }
  succeeded();
  if (objects_.empty()) return;
  objects_.clear();
  cleared_ = true;
  change_ = Listing::relist;
}

std::optional<Request> Reflector::next(base::TimePoint now) {
  if (under_way_ || presence_ != Presence::there || now < due_) return std::nullopt;
  under_way_ = true;
  spoke_ = false;
  began_ = now;
  const bool metadata_only = resource_.is_metadata();
  if (phase_ == Phase::list)
    return Request{Request::Kind::list, target(), kListPatience, "", metadata_only};
  watch_ = draw_watch();
  return Request{Request::Kind::watch, target(),     watch_ + kWatchGrace, "",
                 metadata_only,        kOpenPatience};
}

base::TimePoint Reflector::deadline() const {
  return under_way_ || presence_ != Presence::there ? base::TimePoint::max() : due_;
}

// In whole seconds, as the server is asked; by chance, so that not all agents come back together.
base::Duration Reflector::draw_watch() {
  const auto half = std::chrono::duration_cast<std::chrono::seconds>(kMaxWatch).count() / 2;
  return std::chrono::seconds(
      half + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(half))));
}

std::string Reflector::path() const {
  return "/" + resource_.groups[group_] + "/" + resource_.name;
}

std::string Reflector::list_target(std::uint32_t limit, std::string_view rest) const {
  auto target = path() + "?limit=" + std::to_string(limit);
  if (!rest.empty()) target += "&continue=" + escaped(rest);
  return target;
}

std::string Reflector::target() const {
  if (phase_ == Phase::list) return list_target(page_objects_, rest_);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(watch_).count();
  return path() + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(seconds) +
         "&resourceVersion=" + escaped(version_);
}

void Reflector::opened(base::TimePoint) {
  if (ignored_) return;
  watch_failures_ = 0;
  succeeded();
}

// True when the request under way was asked for what is no longer to be had of it: it is over.
bool Reflector::ignores(base::TimePoint now) {
  if (!std::exchange(ignored_, false)) return false;
  under_way_ = false;
  due_ = now;
  return true;
}

Reflector::Then Reflector::heard(base::TimePoint now, WatchEvent event) {
  using Kind = WatchEvent::Kind;
  if (ignores(now)) return Then::hang_up;
  if (event.kind == Kind::error) {
    under_way_ = false;
    list_anew();
    retry(now, {event.code, event.message, {}, {}});
    return Then::hang_up;
  }
  spoke_ = true;
  if (event.kind == Kind::other) return Then::read_on;
  if (!event.object.version.empty()) version_ = event.object.version;
  if (event.kind == Kind::bookmark) return Then::read_on;
  ++status_.events;
  const bool deleted = event.kind == Kind::deleted;
  const bool changes = deleted ? erase(event.object.name) : put(std::move(event.object));
  if (changes && !change_) change_ = Listing::change;
  return Then::read_on;
}

// Whether that changes anything.
bool Reflector::put(Object object) {
  const auto [at, is_new] = objects_.try_emplace(object.name);
  auto& known = at->second;
  if (!object.problems.empty()) object.documents = std::move(known.documents);
  // Most Pods have none of the labels that are wanted: that such a one is there changes nothing.
  const bool changes = (is_new && resource_.as != Resource::As::labels) || differ(known, object);
  known = std::move(object);
  return changes;
}

bool Reflector::erase(const std::string& name) {
  const auto known = objects_.find(name);
  if (known == objects_.end()) return false;
  const bool changes = resource_.as != Resource::As::labels || differ(known->second, {});
  objects_.erase(known);
  return changes;
}

bool Reflector::differ(const Object& before, const Object& after) const {
  switch (resource_.as) {
    case Resource::As::documents:
      return true;
    case Resource::As::texts:
      return before.custom.text != after.custom.text ||
             before.custom.generation != after.custom.generation;
    case Resource::As::places:
      return before.place != after.place;
    case Resource::As::labels:  // of one that has none no uid matters
      return before.labels != after.labels || (!after.labels.empty() && before.pod != after.pod);
  }
  return true;
}

void Reflector::listed(base::TimePoint now, Page page) {
  if (ignores(now)) return;
  under_way_ = false;
  due_ = now;
  succeeded();
  for (auto& object : page.items) {
    if (const auto known = objects_.find(object.name);
        !object.problems.empty() && known != objects_.end())
      object.documents = known->second.documents;
    auto name = object.name;
    listing_.insert_or_assign(std::move(name), std::move(object));
  }
  rest_ = std::move(page.rest);
  if (!rest_.empty()) return;
  objects_ = std::exchange(listing_, {});
  version_ = std::move(page.version);
  phase_ = Phase::watch;
  failures_ = watch_failures_;  // that lists succeed makes no watch of it
  refused_ = false;
  change_ = std::exchange(synced_, true) ? Listing::relist : change_.value_or(Listing::change);
  ++status_.lists;
}

void Reflector::list_anew() {
  phase_ = Phase::list;
  rest_.clear();
  listing_.clear();
}

void Reflector::ended(base::TimePoint now, const Ending& ending) {
  if (ignores(now)) return;
  under_way_ = false;
  const bool was_absent = std::exchange(absent_, ending.status == 0);
  if (was_absent != absent_) failures_ = 0;  // who is back has not failed yet
  const bool was_list = phase_ == Phase::list;
  const bool was_well = !was_list && ending.status == http::kOk &&
                        ending.fault == Ending::Fault::none &&
                        (spoke_ || now - began_ >= kShortWatch);
  if (was_well) {
    due_ = now;  // broken or ended as it should: what was heard stands
    return;
  }
  if (ending.fault == Ending::Fault::too_large && was_list && page_objects_ > 1) {
    page_objects_ /= 2;
    list_anew();
    due_ = now;
    return;
  }
  if (was_list && !resource_.needed) refused_ |= is_waited_for_in_vain(now, ending);
  if (was_list && ending.status == http::kNotFound) group_ = (group_ + 1) % resource_.groups.size();
  const bool gone = ending.status == http::kGone;
  const bool refused = !was_list && !gone && ending.status != 0;
  const bool in_vain = refused && ++watch_failures_ % kTriesBeforeList == 0;
  const bool garbled = ending.fault == Ending::Fault::unintelligible;
  if (gone || in_vain || garbled) list_anew();
  retry(now, ending);
}

void Reflector::distrust(base::TimePoint now) {
  under_way_ = ignored_ = false;
  list_anew();
  due_ = now;
}

// An answer that says that there is nothing for us, or none that could be read for too long. A
// server that does not answer says nothing of the others either.
bool Reflector::is_waited_for_in_vain(base::TimePoint now, const Ending& ending) const {
  if (ending.status == http::kForbidden || ending.status == http::kNotFound) return true;
  return ending.status != 0 && failing_since_ && now - *failing_since_ >= kUnneededPatience;
}

void Reflector::retry(base::TimePoint now, const Ending& ending) {
  if (ending.status == http::kGone && (!gone_at_ || now - *gone_at_ >= kCalm)) {
    gone_at_ = due_ = now;  // that history has moved on happens to everybody
    return;
  }
  const auto most = ending.status == 0 ? kMaxAbsentDelay : kMaxRefusedDelay;
  const auto delay = std::min(most, kFirstDelay * (1 << std::min(failures_, 10u)));
  const auto jittered =
      delay + base::Duration(static_cast<std::int64_t>(random_.unit() * double(delay.count())));
  // Who says nothing for longer than the delay has been waited for already.
  due_ = ending.status == 0 ? std::max(now, began_ + jittered) : now + jittered;
  if (ending.retry_after)
    due_ = std::max(due_, now + std::min(*ending.retry_after, kMaxRetryAfter));
  ++failures_;
  ++status_.failures;
  if (!failing_since_) failing_since_ = now;
  status_.trouble = ending.reason.empty() ? "the stream ended at once" : ending.reason;
}

void Reflector::succeeded() {
  failures_ = 0;
  failing_since_.reset();
  status_.trouble.clear();
}

std::optional<Listing> Reflector::take_change() { return std::exchange(change_, std::nullopt); }

Reflector::Status Reflector::status(base::TimePoint now) const {
  auto status = status_;
  if (failing_since_) status.age = now - *failing_since_;
  return status;
}

}  // namespace discovery::sources::kubernetes
