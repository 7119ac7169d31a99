#include "discovery/sources/kubernetes/source.hpp"

#include <algorithm>

#include "discovery/sources/kubernetes/http_status.hpp"
#include "discovery/sources/kubernetes/messages.hpp"
#include "discovery/sources/kubernetes/pod_table.hpp"
#include "discovery/sources/kubernetes/resources_read.hpp"

namespace discovery::sources::kubernetes {
namespace {

// Ages and troubles in status are as old as this at most.
constexpr base::Duration kLook = std::chrono::seconds(1);
constexpr std::size_t kMaxKindsBytes = 1u << 20;
constexpr std::size_t kMaxErrorBytes = 64 << 10;

// "routetables", and Gloo's "routetables.networking.gloo.solo.io".
std::string called(const Resource& resource) {
  if (resource.as != Resource::As::texts || is_ours(resource)) return resource.name;
  const auto& group = resource.groups.front();  // "apis/GROUP/v2"
  return resource.name + "." + group.substr(5, group.rfind('/') - 5);
}

}  // namespace

base::Result<std::unique_ptr<Source>> Source::make(Access access, base::Random random,
                                                   Callbacks callbacks, base::Logger& log) {
  const auto resources = resources_read();
  auto server =
      ApiServer::make(std::move(access), resources.size() + groups_of(resources).size() + 2);
  if (!server) return server.error();
  return std::unique_ptr<Source>(new Source(std::move(*server), random, std::move(callbacks), log));
}

Source::Source(std::unique_ptr<ApiServer> server, base::Random random, Callbacks callbacks,
               base::Logger& log)
    : log_(log),
      callbacks_(std::move(callbacks)),
      server_(std::move(server)),
      writer_(random.fork()),
      check_(std::chrono::steady_clock::now(), random.fork()) {
  const auto resources = resources_read();
  for (const auto& resource : resources) mirrors_.emplace_back(resource, random.fork());
  for (auto& group : groups_of(resources))
    groups_.push_back({ApiGroup(std::move(group), random.fork()), ""});
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

void Source::want_pod_labels(std::vector<std::string> keys) {
  {
    const std::lock_guard lock(mutex_);
    wanted_labels_ = std::move(keys);
  }
  server_->wake();
}

void Source::take_wanted(base::TimePoint now) {
  std::optional<std::vector<std::string>> wanted;
  {
    const std::lock_guard lock(mutex_);
    wanted = std::exchange(wanted_labels_, std::nullopt);
  }
  if (!wanted) return;
  for (std::size_t lane = 0; lane < mirrors_.size(); ++lane) {
    auto& reflector = mirrors_[lane].reflector();
    if (reflector.resource().as != Resource::As::labels || reflector.resource().labels == *wanted)
      continue;
    server_->drop(lane);
    reflector.want(now, *wanted);
  }
}

Source::Status Source::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Source::run() {
  for (;;) {
    auto now = std::chrono::steady_clock::now();
    take_wanted(now);
    ask(now);
    auto heard = server_->wait(std::min(now + kLook, deadline()) - now);
    now = std::chrono::steady_clock::now();
    for (auto& one : heard) take(now, std::move(one));
    judge(now);
    compare(now);
    note(now);
    tell(now);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

base::TimePoint Source::deadline() const {
  auto first = base::TimePoint::max();
  for (const auto& mirror : mirrors_) first = std::min(first, mirror.reflector().deadline());
  for (const auto& group : groups_) first = std::min(first, group.look.deadline());
  return std::min({first, writer_.deadline(), check_.deadline()});
}

void Source::ask(base::TimePoint now) {
  std::size_t lane = 0;
  const auto send = [&](const std::optional<Request>& request) {
    if (request) server_->ask(lane, *request);
    ++lane;
  };
  for (auto& mirror : mirrors_) send(mirror.next(now));
  for (auto& group : groups_) send(group.look.next(now));
  send(writer_.next(now, [this](const std::string& place) { return find_ours(place); }));
  send(check_.next(now, mirrored()));
}

void Source::take(base::TimePoint now, ApiServer::Heard heard) {
  const auto lane = heard.lane;
  const auto writer = mirrors_.size() + groups_.size();
  if (lane == writer) return take_writing(now, std::move(heard));
  if (lane > writer) return take_check(now, std::move(heard));
  if (lane >= mirrors_.size())
    return take_kinds(now, groups_[lane - mirrors_.size()], std::move(heard));
  if (!mirrors_[lane].take(now, std::move(heard))) server_->drop(lane);
}

void Source::take_kinds(base::TimePoint now, Group& group, ApiServer::Heard heard) {
  if (group.text.size() < kMaxKindsBytes) group.text += heard.bytes;
  if (!heard.ended) return;
  const auto text = std::exchange(group.text, {});
  auto& ending = *heard.ended;
  const bool whole = heard.status == http::kOk && ending.reason.empty();
  auto kinds = whole ? read_kinds(text) : base::unavailable("");
  if (kinds) {
    group.look.listed(now, std::move(*kinds));
  } else {
    if (ending.reason.empty())
      ending.reason = whole ? kinds.error().message : refusal(heard.status, text);
    group.look.ended(now, ending);
  }
  if (!group.look.kinds()) return;
  for (auto& mirror : mirrors_) {
    auto& reflector = mirror.reflector();
    const auto& resource = reflector.resource();
    if (resource.as != Resource::As::texts || resource.groups.front() != group.look.path())
      continue;
    const auto found = group.look.kinds()->find(resource.kind);
    reflector.defined(now, found == group.look.kinds()->end() ? "" : found->second);
  }
}

void Source::take_writing(base::TimePoint now, ApiServer::Heard heard) {
  if (written_.size() < kMaxErrorBytes) written_ += heard.bytes;
  if (!heard.ended) return;
  const auto text = std::exchange(written_, {});
  if (heard.status != http::kOk && heard.ended->reason.empty())
    heard.ended->reason = refusal(heard.status, text);
  writer_.ended(now, *heard.ended);
}

void Source::take_check(base::TimePoint now, ApiServer::Heard heard) {
  checked_ += heard.bytes;
  if (checked_.size() > kMaxPageBytes) {
    server_->drop(heard.lane);
    checked_.clear();
    return check_.ended(now);
  }
  if (!heard.ended) return;
  const auto text = std::exchange(checked_, {});
  const bool whole = heard.status == http::kOk && heard.ended->reason.empty();
  auto page = whole ? read_page({"", "", {}, Resource::As::places}, text) : base::unavailable("");
  if (!page) return check_.ended(now);
  check_.listed(now, *page, mirrored());
}

// Each is the same one every time: what a mirror is of never changes.
ConsistencyCheck::Mirrored Source::mirrored() const {
  ConsistencyCheck::Mirrored all;
  for (const auto& mirror : mirrors_) all.push_back(&mirror.reflector());
  return all;
}

void Source::compare(base::TimePoint now) {
  const auto wrong = check_.wrong(now, mirrored());
  if (!wrong) return;
  auto& reflector = mirrors_[*wrong].reflector();
  log_.warn("kubernetes", "events were missed: listed anew",
            {{"resource", called(reflector.resource())}});
  server_->drop(*wrong);
  reflector.distrust(now);
}

void Source::judge(base::TimePoint now) {
  if (now - judged_ < kJudgeEvery) return;
  judged_ = now;
  if (auto states = callbacks_.judged())
    writer_.want(now, std::move(states),
                 [this](const std::string& place) { return find_ours(place); });
}

std::optional<StatusWriter::Target> Source::find_ours(const std::string& place) const {
  const auto [kind, name] = object_of_ours(place);
  for (const auto& mirror : mirrors_) {
    const auto& resource = mirror.reflector().resource();
    if (resource.as != Resource::As::texts || !is_ours(resource) || resource.kind != kind) continue;
    const auto found = mirror.reflector().objects().find(std::string(name));
    if (found == mirror.reflector().objects().end()) break;
    return StatusWriter::Target{status_path(resource, name), found->second.version,
                                &found->second.custom};
  }
  return std::nullopt;
}

void Source::note(base::TimePoint now) {
  Status status;
  for (const auto& mirror : mirrors_) {
    const auto& reflector = mirror.reflector();
    if (!reflector.is_there()) continue;
    status.resources.push_back({called(reflector.resource()), reflector.resource().needed,
                                reflector.synced(), reflector.objects().size(),
                                reflector.status(now)});
    const auto& noted = status.resources.back();
    log(noted.name, "read", noted.of.trouble);
  }
  for (const auto& group : groups_) {
    const auto of = group.look.status(now);
    log(group.look.path(), "read", of.trouble);
    if (!of.trouble.empty())
      status.resources.push_back({group.look.path(), false, group.look.kinds().has_value(), 0, of});
  }
  status.writing = writer_.status();
  status.missed = check_.found();
  log("statuses", "written", status.writing.trouble);
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

void Source::log(const std::string& what, const std::string& verb, const std::string& trouble) {
  auto& logged = logged_[what];
  // Words for one trouble differ (how long it took): it is said once until it is well again.
  if (trouble.empty() == logged.empty()) return;
  if (trouble.empty())
    log_.info("kubernetes", verb + " again", {{"resource", what}});
  else
    log_.warn("kubernetes", "cannot be " + verb, {{"resource", what}, {"reason", trouble}});
  logged = trouble;
}

// Of the mirrors' order, which puts ours first; then by name.
void Source::read_texts() {
  auto texts = std::make_shared<CustomTexts>();
  for (const auto& mirror : mirrors_) {
    const auto& resource = mirror.reflector().resource();
    if (resource.as != Resource::As::texts) continue;
    for (const auto& [name, object] : mirror.reflector().objects())
      texts->push_back({{place_of(resource, name), object.custom.text, false},
                        object.custom.generation,
                        is_ours(resource)});
  }
  texts_ = std::move(texts);
}

void Source::read_places() {
  auto places = std::make_shared<NodePlaces>();
  for (const auto& mirror : mirrors_) {
    if (mirror.reflector().resource().as != Resource::As::places) continue;
    for (const auto& [name, object] : mirror.reflector().objects()) {
      const auto& place = object.place;
      places->nodes.emplace(resources::node_number(name.substr(name.find('/') + 1)), place);
      if (!place.zone.empty() && !place.region.empty())
        places->regions.emplace(place.zone, place.region);
    }
  }
  places_ = std::move(places);
}

// True when there is another table. Of Pods that are being listed anew there is the one of before.
bool Source::read_pods_anew(bool changed) {
  const Reflector *pods = nullptr, *slices = nullptr;
  for (const auto& mirror : mirrors_) {
    const auto& reflector = mirror.reflector();
    if (reflector.resource().as == Resource::As::labels) pods = &reflector;
    if (reflector.resource().kind == "EndpointSlice") slices = &reflector;
  }
  if (!pods->settled()) return false;
  if (pods_ && pods_->keys == pods->resource().labels && !changed) return false;
  pods_ = read_pods(*pods, *slices, pods_.get());
  return true;
}

void Source::tell(base::TimePoint now) {
  Reading reading;
  for (const auto& mirror : mirrors_) {
    const auto& reflector = mirror.reflector();
    if (reflector.resource().as == Resource::As::labels) continue;
    // What is defined later, and not read yet, is no reason to withhold the rest.
    if (!(has_told_ ? reflector.synced() || !reflector.resource().needed : reflector.settled()))
      return;
    const auto status = reflector.status(now);
    if (reflector.resource().needed && reading.stuck.empty() &&
        status.age.value_or(base::Duration{}) >= kStuckAfter)
      reading.stuck = reflector.resource().name + " of Kubernetes: " + status.trouble;
  }
  bool changed = reading.stuck != stuck_, other_texts = false, other_places = false,
       other_pods = false;
  for (auto& mirror : mirrors_) {
    auto& reflector = mirror.reflector();
    const auto change = reflector.take_change();
    if (reflector.resource().as == Resource::As::labels) {  // takes nothing away: never a relist
      other_pods = change.has_value();
      continue;
    }
    changed |= change.has_value();
    other_texts |= change && reflector.resource().as == Resource::As::texts;
    other_places |= change && reflector.resource().as == Resource::As::places;
    if (change == Listing::relist) reading.listing = Listing::relist;
  }
  changed |= read_pods_anew(other_pods);
  if (!changed) return;
  if (other_texts) read_texts();
  if (other_places) read_places();
  reading.texts = texts_;
  reading.places = places_;
  reading.pods = pods_;
  for (const auto& mirror : mirrors_)
    for (const auto& [name, object] : mirror.reflector().objects()) {
      reading.documents.services.append(object.documents.services);
      reading.documents.endpoint_slices.append(object.documents.endpoint_slices);
      reading.problems.insert(reading.problems.end(), object.problems.begin(),
                              object.problems.end());
    }
  has_told_ = true;
  stuck_ = reading.stuck;
  callbacks_.changed(std::move(reading));
}

}  // namespace discovery::sources::kubernetes
