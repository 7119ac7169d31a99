#include "forwarder/net/endpoints.hpp"

#include <algorithm>

namespace forwarder::net {
namespace {

// Where nothing is under way a reset does no harm, and leaves no port in TIME-WAIT: those of
// connections that are used once would be used up at 500 a second.
void hang_up(base::net::Stream& stream) {
  if (stream.in_flight() == 0) stream.abort_on_close();
}

base::net::Keepalive for_kernel(const resources::TcpKeepalive& keepalive) {
  const auto seconds = [](const std::optional<base::Duration>& time) {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::seconds>(time.value_or(0s)).count());
  };
  return {static_cast<int>(keepalive.probes.value_or(0)), seconds(keepalive.time),
          seconds(keepalive.interval)};
}

// What the loop was told of may have been read since: a read that its buffer bounded does not show
// that nothing is left.
bool has_something_to_say(base::net::Stream& stream) {
  char unasked;
  return stream.readable() && stream.try_read({&unasked, 1}).want != base::net::Want::read;
}

}  // namespace

std::uint32_t Endpoints::active(const Member& member) const {
  const auto* state = known(member);
  return state ? state->active : 0;
}

bool Endpoints::avoid(const Member& member) const {
  if (member.outlier && member.outlier->ejected(loop_.now())) return true;
  const auto* state = known(member);
  return state && state->suspicion.avoids(loop_.now());
}

Endpoints::Lease::Lease(Endpoints& endpoints, const Member& member)
    : endpoints_(endpoints), member_(member) {
  State* state = endpoints_.state_of(member_);
  if (!state) return;
  ++state->active;
  on_trial_ = state->suspicion.begin_trial();
}

Endpoints::Lease::~Lease() {
  State* state = endpoints_.state_of(member_);
  if (!state) return;
  --state->active;
  if (on_trial_) state->suspicion.trial_over();
}

void Endpoints::Lease::answers() {
  on_trial_ = false;
  if (State* state = endpoints_.state_of(member_)) state->suspicion.answers();
}

void Endpoints::Lease::answered() {
  if (State* state = endpoints_.state_of(member_)) state->suspicion.answered();
}

void Endpoints::Lease::failed() {
  if (State* state = endpoints_.state_of(member_)) state->suspicion.failed(endpoints_.loop_.now());
}

void Endpoints::Lease::unreachable(const ConnectionRule& rule) {
  failed();
  State* state = endpoints_.state_of(member_);
  if (!state || state->suspicion.is_knocking() || endpoints_.knocks_.size() >= kMostKnocks) return;
  state->suspicion.knocks();
  endpoints_.knocks_.spawn(endpoints_.knock(member_, rule));
}

void Endpoints::Lease::too_slow() {
  if (State* state = endpoints_.state_of(member_))
    state->suspicion.too_slow(endpoints_.loop_.now());
}

base::net::Task<Endpoints::Connected> Endpoints::connect(Member member, ConnectionRule rule,
                                                         base::TimePoint at_latest) {
  auto fd = base::net::start_connect(member.address);
  if (!fd) co_return fd.error();
  if (rule.keepalive) base::net::keep_alive(fd->get(), for_kernel(*rule.keepalive));
  auto connection = std::make_unique<Connection>(loop_, std::move(*fd), limits_);
  const auto patience = rule.connect > base::Duration::zero() ? rule.connect : timeouts_.connect;
  const auto until = std::min(loop_.now() + patience, at_latest);
  const auto connected = co_await connection->stream.connected(until);
  if (connected) co_return connection;
  co_return base::unavailable("no connection");
}

base::net::Task<void> Endpoints::knock(Member member, ConnectionRule rule) {
  auto found = Suspicion::Knock::in_vain;
  for (int knocks = 0; knocks < kKnocks && found == Suspicion::Knock::in_vain; ++knocks) {
    co_await base::net::sleep_until(loop_, loop_.now() + timeouts_.knock);
    const State* state = known(member);
    if (!state || state->suspicion.trusts()) co_return;  // another's place now, or it serves
    const auto connection = co_await connect(member, rule);
    if (connection) found = Suspicion::Knock::opened;
  }
  if (State* state = state_of(member)) state->suspicion.knocked(loop_.now(), found);
}

