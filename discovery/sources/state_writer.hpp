// The disk thread: keeps the state folder up with what control publishes.
//
// Only the newest publication waits, and what it holds is written at most every kSaveEvery and at
// kBytesPerSecond on the average, whatever the rate of change; a new life of our own, and what is
// kept by keep(), is written at once. What cannot be written is tried again at that pace, and said
// once. So neither control nor io ever waits for a disk. Thread: run() is the disk thread;
// publication(), keep(), status() and stop() from any.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "discovery/sources/state_folder.hpp"

namespace discovery::sources {

class StateWriter {
 public:
  static constexpr base::Duration kSaveEvery = std::chrono::seconds(2);
  static constexpr std::size_t kBytesPerSecond = 8 * 1024 * 1024;

  StateWriter(std::unique_ptr<StateFolder> folder, base::Logger& log,
              base::Duration save_every = kSaveEvery);
  ~StateWriter();
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;

  void start();
  // Returns when the newest publication has been tried.
  void stop();
  base::Duration pause_after(std::size_t bytes) const;
  void publication(std::shared_ptr<const Publication> publication);
  void keep(std::vector<DrainOrder> drains) { keep_next(next_drains_, std::move(drains)); }
  void keep(std::vector<SavedRegistration> all) { keep_next(next_registrations_, std::move(all)); }
  StateStatus status() const;

 private:
  template <class One>
  using Next = std::optional<std::vector<One>>;
  template <class One>
  void keep_next(Next<One>& next, std::vector<One> all) {
    {
      const std::lock_guard lock(mutex_);
      next = std::move(all);
    }
    wake_.notify_one();
  }
  void run();
  void tell();

  const std::unique_ptr<StateFolder> folder_;  // the disk thread's own once it runs
  base::Logger& log_;
  const base::Duration save_every_;
  bool failing_;  // and the log says so

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::shared_ptr<const Publication> next_;
  Next<DrainOrder> next_drains_;
  Next<SavedRegistration> next_registrations_;
  std::uint64_t life_ = 0;  // our own, of the newest publication
  StateStatus status_;
  std::thread thread_;
};

}  // namespace discovery::sources
