// The access log: a line for each request, whatever became of it (access_line.hpp).
//
// Workers push records into a ring each and never wait; one thread takes them every kEvery, makes
// the lines and writes them. What does not fit into a ring, or cannot be written, is counted and
// said in the log, once until it works again. Life: open → add_ring for each worker → … → the
// destructor writes what is left; workers have ended by then. Thread: as each function says.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/net/fd.hpp"
#include "base/result.hpp"
#include "forwarder/net/access_line.hpp"
#include "forwarder/net/access_ring.hpp"

namespace forwarder::net {

class AccessLog {
 public:
  static constexpr base::Duration kEvery = std::chrono::milliseconds(50);

  static constexpr std::string_view kStandardOutput = "-";

  struct Config {
    std::string path;  // of a file that is appended to, or kStandardOutput
    AccessFormat format = AccessFormat::text;
    friend bool operator==(const Config&, const Config&) = default;
  };

  // Starts the thread. `log` outlives it.
  static base::Result<std::unique_ptr<AccessLog>> open(Config config, base::Logger& log);
  AccessLog(Config config, base::net::Fd file, base::Logger& log);
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog();

  // For one worker, which holds it no longer than this log lives. Any thread.
  AccessRing& add_ring();
  // The file was moved away: from the next lines on there is a new one. Any thread.
  void reopen();
  // Since the start. Any thread.
  std::uint64_t lines() const { return lines_.read(); }
  std::uint64_t lost() const;  // dropped, or not written

 private:
  void run();
  void write_all();
  void write();
  void go_to_new_file();
  void tell(bool& told, const std::string& what);

  const Config config_;
  base::Logger& log_;
  // The thread's.
  base::net::Fd file_;
  bool is_regular_ = false, failing_ = false, dropping_ = false;
  AccessLines lines_of_;
  const std::unique_ptr<char[]> text_;
  char* text_end_;
  std::uint64_t in_text_ = 0;  // lines
  std::uint64_t dropped_ = 0;  // that were told of
  Counter lines_, unwritten_;  // read by any
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, reopens_ = false;
  std::vector<std::unique_ptr<AccessRing>> rings_;
  std::thread thread_;
};

}  // namespace forwarder::net
