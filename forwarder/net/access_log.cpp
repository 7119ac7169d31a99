#include "forwarder/net/access_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace forwarder::net {
namespace {

constexpr mode_t kMode = 0640;
constexpr std::size_t kWriteAt = 256 * 1024;  // bytes of text at once
constexpr int kPatience = 1'000;              // ms, with whoever reads what is no file

base::Result<base::net::Fd> open_file(const std::string& path) {
  const int fd = path == AccessLog::kStandardOutput
                     ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                     : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (fd < 0) return base::from_errno("open access log " + path, errno);
  return base::net::Fd(fd);
}

// Into anything else no more is written at once than it takes without making us wait.
bool is_regular(const base::net::Fd& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

base::Result<std::unique_ptr<AccessLog>> AccessLog::open(Config config, base::Logger& log) {
  auto file = open_file(config.path);
  if (!file) return file.error();
  return std::make_unique<AccessLog>(std::move(config), std::move(*file), log);
}

AccessLog::AccessLog(Config config, base::net::Fd file, base::Logger& log)
    : config_(std::move(config)),
      log_(log),
      file_(std::move(file)),
      is_regular_(is_regular(file_)),
      lines_of_(config_.format),
      text_(std::make_unique_for_overwrite<char[]>(kWriteAt + AccessLines::kMostBytes)),
      text_end_(text_.get()),
      thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

AccessRing& AccessLog::add_ring() {
  const std::lock_guard lock(mutex_);
  return *rings_.emplace_back(std::make_unique<AccessRing>());
}

void AccessLog::reopen() {
  const std::lock_guard lock(mutex_);
  reopens_ = true;
}

std::uint64_t AccessLog::lost() const {
  const std::lock_guard lock(mutex_);
  auto lost = unwritten_.read();
  for (const auto& ring : rings_) lost += ring->dropped();
  return lost;
}

void AccessLog::run() {
  for (bool stopping = false; !stopping;) {
    bool reopens = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kEvery, [this] { return stopping_; });
      stopping = stopping_;
      reopens = std::exchange(reopens_, false);
    }
    if (reopens) go_to_new_file();
    write_all();
  }
}

void AccessLog::go_to_new_file() {
  auto file = open_file(config_.path);
  if (!file) return log_.error("access log", file.error().message, {{"writes", "where it did"}});
  file_ = std::move(*file);
  is_regular_ = is_regular(file_);
}

void AccessLog::write_all() {
  std::vector<AccessRing*> rings;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& ring : rings_) rings.push_back(ring.get());
  }
  // The wall clock may be set meanwhile: what is written is when it began by what it says now.
  const auto wall = std::chrono::system_clock::now();
  const auto now = std::chrono::steady_clock::now();
  std::uint64_t dropped = 0;
  for (auto* ring : rings) {
    while (const auto record = ring->pop()) {
      text_end_ = lines_of_.write(*record, wall - (now - record->began), text_end_);
      ++in_text_;
      if (text_end_ >= text_.get() + kWriteAt) write();
    }
    dropped += ring->dropped();
  }
  write();
  if (std::exchange(dropped_, dropped) != dropped)
    tell(dropping_, "lines are dropped: more come than can be written");
  else
    dropping_ = false;
}

void AccessLog::write() {
  std::string_view rest(text_.get(), text_end_);
  std::string why;
  while (!rest.empty() && why.empty()) {
    pollfd ready{file_.get(), POLLOUT, 0};
    const auto most = is_regular_ ? rest.size() : std::min<std::size_t>(rest.size(), PIPE_BUF);
    if (::poll(&ready, 1, kPatience) == 0)
      why = "nobody reads it";
    else if (const auto written = ::write(file_.get(), rest.data(), most); written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      why = std::strerror(errno);
  }
  (why.empty() ? lines_ : unwritten_).add(in_text_);
  in_text_ = 0;
  text_end_ = text_.get();
  if (why.empty())
    failing_ = false;
  else
    tell(failing_, "cannot be written: " + why);
}

// Once until it works again.
void AccessLog::tell(bool& told, const std::string& what) {
  if (!std::exchange(told, true)) log_.error("access log", what, {{"path", config_.path}});
}

}  // namespace forwarder::net
