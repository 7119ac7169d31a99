#include "discovery/sources/kubernetes/source.hpp"

#include <algorithm>

#include "discovery/sources/kubernetes/messages.hpp"

namespace discovery::sources::kubernetes {
namespace {

constexpr int kOk = 200;
// Ages and troubles in status are as old as this at most.
constexpr base::Duration kLook = std::chrono::seconds(1);

std::vector<Resource> watched() {
  return {{"services", "Service", {"api/v1"}},
          {"endpointslices",
           "EndpointSlice",
           {"apis/discovery.k8s.io/v1", "apis/discovery.k8s.io/v1beta1"}}};
}

// What of an answer with an error is shown and no more.
constexpr std::size_t kMaxErrorBytes = 64 << 10;

}  // namespace

base::Result<std::unique_ptr<Source>> Source::make(Access access, base::Random random,
                                                   Changed changed, base::Logger& log) {
  auto server = ApiServer::make(std::move(access), watched().size());
  if (!server) return server.error();
  return std::unique_ptr<Source>(new Source(std::move(*server), random, std::move(changed), log));
}

Source::Source(std::unique_ptr<ApiServer> server, base::Random random, Changed changed,
               base::Logger& log)
    : log_(log), changed_(std::move(changed)), server_(std::move(server)) {
  for (auto& resource : watched())
    mirrors_.push_back({Reflector(std::move(resource), random.fork()), {}, false, "", ""});
}

Source::~Source() { stop(); }

void Source::start() { thread_ = std::thread(&Source::run, this); }

void Source::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  server_->wake();
  thread_.join();
}

std::vector<Source::ResourceStatus> Source::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Source::run() {
  for (;;) {
    auto now = std::chrono::steady_clock::now();
    ask(now);
    auto until = now + kLook;
    for (const auto& mirror : mirrors_) until = std::min(until, mirror.reflector.deadline());
    auto heard = server_->wait(until - now);
    now = std::chrono::steady_clock::now();
    for (auto& one : heard) take(now, std::move(one));
    note(now);
    tell(now);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

void Source::ask(base::TimePoint now) {
  for (std::size_t lane = 0; lane < mirrors_.size(); ++lane) {
    auto& mirror = mirrors_[lane];
    const auto request = mirror.reflector.next(now);
    if (!request) continue;
    mirror.asked = request->kind;
    mirror.opened = false;
    mirror.text.clear();
    server_->ask(lane, *request);
  }
}

void Source::take(base::TimePoint now, ApiServer::Heard heard) {
  auto& mirror = mirrors_[heard.lane];
  if (heard.status == kOk && mirror.asked == Request::Kind::list)
    return take_list(now, heard.lane, heard);
  if (heard.status == kOk) return take_stream(now, heard.lane, heard);
  if (mirror.text.size() < kMaxErrorBytes) mirror.text += heard.bytes;
  if (!heard.ended) return;
  if (heard.ended->reason.empty()) heard.ended->reason = refusal(heard.status, mirror.text);
  mirror.reflector.ended(now, *heard.ended);
}

void Source::take_list(base::TimePoint now, std::size_t lane, ApiServer::Heard& heard) {
  auto& mirror = mirrors_[lane];
  mirror.text += heard.bytes;
  if (mirror.text.size() > kMaxPageBytes)
    return give_up(
        now, lane,
        {heard.status, "a page of a list is larger than 16 MiB", Ending::Fault::too_large, {}});
  if (!heard.ended) return;
  if (!heard.ended->reason.empty()) return mirror.reflector.ended(now, *heard.ended);
  auto page = read_page(mirror.reflector.resource(), std::exchange(mirror.text, {}));
  if (!page)
    return mirror.reflector.ended(
        now, {heard.status, page.error().message, Ending::Fault::unintelligible, {}});
  mirror.reflector.listed(now, std::move(*page));
}

void Source::take_stream(base::TimePoint now, std::size_t lane, ApiServer::Heard& heard) {
  auto& mirror = mirrors_[lane];
  if (!std::exchange(mirror.opened, true)) mirror.reflector.opened(now);
  mirror.text += heard.bytes;
  std::size_t begin = 0;
  for (auto end = mirror.text.find('\n'); end != std::string::npos;
       end = mirror.text.find('\n', begin)) {
    const auto line = std::string_view(mirror.text).substr(begin, end - begin);
    begin = end + 1;
    auto event = read_event(mirror.reflector.resource(), line);
    if (!event)
      return give_up(now, lane,
                     {heard.status, event.error().message, Ending::Fault::unintelligible, {}});
    if (mirror.reflector.heard(now, std::move(*event)) == Reflector::Then::hang_up)
      return server_->drop(lane);
  }
  mirror.text.erase(0, begin);
  if (mirror.text.size() > kMaxEventBytes)
    return give_up(now, lane,
                   {heard.status,
                    "an event of a watch is larger than 8 MiB",
                    Ending::Fault::unintelligible,
                    {}});
  // Half an event is none: the next stream begins behind the last whole one.
  if (heard.ended) mirror.reflector.ended(now, *heard.ended);
}

void Source::give_up(base::TimePoint now, std::size_t lane, Ending ending) {
  server_->drop(lane);
  mirrors_[lane].reflector.ended(now, ending);
}

void Source::note(base::TimePoint now) {
  std::vector<ResourceStatus> status;
  for (auto& mirror : mirrors_) {
    const auto& reflector = mirror.reflector;
    status.push_back({reflector.resource().name, reflector.synced(), reflector.objects().size(),
                      reflector.status(now)});
    const auto& trouble = status.back().of.trouble;
    if (trouble == mirror.told) continue;
    if (trouble.empty())
      log_.info("kubernetes", "read again", {{"resource", status.back().name}});
    else
      log_.warn("kubernetes", "cannot be read",
                {{"resource", status.back().name}, {"reason", trouble}});
    mirror.told = trouble;
  }
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

void Source::tell(base::TimePoint now) {
  Reading reading;
  bool changed = false;
  for (const auto& mirror : mirrors_) {
    if (!mirror.reflector.synced()) return;
    const auto status = mirror.reflector.status(now);
    if (status.age.value_or(base::Duration{}) >= kStuckAfter && reading.stuck.empty())
      reading.stuck = mirror.reflector.resource().name + " of Kubernetes: " + status.trouble;
  }
  changed = reading.stuck != stuck_;
  for (auto& mirror : mirrors_) {
    const auto change = mirror.reflector.take_change();
    changed |= change.has_value();
    if (change == Listing::relist) reading.listing = Listing::relist;
  }
  if (!changed) return;
  for (const auto& mirror : mirrors_)
    for (const auto& [name, object] : mirror.reflector.objects()) {
      reading.documents.append(object.documents);
      reading.problems.insert(reading.problems.end(), object.problems.begin(),
                              object.problems.end());
    }
  stuck_ = reading.stuck;
  changed_(std::move(reading));
}

}  // namespace discovery::sources::kubernetes
