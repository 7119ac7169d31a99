// What all connections of one worker share: its loop, its knowledge of endpoints, and buffers for
// the moment between two awaits.
//
// Rule: scratch, the two heads, rendered and reframer hold something only until the next await of
// whoever filled them; then another connection may. What must last is copied into a Buffer of its
// own. Thread: the worker's; the counters are read by any.
#pragma once

#include <array>
#include <string>

#include "base/net/event_loop.hpp"
#include "base/net/task.hpp"
#include "base/net/waiter.hpp"
#include "base/published.hpp"
#include "base/random.hpp"
#include "forwarder/http/message.hpp"
#include "forwarder/net/buffers.hpp"
#include "forwarder/net/counters.hpp"
#include "forwarder/net/endpoints.hpp"
#include "forwarder/net/held_upstreams.hpp"
#include "forwarder/net/limits.hpp"
#include "forwarder/net/reframe.hpp"
#include "forwarder/net/traffic.hpp"
#include "forwarder/net/turns.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

class AccessRing;
class Session;

struct Workspace {
  Workspace(base::net::EventLoop& the_loop, base::Published<Table>& tables,
            const Limits& the_limits, const Timeouts& the_timeouts, base::Random the_random)
      : loop(the_loop),
        limits(the_limits),
        timeouts(the_timeouts),
        random(the_random),
        table(tables),
        endpoints(loop, limits, timeouts) {}

  base::TimePoint in(base::Duration duration) const { return loop.now() + duration; }
  // The wall clock's second as the Date field has it, at most a second old; until the next call.
  std::string_view date();

  base::net::EventLoop& loop;
  const Limits& limits;
  const Timeouts& timeouts;
  base::Random random;
  base::Published<Table>::Reader table;
  HeldUpstreams upstreams;
  HeldTreatments treatments;
  Endpoints endpoints;
  Turns turns;
  Counters counters;
  Buffers buffers;
  Traffic routes, destinations;       // by name
  AccessRing* access = nullptr;       // null: requests are not logged
  base::net::Queue<Session> waiting;  // for a request's first byte; who has waited longest first

  std::array<char, 64 * 1024> scratch;
  http::RequestHead request_head;
  http::ResponseHead response_head;
  std::string rendered;
  Reframer reframer;

 private:
  std::string date_;
  base::TimePoint dated_at_;
};

// Writes what the socket takes now; the rest is copied into `spill` (which must be empty) for
// send_rest(): the pieces may lie in the workspace.
base::net::IoResult send_now(base::net::Stream& stream, std::span<iovec> pieces, Buffer& spill);

// Writes what is in `spill`; what could not be written stays there. Times out when nothing moved
// for as long as `patience`, neither into the socket nor out of it: a socket takes more only when a
// good part of it is free, and while a slow reader empties it that may be long.
base::net::Task<base::net::IoResult> send_rest(base::net::Stream& stream, Buffer& spill,
                                               base::Duration patience);

}  // namespace forwarder::net
