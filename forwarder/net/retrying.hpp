// The tries of one request: how often, how long, after what pause; retry.hpp decides, this counts.
//
// A request that a policy sends again takes a place in its upstream's budget at this worker until
// it ends. Thread: the worker's. The upstream's hold outlives it.
#pragma once

#include "forwarder/net/outgoing_request.hpp"
#include "forwarder/retry.hpp"

namespace forwarder::net {

class Retrying {
 public:
  Retrying(Workspace& work, const OutgoingRequest& request, HeldUpstreams::Hold& upstream)
      : work_(work), request_(request), upstream_(upstream) {}
  Retrying(const Retrying&) = delete;
  Retrying& operator=(const Retrying&) = delete;
  ~Retrying();

  // The rule must stay; without one what needs no policy holds.
  void follow(const RetryRule& rule) { rule_ = &rule; }

  // Whether the request is to be sent again after such a try, which is counted then.
  bool again(TryEnd end, std::uint16_t status = 0);
  // Some retry was a policy's: it may go to an endpoint again.
  bool by_policy() const { return in_budget_; }
  // Before the next try; once.
  base::Duration take_pause() { return std::exchange(pause_, {}); }

  // When the request must have its answer; from its last byte on.
  base::TimePoint over_at() const;
  bool over() const { return work_.loop.now() >= over_at(); }
  // When a try must have the head of an answer that has waited for it since then.
  base::TimePoint try_over_at(base::TimePoint since) const;

 private:
  bool enter_budget();

  Workspace& work_;
  const OutgoingRequest& request_;
  HeldUpstreams::Hold& upstream_;
  const RetryRule* rule_ = nullptr;
  std::uint32_t made_ = 0;
  bool in_budget_ = false;
  base::Duration pause_{};
};

}  // namespace forwarder::net
