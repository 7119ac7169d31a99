// Task<T>: a coroutine that its caller awaits. Scope: where tasks run that nobody awaits, and what
// ends them.
//
// A task starts when it is awaited, on the caller's stack; if it never had to suspend, the caller
// goes on at once, else the caller comes back through the loop's ready queue. Whoever owns a task
// ends it by letting go: destroying a frame destroys its locals, the tasks it awaits and its place
// in every queue. So cancelling is a destructor, and clean-up is RAII.
//
// Rules for the code inside (GCC 12.2, DESIGN §7): `co_await` stands as a whole statement or in
// `auto v = co_await …;`, never inside a condition. Arguments are taken by value, or by reference
// to what outlives the task. A scope is not cancelled by a task of its own.
//
// Invariants: a task is awaited once; a scope that dies leaves no frame behind; nothing is
// detached. Thread: the loop's.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/net/event_loop.hpp"
#include "base/net/frame_pool.hpp"
#include "base/net/waiter.hpp"
#include "base/result.hpp"

namespace base::net {

class Scope;

namespace detail {

struct Promise : Link {  // linked into the Scope it was spawned in
  EventLoop* loop = nullptr;
  Scope* scope = nullptr;
  Waiter after;  // the awaiting coroutine, or for a spawned task its burial
  bool awaited = false;

  static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) { free_frame(frame, bytes); }

  struct Finish {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) const noexcept {
      Promise& promise = handle.promise();
      if (promise.awaited) promise.loop->resume_soon(promise.after);
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Finish final_suspend() const noexcept { return {}; }
  void unhandled_exception() const {
    check_failed("no exception leaves a task", __FILE__, __LINE__);
  }
};

template <class T>
struct ValuePromise : Promise {
  std::optional<T> value;
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
};
template <>
struct ValuePromise<void> : Promise {
  void return_void() const {}
  void take() const {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::ValuePromise<T> {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> caller) {
    auto& promise = handle_.promise();
    promise.loop = caller.promise().loop;
    handle_.resume();
    if (handle_.done()) return false;
    promise.after.coroutine = caller;
    promise.awaited = true;
    return true;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  friend class Scope;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// An event of this loop: whoever waits is resumed by the next notify_all(), or at its deadline.
class Event {
 public:
  class [[nodiscard]] Wait : Waiter, Timer {
   public:
    Wait(EventLoop& loop, Queue<Waiter>& queue, TimePoint deadline)
        : Timer(run_out), loop_(loop), queue_(queue), deadline_(deadline) {}
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      coroutine = handle;
      queue_.push_back(*this);
      loop_.timers().arm(*this, deadline_);
      return true;
    }
    // False: the deadline came first.
    bool await_resume() const { return !timed_out; }

   private:
    static void run_out(Timer& timer) {
      auto& wait = static_cast<Wait&>(timer);
      wait.timed_out = true;
      wait.loop_.resume_soon(wait);
    }
    EventLoop& loop_;
    Queue<Waiter>& queue_;
    TimePoint deadline_;
  };

  explicit Event(EventLoop& loop) : loop_(loop) {}
  Wait wait(TimePoint deadline) { return {loop_, waiting_, deadline}; }
  void notify_all() {
    while (!waiting_.empty()) loop_.resume_soon(waiting_.front());
  }

 private:
  EventLoop& loop_;
  Queue<Waiter> waiting_;
};

class Scope {
 public:
  explicit Scope(EventLoop& loop) : loop_(loop), emptied_(loop) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { cancel(); }

  // Starts `task` from the ready queue, not here.
  void spawn(Task<void> task);
  // Destroys every task of the scope, wherever it waits.
  void cancel();
  std::size_t size() const { return size_; }
  // co_await scope.emptied(deadline): false when tasks are left at the deadline. Check size()
  // first.
  Event::Wait emptied(TimePoint deadline) { return emptied_.wait(deadline); }

 private:
  static bool start_or_bury(Waiter& waiter);
  EventLoop& loop_;
  std::size_t size_ = 0;
  Queue<detail::Promise> running_;
  Event emptied_;
};

}  // namespace base::net
