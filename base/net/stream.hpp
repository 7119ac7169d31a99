// A TCP connection as awaitables: each tries the system call first and suspends only when the
// kernel says "not now".
//
// Underneath is a transport in two functions, try_read() and try_write(): they do what can be done
// now or say which readiness they want. Over plain TCP a read wants to read; over TLS it may want
// to write, and nothing above changes. The call is made again right before the coroutine is
// resumed, so a buffer shared by all connections of a loop can be read into: it is filled when the
// reader runs, and an idle connection holds none.
//
// Invariants: one read and one write in flight at a time, each with a deadline; a stream that moved
// more than kBytesPerTurn waits for the next turn; a stream outlives the awaits on it. Thread: the
// loop's. Errors: IoResult, no allocation.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/net/socket.hpp"
#include "base/net/watch.hpp"

namespace base::net {

enum class IoStatus : std::uint8_t {
  done,
  end,      // the peer has ended its direction
  timeout,  // the deadline passed first
  failed,   // `error_number` says why
};

struct IoResult {
  IoStatus status = IoStatus::done;
  int error_number = 0;
  std::size_t bytes = 0;  // moved, also when not all of them were

  explicit operator bool() const { return status == IoStatus::done; }
};

enum class Want : std::uint8_t { nothing, read, write };

// What one try came to: a result, or the readiness to wait for.
struct Attempt {
  Want want = Want::nothing;
  IoResult result;
};

class Stream {
 public:
  static constexpr std::size_t kBytesPerTurn = 256 * 1024;  // each way; then others get their turn

  enum class State { connecting, connected };
  Stream(EventLoop& loop, Fd fd, State state);

  Watch& watch() { return watch_; }
  EventLoop& loop() { return watch_.loop(); }
  // The peer ended or reset the connection, as far as the loop has been told.
  bool peer_closed() const { return watch_.peer_closed(); }
  // Bytes or an end wait to be read, as far as the loop has been told.
  bool readable() { return watch_.reads().ready; }
  // Bytes written that the peer's machine has not taken yet.
  std::size_t in_flight() const;
  // Bytes that have come and nobody has read: asks the kernel.
  std::size_t unread() const;

  Attempt try_read(std::span<char> into);
  Attempt try_write(std::span<iovec>& from);  // leaves in `from` what was not written
  void shutdown_read();                       // what has come is still read, then an end
  void shutdown_write();
  // Whoever waits on the stream reads an end or fails to write.
  void shutdown_both();
  // Closing will reset the connection: the peer must not take what it got for complete.
  void abort_on_close();

  class Read;
  class Write;
  class Connected;
  class Readable;
  Connected connected(TimePoint deadline);
  Readable until_readable(TimePoint deadline);          // bytes, or the end
  Read read(std::span<char> into, TimePoint deadline);  // what there is, at least one byte
  Write write(std::span<iovec> all, TimePoint deadline);
  Write write(std::string_view all, TimePoint deadline);

 private:
  Watch::Side& side(Want want);
  std::uint32_t this_turn() { return static_cast<std::uint32_t>(loop().turns()); }
  bool has_turn_left(std::uint32_t spent, std::uint32_t turn);

  Watch watch_;
  // How many bytes in which turn, by the low half of its number: small, for many streams wait.
  std::uint32_t read_this_turn_ = 0, written_this_turn_ = 0, read_turn_ = 0, write_turn_ = 0;
};

class [[nodiscard]] Stream::Read : Waiter {
 public:
  Read(Stream& stream, std::span<char> into, TimePoint deadline)
      : stream_(stream), into_(into), deadline_(deadline) {}
  bool await_ready() { return attempt(); }
  bool await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const { return result_; }

 private:
  bool attempt();
  void park();
  static bool retry(Waiter& waiter);
  Stream& stream_;
  std::span<char> into_;
  TimePoint deadline_;
  Want want_ = Want::nothing;
  IoResult result_;
};

class [[nodiscard]] Stream::Write : Waiter {
 public:
  Write(Stream& stream, std::span<iovec> all, TimePoint deadline)
      : stream_(stream), rest_(all), deadline_(deadline) {}
  Write(Stream& stream, std::string_view all, TimePoint deadline)
      : stream_(stream),
        one_{const_cast<char*>(all.data()), all.size()},
        rest_(&one_, 1),
        deadline_(deadline) {}
  bool await_ready() { return attempt(); }
  bool await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const { return result_; }

 private:
  bool attempt();
  void park();
  static bool retry(Waiter& waiter);
  Stream& stream_;
  iovec one_{};
  std::span<iovec> rest_;
  TimePoint deadline_;
  Want want_ = Want::nothing;
  IoResult result_;
};

class [[nodiscard]] Stream::Readable : Waiter {
 public:
  Readable(Stream& stream, TimePoint deadline) : stream_(stream), deadline_(deadline) {}
  bool await_ready() { return stream_.readable(); }
  bool await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const { return {timed_out ? IoStatus::timeout : IoStatus::done, 0, 0}; }

 private:
  Stream& stream_;
  TimePoint deadline_;
};

class [[nodiscard]] Stream::Connected : Waiter {
 public:
  Connected(Stream& stream, TimePoint deadline) : stream_(stream), deadline_(deadline) {}
  bool await_ready() { return stream_.watch_.writes().ready; }
  bool await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const;

 private:
  Stream& stream_;
  TimePoint deadline_;
};

inline Stream::Connected Stream::connected(TimePoint deadline) { return {*this, deadline}; }
inline Stream::Readable Stream::until_readable(TimePoint deadline) { return {*this, deadline}; }
inline Stream::Read Stream::read(std::span<char> into, TimePoint deadline) {
  return {*this, into, deadline};
}
inline Stream::Write Stream::write(std::span<iovec> all, TimePoint deadline) {
  return {*this, all, deadline};
}
inline Stream::Write Stream::write(std::string_view all, TimePoint deadline) {
  return {*this, all, deadline};
}

// A listening socket. accept() gives one connection after the other.
class Listener {
 public:
  static Result<std::unique_ptr<Listener>> open(EventLoop& loop, const SocketAddress& address,
                                                BindOptions options = {});
  Listener(EventLoop& loop, Fd fd, const SocketAddress& address)
      : watch_(loop, std::move(fd)), address_(address) {}

  // The real one, where port 0 was asked for.
  const SocketAddress& address() const { return address_; }
  Watch& watch() { return watch_; }

  class [[nodiscard]] Accept : Waiter {
   public:
    Accept(Listener& listener, TimePoint deadline) : listener_(listener), deadline_(deadline) {}
    bool await_ready() { return attempt(); }
    bool await_suspend(std::coroutine_handle<> handle);
    Result<Accepted> await_resume() { return std::move(result_); }

   private:
    bool attempt();
    void park() { listener_.watch_.wait(listener_.watch_.reads(), *this, deadline_); }
    static bool retry(Waiter& waiter);
    Listener& listener_;
    TimePoint deadline_;
    Result<Accepted> result_{Accepted{}};
  };
  // Errors: Code::timeout at the deadline; Code::unavailable when the machine is out of descriptors
  // or memory (wait a little, then go on).
  Accept accept(TimePoint deadline) { return {*this, deadline}; }

 private:
  Watch watch_;
  SocketAddress address_;
};

}  // namespace base::net
