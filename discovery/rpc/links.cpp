#include "discovery/rpc/links.hpp"

#include "discovery/rpc/link.hpp"

namespace discovery::rpc {

std::shared_ptr<Link> Links::find(LinkId link) const {
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(link);
  return found == links_.end() ? nullptr : found->second;
}

LinkId Links::find_key(const std::string& key, const std::string& proven_cluster) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, link] : links_)
    if (!key.empty() && link->key() == key && link->cluster() == proven_cluster) return id;
  return 0;
}

void Links::pump(LinkId link, const NextFrame& next_frame) {
  if (const auto found = find(link)) found->pump(next_frame);
}

void Links::consumed(LinkId link) {
  if (const auto found = find(link)) found->consumed();
}

void Links::close(base::TimePoint now, LinkId link, std::string reason) {
  const auto found = find(link);
  if (!found) return;
  closing_.try_emplace(link, now + kClosePatience);
  found->close(std::move(reason));
}

bool Links::tick(base::TimePoint now) {
  bury();
  std::erase_if(closing_, [&](const auto& entry) {
    const auto link = find(entry.first);
    if (link && entry.second <= now) link->cut("closing took too long");
    return !link || entry.second <= now;
  });
  return !closing_.empty();
}

void Links::stop() {
  std::vector<std::shared_ptr<Link>> all;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& [id, link] : links_) all.push_back(link);
  }
  for (const auto& link : all) link->cut("this agent is stopping");
  all.clear();
  {
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [this] { return links_.empty(); });
  }
  bury();
}

void Links::bury() {
  std::vector<std::shared_ptr<void>> remains;
  const std::lock_guard lock(mutex_);
  remains.swap(remains_);
}

std::size_t Links::size() const {
  const std::lock_guard lock(mutex_);
  return links_.size();
}

base::Result<void> Links::admit(const std::shared_ptr<Link>& link) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return base::unavailable("this agent is stopping");
  if (links_.size() >= kMaxLinks)
    return base::Error{base::Code::exhausted,
                       "this agent has " + std::to_string(kMaxLinks) + " links already"};
  links_.emplace(link->id(), link);
  return {};
}

void Links::release(LinkId link, std::optional<LinkEvent> last_word,
                    std::shared_ptr<void> remains) {
  // All under the lock: once it is free with no link left, stop() may return and this object go.
  const std::lock_guard lock(mutex_);
  links_.erase(link);
  if (last_word) post(std::move(*last_word));
  if (remains) remains_.push_back(std::move(remains));
  if (links_.empty()) empty_.notify_all();
}

void Links::refuse(PeerRefused refusal) {
  counters_.refused.fetch_add(1, std::memory_order_relaxed);
  inbox_.post(std::move(refusal));
}

}  // namespace discovery::rpc
