#include "discovery/sources/state_writer.hpp"

#include <algorithm>
#include <utility>

namespace discovery::sources {
namespace {

base::TimePoint read_clock() { return std::chrono::steady_clock::now(); }

std::uint64_t own_life(const Publication& publication) {
  const auto own = std::ranges::find(publication.origins, true, &OriginPublication::local);
  return own == publication.origins.end() ? 0 : own->stamp.incarnation;
}

}  // namespace

base::Duration StateWriter::pause_after(std::size_t bytes) const {
  const base::Duration paced = std::chrono::microseconds(bytes * 1'000'000 / kBytesPerSecond);
  return std::max(save_every_, paced);
}

StateWriter::StateWriter(std::unique_ptr<StateFolder> folder, base::Logger& log,
                         base::Duration save_every)
    : folder_(std::move(folder)),
      log_(log),
      save_every_(save_every),
      failing_(folder_->failing()),
      status_(folder_->status()) {
  for (const auto& trouble : status_.troubles) log_.warn("state", trouble);
}

StateWriter::~StateWriter() { stop(); }

void StateWriter::start() { thread_ = std::thread(&StateWriter::run, this); }

void StateWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StateWriter::publication(std::shared_ptr<const Publication> publication) {
  {
    const std::lock_guard lock(mutex_);
    life_ = own_life(*publication);
    next_ = std::move(publication);
  }
  wake_.notify_one();
}

StateStatus StateWriter::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void StateWriter::run() {
  auto not_before = read_clock();
  std::uint64_t life = 0;
  for (;;) {
    std::shared_ptr<const Publication> publication;
    Next<DrainOrder> drains;
    Next<SavedRegistration> registrations;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      const auto urgent = [&] {
        return stopping_ || next_drains_ || next_registrations_ || life_ != life;
      };
      wake_.wait(lock, [&] { return urgent() || next_; });
      wake_.wait_until(lock, not_before, urgent);
      life = life_;
      stopping = stopping_;
      drains = std::exchange(next_drains_, std::nullopt);
      registrations = std::exchange(next_registrations_, std::nullopt);
      if (stopping || read_clock() >= not_before) publication = std::move(next_);
    }
    if (drains) folder_->keep(std::move(*drains));
    if (registrations) folder_->keep(std::move(*registrations));
    if (publication) {
      not_before = read_clock() + pause_after(folder_->save(*publication));
    } else {
      folder_->keep_life(life);
    }
    tell();
    if (stopping) return;
    if (publication && folder_->failing()) {
      const std::lock_guard lock(mutex_);
      if (!next_) next_ = std::move(publication);
    }
  }
}

void StateWriter::tell() {
  const bool failing = folder_->failing();
  if (failing && !failing_) log_.warn("state", folder_->status().troubles.front());
  if (!failing && failing_) log_.info("state", "is written to disk again");
  failing_ = failing;
  const std::lock_guard lock(mutex_);
  status_ = folder_->status();
}

}  // namespace discovery::sources
