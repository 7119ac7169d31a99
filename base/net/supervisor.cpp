#include "base/net/supervisor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/net/socket.hpp"

namespace base::net {
namespace {

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START
constexpr int kMostPassed = 4096;

int number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? std::atoi(text) : 0;
}

// A name of the store may hold no colon.
std::string name_of(int type, const SocketAddress& address) {
  auto name = std::string(type == SOCK_STREAM ? "tcp_" : "udp_") + address.to_string();
  std::ranges::replace(name, ':', '_');
  return name;
}

void prepare(int socket) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

}  // namespace

void Supervisor::adopt_environment() {
  const char* notify = std::getenv("NOTIFY_SOCKET");
  const bool ours = number_in("LISTEN_PID") == ::getpid();
  const int count = ours ? std::clamp(number_in("LISTEN_FDS"), 0, kMostPassed) : 0;
  adopt(kFirstPassed, count, notify ? notify : "");
  for (const auto* variable : {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    ::unsetenv(variable);
}

void Supervisor::adopt(int first, int count, std::string notify) {
  const std::lock_guard lock(mutex_);
  notify_ = std::move(notify);
  for (int number = first; number < first + count; ++number) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) != 0) continue;
    const auto address = local_address(number);
    prepare(number);
    if (address) held_.push_back({Fd(number), type, *address});
  }
}

std::optional<Fd> Supervisor::claim(int type, const SocketAddress& address) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find_if(
      held_, [&](const Held& held) { return held.type == type && held.address == address; });
  if (at == held_.end()) return std::nullopt;
  auto fd = std::move(at->fd);
  held_.erase(at);
  kept_.push_back({fd.get(), name_of(type, address)});
  return fd;
}

bool Supervisor::holds(int type, const SocketAddress& address) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      held_, [&](const Held& held) { return held.type == type && held.address == address; });
}

void Supervisor::keep(int socket, int type, const SocketAddress& address) {
  const std::lock_guard lock(mutex_);
  if (notify_.empty()) return;
  kept_.push_back({socket, name_of(type, address)});
  store(kept_.back());
}

void Supervisor::drop(int type, const SocketAddress& address) {
  const std::lock_guard lock(mutex_);
  const auto name = name_of(type, address);
  if (std::erase_if(kept_, [&](const Kept& kept) { return kept.name == name; }) > 0)
    send("FDSTOREREMOVE=1\nFDNAME=" + name);
}

// By name: those of the same name that stay are stored once more.
std::vector<SocketAddress> Supervisor::close_rest() {
  const std::lock_guard lock(mutex_);
  std::vector<SocketAddress> closed;
  for (const auto& held : held_) {
    const auto name = name_of(held.type, held.address);
    send("FDSTOREREMOVE=1\nFDNAME=" + name);
    for (const auto& kept : kept_)
      if (kept.name == name) store(kept);
    closed.push_back(held.address);
  }
  held_.clear();
  return closed;
}

void Supervisor::tell(std::string_view state) const {
  const std::lock_guard lock(mutex_);
  send(state);
}

void Supervisor::store(const Kept& kept) const {
  send("FDSTORE=1\nFDNAME=" + kept.name, kept.number);
}

void Supervisor::send(std::string_view text, int socket) const {
  sockaddr_un to{};
  if (notify_.empty() || notify_.size() >= sizeof to.sun_path) return;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, notify_.data(), notify_.size());
  const bool abstract = to.sun_path[0] == '@';
  if (abstract) to.sun_path[0] = 0;
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::string line(text);
  iovec piece{line.data(), line.size()};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_.size() + (abstract ? 0 : 1));
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  if (socket >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &socket, sizeof socket);
  }
  ::sendmsg(fd.get(), &message, MSG_NOSIGNAL);
}

}  // namespace base::net
