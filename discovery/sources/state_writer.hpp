// The disk thread: keeps the state folder up with what control publishes.
//
// Only the newest publication waits, and what it holds is written at most every kSaveEvery and at
// kBytesPerSecond on the average, whatever the rate of change; a new life of our own, and what is
// drained, is written at once. What cannot be written is tried again at that pace, and said once.
// So neither control nor io ever waits for a disk. Thread: run() is the disk thread; publication(),
// drains(), status() and stop() from any.
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
  void drains(std::vector<DrainOrder> orders);
  StateStatus status() const;

 private:
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
  std::optional<std::vector<DrainOrder>> next_drains_;
  std::uint64_t life_ = 0;  // our own, of the newest publication
  StateStatus status_;
  std::thread thread_;
};

}  // namespace discovery::sources
