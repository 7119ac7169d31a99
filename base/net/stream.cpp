#include "base/net/stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace base::net {
namespace {

constexpr IoResult kTimedOut{IoStatus::timeout, ETIMEDOUT, 0};

}  // namespace

Stream::Stream(EventLoop& loop, Fd fd, State state) : watch_(loop, std::move(fd)) {
  watch_.writes().ready = state == State::connected;
}

Attempt Stream::try_read(std::span<char> into) {
  INVARIANT(!into.empty());
  auto& side = watch_.reads();
  while (side.ready) {
    const auto count = ::recv(watch_.fd(), into.data(), into.size(), 0);
    if (count > 0) {
      const auto bytes = static_cast<std::size_t>(count);
      // A short read has emptied the socket; what comes later is a new edge. Not so with an end
      // still to be read.
      if (bytes < into.size() && !peer_closed()) side.ready = false;
      return {Want::nothing, {IoStatus::done, 0, bytes}};
    }
    if (count == 0) return {Want::nothing, {IoStatus::end, 0, 0}};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return {Want::nothing, {IoStatus::failed, errno, 0}};
    side.ready = false;
  }
  return {Want::read, {}};
}

Attempt Stream::try_write(std::span<iovec>& from) {
  auto& side = watch_.writes();
  std::size_t written = 0;
  for (;;) {
    while (!from.empty() && from.front().iov_len == 0) from = from.subspan(1);
    if (from.empty()) return {Want::nothing, {IoStatus::done, 0, written}};
    if (!side.ready) return {Want::write, {IoStatus::done, 0, written}};
    msghdr message{};
    message.msg_iov = from.data();
    message.msg_iovlen = std::min<std::size_t>(from.size(), IOV_MAX);
    const auto count = ::sendmsg(watch_.fd(), &message, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        return {Want::nothing, {IoStatus::failed, errno, written}};
      side.ready = false;
      continue;
    }
    auto taken = static_cast<std::size_t>(count);
    written += taken;
    while (!from.empty() && taken >= from.front().iov_len) {
      taken -= from.front().iov_len;
      from = from.subspan(1);
    }
    if (taken == 0) continue;
    from.front().iov_base = static_cast<char*>(from.front().iov_base) + taken;
    from.front().iov_len -= taken;
    side.ready = false;  // a short write has filled the socket
  }
}

std::size_t Stream::in_flight() const {
  int bytes = 0;
  return ::ioctl(watch_.fd(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t Stream::unread() const {
  int bytes = 0;
  return ::ioctl(watch_.fd(), FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

void Stream::shutdown_read() { ::shutdown(watch_.fd(), SHUT_RD); }

void Stream::shutdown_write() { ::shutdown(watch_.fd(), SHUT_WR); }

void Stream::shutdown_both() { ::shutdown(watch_.fd(), SHUT_RDWR); }

void Stream::abort_on_close() {
  const linger now{1, 0};
  ::setsockopt(watch_.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Watch::Side& Stream::side(Want want) {
  return want == Want::read ? watch_.reads() : watch_.writes();
}

bool Stream::has_turn_left(std::uint32_t spent, std::uint32_t turn) {
  return turn != this_turn() || spent < kBytesPerTurn;
}

bool Stream::Read::attempt() {
  const auto turn = stream_.this_turn();
  want_ = Want::nothing;
  if (!stream_.has_turn_left(stream_.read_this_turn_, stream_.read_turn_)) return false;
  const auto attempt = stream_.try_read(into_);
  want_ = attempt.want;
  result_ = attempt.result;
  if (stream_.read_turn_ != turn) stream_.read_this_turn_ = 0;
  stream_.read_turn_ = turn;
  stream_.read_this_turn_ += static_cast<std::uint32_t>(result_.bytes);
  return want_ == Want::nothing;
}

bool Stream::Read::await_suspend(std::coroutine_handle<> handle) {
  coroutine = handle;
  prepare = retry;
  park();
  return true;
}

void Stream::Read::park() {
  if (want_ == Want::nothing)
    stream_.loop().resume_next_turn(*this);
  else
    stream_.watch_.wait(stream_.side(want_), *this, deadline_);
}

bool Stream::Read::retry(Waiter& waiter) {
  auto& read = static_cast<Read&>(waiter);
  if (read.timed_out) {
    read.result_ = kTimedOut;
    return true;
  }
  if (read.attempt()) return true;
  read.park();
  return false;
}

bool Stream::Write::attempt() {
  const auto turn = stream_.this_turn();
  want_ = Want::nothing;
  if (!stream_.has_turn_left(stream_.written_this_turn_, stream_.write_turn_)) return false;
  const auto attempt = stream_.try_write(rest_);
  want_ = attempt.want;
  const auto before = result_.bytes;
  result_ = attempt.result;
  result_.bytes += before;
  if (stream_.write_turn_ != turn) stream_.written_this_turn_ = 0;
  stream_.write_turn_ = turn;
  stream_.written_this_turn_ += static_cast<std::uint32_t>(attempt.result.bytes);
  return want_ == Want::nothing;
}

bool Stream::Write::await_suspend(std::coroutine_handle<> handle) {
  coroutine = handle;
  prepare = retry;
  park();
  return true;
}

void Stream::Write::park() {
  if (want_ == Want::nothing)
    stream_.loop().resume_next_turn(*this);
  else
    stream_.watch_.wait(stream_.side(want_), *this, deadline_);
}

bool Stream::Write::retry(Waiter& waiter) {
  auto& write = static_cast<Write&>(waiter);
  if (write.timed_out) {
    write.result_ = {IoStatus::timeout, ETIMEDOUT, write.result_.bytes};
    return true;
  }
  if (write.attempt()) return true;
  write.park();
  return false;
}

bool Stream::Readable::await_suspend(std::coroutine_handle<> handle) {
  coroutine = handle;
  stream_.watch_.wait(stream_.watch_.reads(), *this, deadline_);
  return true;
}

bool Stream::Connected::await_suspend(std::coroutine_handle<> handle) {
  coroutine = handle;
  stream_.watch_.wait(stream_.watch_.writes(), *this, deadline_);
  return true;
}

IoResult Stream::Connected::await_resume() const {
  if (timed_out) return kTimedOut;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(stream_.watch_.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  return {error == 0 ? IoStatus::done : IoStatus::failed, error, 0};
}

Result<std::unique_ptr<Listener>> Listener::open(EventLoop& loop, const SocketAddress& address,
                                                 BindOptions options) {
  auto fd = listen_tcp(address, options);
  if (!fd) return fd.error();
  const auto bound = local_address(fd->get());
  if (!bound) return bound.error();
  return std::make_unique<Listener>(loop, std::move(*fd), *bound);
}

bool Listener::Accept::attempt() {
  auto& side = listener_.watch_.reads();
  if (!side.ready) return false;
  result_ = accept_from(listener_.watch_.fd());
  if (result_ && !result_->fd.valid()) side.ready = false;
  return side.ready;
}

bool Listener::Accept::await_suspend(std::coroutine_handle<> handle) {
  coroutine = handle;
  prepare = retry;
  park();
  return true;
}

bool Listener::Accept::retry(Waiter& waiter) {
  auto& accept = static_cast<Accept&>(waiter);
  if (accept.timed_out) {
    accept.result_ = Error{Code::timeout, "no connection"};
    return true;
  }
  if (accept.attempt()) return true;
  accept.park();
  return false;
}

}  // namespace base::net
