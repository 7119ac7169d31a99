// Takes registrations from other hosts (discovery/rpc/registry.hpp) to the io thread's registrar
// and its answers back.
//
// Every order is answered once, also while this ends. Limit: kMaxUnderWay orders; what is beyond is
// refused at once. Thread: take() and stop() any, stop() when the loop has ended; ownership: loop,
// registrar and links outlive it.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "agent/registrar.hpp"
#include "base/net/event_loop.hpp"
#include "discovery/rpc/registry.hpp"

namespace agent {

class RemoteRegistrations {
 public:
  static constexpr std::size_t kMaxUnderWay = 256;
  using Order = discovery::rpc::RegistrationOrder;
  using Done = discovery::rpc::Registry::Done;

  // `registrar` may be made later, before the loop runs.
  RemoteRegistrations(base::net::EventLoop& loop, const std::unique_ptr<Registrar>& registrar)
      : loop_(loop), registrar_(registrar) {}

  void take(Order order, Done done);
  // Answers what is under way, and all that comes, with an error.
  void stop();

 private:
  base::Result<void> carry_out(const Order& order);
  void answer(std::uint64_t id, const base::Result<void>& result);

  base::net::EventLoop& loop_;
  const std::unique_ptr<Registrar>& registrar_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Done> under_way_;
};

}  // namespace agent
