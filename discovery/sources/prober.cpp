#include "discovery/sources/prober.hpp"

#include "base/net/stream.hpp"

namespace discovery::sources {

void Prober::probe(ProbeRequest request) {
  auto round = std::make_shared<Round>();
  round->reply.id = request.id;
  const auto deadline = loop_.now() + request.timeout;
  for (const auto& target : request.targets) {
    if (under_way_ == kMaxProbes) break;
    if (!rule_.objection(request.origin.cluster, target.ip).empty()) continue;
    ++under_way_;
    ++round->waiting;
    scope_.spawn(connect(round, target, deadline));
  }
  if (round->waiting == 0) done_(std::move(round->reply));
}

base::net::Task<void> Prober::connect(std::shared_ptr<Round> round, base::SocketAddress target,
                                      base::TimePoint deadline) {
  bool alive = false, asked = true;
  auto fd = base::net::start_connect(target);
  if (fd) {
    base::net::Stream stream(loop_, std::move(*fd), base::net::Stream::State::connecting);
    const auto connected = co_await stream.connected(deadline);
    alive = connected.status == base::net::IoStatus::done;
  } else {
    asked = fd.error().code != base::Code::exhausted;  // our own want of descriptors says nothing
  }
  --under_way_;
  if (asked) (alive ? round->reply.alive : round->reply.failed).push_back(target);
  finish(*round);
}

void Prober::finish(Round& round) {
  if (--round.waiting == 0) done_(std::move(round.reply));
}

}  // namespace discovery::sources