std::unique_ptr<Connection> Endpoints::take(const Member& member, base::Duration at_most) {
  State* state = state_of(member);
  while (state && !state->idle.empty()) {
    if (loop_.now() - state->idle.back()->idle_since_ >= at_most) return nullptr;
    auto connection = std::move(state->idle.back());
    state->idle.pop_back();
    --idle_;
    connection->unlink();
    // Told by this turn's events, which ran before us in the ready queue or will after us.
    if (connection->stream.readable() || connection->stream.peer_closed()) continue;
    connection->reused = true;
    return connection;
  }
  return nullptr;
}

void Endpoints::put(const Member& member, std::unique_ptr<Connection> connection,
                    const ConnectionRule& rule) {
  State* state = state_of(member);
  auto& stream = connection->stream;
  if (!state || stream.peer_closed() || has_something_to_say(stream)) return;
  const bool worn = rule.requests_each > 0 && connection->requests >= rule.requests_each;
  if (worn || !make_room(*state)) return hang_up(stream);
  connection->owner_ = this;
  connection->slot_ = member.slot;
  connection->idle_since_ = loop_.now();
  connection->prepare = on_idle_event;
  connection->longest_idle_ =
      rule.idle > base::Duration::zero() ? rule.idle : timeouts_.upstream_idle;
  auto patience = connection->longest_idle_;
  if (state->idle_limit > base::Duration::zero()) patience = std::min(patience, state->idle_limit);
  stream.watch().wait(stream.watch().reads(), *connection, loop_.now() + patience);
  state->idle.push_back(std::move(connection));
  ++idle_;
}

// Of the endpoint's own: the one that has waited longest is the least likely to be taken again.
bool Endpoints::make_room(State& state) {
  if (idle_ < limits_.idle_upstream && state.idle.size() < limits_.idle_per_endpoint) return true;
  if (state.idle.empty()) return false;
  hang_up(state.idle.front()->stream);
  drop(*state.idle.front());
  return true;
}

void Endpoints::close() {
  knocks_.cancel();
  for (auto& state : states_) state.idle.clear();
  idle_ = 0;
}

const Endpoints::State* Endpoints::known(const Member& member) const {
  if (member.slot >= states_.size()) return nullptr;
  const auto& state = states_[member.slot];
  return state.generation == member.generation ? &state : nullptr;
}

Endpoints::State* Endpoints::state_of(const Member& member) {
  if (member.slot >= states_.size()) states_.resize(member.slot + 1);
  State& state = states_[member.slot];
  if (state.generation == member.generation) return &state;
  if (state.generation > member.generation) return nullptr;
  idle_ -= state.idle.size();
  state = State{};
  state.generation = member.generation;
  return &state;
}

bool Endpoints::on_idle_event(base::net::Waiter& waiter) {
  auto& connection = static_cast<Connection&>(waiter);
  Endpoints& endpoints = *connection.owner_;
  State& state = endpoints.states_[connection.slot_];
  const auto idle_for = endpoints.loop_.now() - connection.idle_since_;
  const auto longest = connection.longest_idle_;
  if (!connection.timed_out && connection.stream.peer_closed())
    state.idle_limit = std::clamp(idle_for * 4 / 5, std::min(kShortestIdle, longest), longest);
  else if (connection.timed_out)  // it lasted: ask for more next time, an early close was perhaps a
                                  // restart
    state.idle_limit = std::min(state.idle_limit * 5 / 4, longest);
  endpoints.drop(connection);
  return false;
}

void Endpoints::drop(Connection& connection) {
  auto& idle = states_[connection.slot_].idle;
  const auto found = std::find_if(idle.begin(), idle.end(),
                                  [&](const auto& held) { return held.get() == &connection; });
  INVARIANT(found != idle.end());
  idle.erase(found);
  --idle_;
}

}  // namespace forwarder::net
