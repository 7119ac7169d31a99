#include "forwarder/net/gate.hpp"

#include "forwarder/net/session.hpp"

namespace forwarder::net {
namespace {

constexpr base::Duration kAcceptPause = 100ms;  // when the machine is out of descriptors

}  // namespace

Gate::Gate(Workspace& work, base::net::Scope& sessions, const base::SocketAddress& wanted,
           base::net::Fd socket)
    : work_(work), sessions_(sessions), wanted_(wanted), accepting_(work.loop) {
  listener_.emplace(work.loop, std::move(socket), wanted);
  accepting_.spawn(accept_all());
}

void Gate::close() {
  if (std::exchange(closing_, true)) return;
  accepting_.cancel();
  // Clients whose connection the kernel has already taken get their answer.
  for (;;) {
    auto accepted = base::net::accept_from(listener_->watch().fd());
    if (!accepted || !accepted->fd.valid()) break;
    admit(std::move(*accepted));
  }
  listener_.reset();
  end_waiting(Which::who_has_asked);
  accepting_.spawn(end_waiting_later());
}

base::net::Task<void> Gate::end_waiting_later() {
  co_await base::net::sleep_until(work_.loop, work_.in(kFirstRequestGrace));
  end_waiting(Which::all);
}

void Gate::end_waiting(Which which) {
  base::net::Queue<Session> others;
  while (!work_.waiting.empty()) {
    auto& session = work_.waiting.pop_front();
    const bool meant = &session.gate() == this && (which == Which::all || !session.is_new());
    if (meant)
      session.end_waiting();
    else
      others.push_back(session);
  }
  work_.waiting.append(others);
}

void Gate::list_waiting(Session& session) {
  if (closing_ && !session.is_new())
    session.end_waiting();
  else
    work_.waiting.push_back(session);
}

base::net::Task<void> Gate::accept_all() {
  for (;;) {
    auto accepted = co_await listener_->accept(base::net::kNoDeadline);
    if (!accepted) {
      work_.counters.accept_errors.add();
      co_await base::net::sleep_until(work_.loop, work_.in(kAcceptPause));
      continue;
    }
    admit(std::move(*accepted));
    co_await base::net::next_turn(work_.loop);
  }
}

void Gate::admit(base::net::Accepted accepted) {
  if (sessions_.size() >= work_.limits.connections && !make_room()) {
    work_.counters.connections_refused.add();
    return;
  }
  sessions_.spawn(Session::serve(work_, std::move(accepted), shared_from_this()));
}

bool Gate::make_room() {
  if (work_.waiting.empty()) return false;
  work_.waiting.pop_front().end_waiting();
  work_.counters.connections_displaced.add();
  return true;
}

}  // namespace forwarder::net
