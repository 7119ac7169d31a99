#include "base/net/task.hpp"

namespace base::net {
namespace {

using Handle = std::coroutine_handle<Task<void>::promise_type>;

Handle handle_of(detail::Promise& promise) {
  return Handle::from_promise(static_cast<Task<void>::promise_type&>(promise));
}

}  // namespace

void Scope::spawn(Task<void> task) {
  const Handle handle = std::exchange(task.handle_, nullptr);
  auto& promise = handle.promise();
  promise.loop = &loop_;
  promise.scope = this;
  promise.awaited = true;
  promise.after.coroutine = handle;
  promise.after.prepare = start_or_bury;
  running_.push_back(promise);
  ++size_;
  loop_.resume_soon(promise.after);
}

void Scope::cancel() {
  while (!running_.empty()) {
    --size_;
    handle_of(running_.pop_front()).destroy();
  }
  emptied_.notify_all();
}

// Called twice in a task's life: when it is to start, and when it has finished.
bool Scope::start_or_bury(Waiter& waiter) {
  const auto handle = Handle::from_address(waiter.coroutine.address());
  if (!handle.done()) return true;
  Scope& scope = *handle.promise().scope;
  handle.destroy();
  if (--scope.size_ == 0) scope.emptied_.notify_all();
  return false;
}

}  // namespace base::net
