#include "discovery/sources/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/net/fd.hpp"

namespace discovery::sources {
namespace {

using Outcome = WholeFile::Outcome;

WholeFile failed(int error) { return {Outcome::failed, {}, error}; }

// 0 or errno.
int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

WholeFile read_whole(const std::string& path, std::size_t at_most) {
  // Not blocking: what is no regular file must not hold the caller up before it is known to be
  // none.
  const base::net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return failed(errno);
  if (!S_ISREG(status.st_mode)) return {Outcome::no_regular_file, {}, 0};
  WholeFile whole{Outcome::read, {}, 0};
  whole.bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), at_most) + 1);
  for (char piece[64 * 1024];;) {
    const auto got = ::read(file.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    if (got == 0) return whole;
    whole.bytes.append(piece, static_cast<std::size_t>(got));
    if (whole.bytes.size() > at_most) return {Outcome::too_large, {}, 0};
  }
}

base::Result<void> write_whole(const std::string& path, std::string_view bytes, ::mode_t mode) {
  const auto beside = path + std::string(kBeside);
  ::unlink(beside.c_str());
  const base::net::Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file.valid()) return base::from_errno("cannot create " + beside, errno);
  auto error = write_all(file.get(), bytes);
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(beside.c_str());  // a full disk gets its room back
  return base::from_errno("cannot write " + path, error);
}

base::Result<void> sync_folder(const std::string& path) {
  const base::net::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0)
    return base::from_errno("cannot sync " + path, errno);
  return {};
}

}  // namespace discovery::sources
