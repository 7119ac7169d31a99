// What one worker knows of each endpoint: its requests in flight, how far it is trusted
// (suspicion.hpp), and its idle connections. Keyed by slot, so that a new table forgets nothing.
//
// An idle connection waits in the loop without a coroutine or a buffer: whatever happens on it
// (bytes nobody asked for, the end, its time) takes it out of the pool, so what take() hands out
// was alive when the loop last looked. Where an upstream closes idle connections early, the time is
// learned: 0.8 of what was seen (forwarder.md §10.5).
//
// Who cannot be connected to is knocked at each second (Timeouts::knock), kKnocks times and
// kMostKnocks endpoints at once at most, until a connection opens; beyond these time alone decides.
//
// Invariants: an id whose generation changed starts from nothing, and leases of the old one no
// longer count; at most idle_per_endpoint and idle_upstream connections are idle. Thread: the
// worker's.
#pragma once

#include <memory>
#include <vector>

#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "forwarder/http/parser.hpp"
#include "forwarder/net/limits.hpp"
#include "forwarder/suspicion.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

inline constexpr int kKnocks = 60;
inline constexpr std::size_t kMostKnocks = 128;
inline constexpr base::Duration kShortestIdle = 500ms;  // a learned idle time does not fall below

class Endpoints;

// A connection to one endpoint: in use by one exchange, or idle.
class Connection : private base::net::Waiter {
 public:
  Connection(base::net::EventLoop& loop, base::net::Fd fd, const Limits& limits)
      : stream(loop, std::move(fd), base::net::Stream::State::connecting), parser(limits.head) {}

  base::net::Stream stream;
  http::ResponseParser parser;
  bool reused = false;
  std::uint32_t requests = 0;  // served

 private:
  friend class Endpoints;
  Endpoints* owner_ = nullptr;
  SlotId slot_ = 0;
  base::TimePoint idle_since_;
  base::Duration longest_idle_{};  // whatever is learned
};

class Endpoints final : public LoadView {
 public:
  Endpoints(base::net::EventLoop& loop, const Limits& limits, const Timeouts& timeouts)
      : loop_(loop), limits_(limits), timeouts_(timeouts), knocks_(loop) {}

  std::uint32_t active(const Member& member) const override;
  bool avoid(const Member& member) const override;
  base::TimePoint now() const override { return loop_.now(); }

  // A request in flight at an endpoint, for as long as this lives; what it finds out there.
  class Lease {
   public:
    Lease(Endpoints& endpoints, const Member& member);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    void answers();   // the head of an answer has come
    void answered();  // and all of it
    void failed();    // it was broken off, or kept waiting for too long
    void unreachable(const ConnectionRule& rule = {});  // there is no connection
    void too_slow();  // no answer within the time that a policy gives

   private:
    Endpoints& endpoints_;
    const Member member_;
    bool on_trial_ = false;
  };

  // A new connection. Errors: unavailable when none was made within Timeouts::connect or what the
  // rule says, or by then; exhausted when it is for want of a socket or a port of our own, which
  // says nothing of the endpoint.
  using Connected = base::Result<std::unique_ptr<Connection>>;
  base::net::Task<Connected> connect(Member member, ConnectionRule rule = {},
                                     base::TimePoint at_latest = base::net::kNoDeadline);

  // The connection used last, if it has waited for less than `at_most`, or null.
  std::unique_ptr<Connection> take(const Member& member,
                                   base::Duration at_most = base::Duration::max());
  // May close it instead, or one of the same endpoint that has waited longer.
  void put(const Member& member, std::unique_ptr<Connection> connection,
           const ConnectionRule& rule = {});
  void close();  // what is idle; and no more knocks
  std::size_t idle() const { return idle_; }

 private:
  struct State {
    std::uint32_t generation = 0;
    std::uint32_t active = 0;
    Suspicion suspicion;
    base::Duration idle_limit{};  // zero: nothing learned
    std::vector<std::unique_ptr<Connection>> idle;
  };
  // Null when the member is of an older table than what stands in the slot now.
  State* state_of(const Member& member);
  // Null when nothing is known of the member.
  const State* known(const Member& member) const;
  base::net::Task<void> knock(Member member, ConnectionRule rule);
  bool make_room(State& state);
  static bool on_idle_event(base::net::Waiter& waiter);
  void drop(Connection& connection);

  base::net::EventLoop& loop_;
  const Limits& limits_;
  const Timeouts& timeouts_;
  std::vector<State> states_;  // by slot
  std::size_t idle_ = 0;
  base::net::Scope knocks_;
};

}  // namespace forwarder::net
