// Asks silent clusters' endpoints whether they are there: a TCP connect each, all of a request at
// once.
//
// An address that accepts is alive, one that refuses or does not answer in time has failed. Nothing
// is sent. Limit: kMaxProbes connects under way. Who could not be asked, for that limit, for want
// of descriptors here or because a peer must not send us there (ImportRule), is left out of the
// reply: that says nothing of the endpoint. Thread: the loop's. Ownership: the loop outlives the
// prober.
#pragma once

#include <functional>
#include <memory>

#include "base/net/event_loop.hpp"
#include "base/net/task.hpp"
#include "discovery/import_rule.hpp"
#include "discovery/node.hpp"

namespace discovery::sources {

class Prober {
 public:
  static constexpr std::size_t kMaxProbes = 512;
  using Done = std::function<void(ProbeReply)>;

  Prober(base::net::EventLoop& loop, ImportRule rule, Done done)
      : loop_(loop), rule_(std::move(rule)), done_(std::move(done)), scope_(loop) {}

  void probe(ProbeRequest request);
  void use(ImportRule rule) { rule_ = std::move(rule); }

 private:
  struct Round {
    ProbeReply reply;
    std::size_t waiting = 0;
  };
  base::net::Task<void> connect(std::shared_ptr<Round> round, base::SocketAddress target,
                                base::TimePoint deadline);
  void finish(Round& round);

  base::net::EventLoop& loop_;
  ImportRule rule_;
  const Done done_;
  std::size_t under_way_ = 0;
  base::net::Scope scope_;
};

}  // namespace discovery::sources
