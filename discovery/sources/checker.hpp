// Asks endpoints of documents whether they answer (health_checks.hpp): by a TCP connect on which
// nothing is sent, or by HTTP or gRPC where the document says so (http_checker.hpp).
//
// Errors: none; who could not be asked for want of descriptors here is asked again, and nothing is
// thought of it. Thread: the loop's. Ownership: the loop outlives it.
#pragma once

#include <functional>

#include "base/net/event_loop.hpp"
#include "base/net/task.hpp"
#include "discovery/sources/health_checks.hpp"
#include "discovery/sources/http_checker.hpp"

namespace discovery::sources {

class Checker {
 public:
  // Calls `changed` when each was asked once, and whenever others are failing than before.
  using Changed = std::function<void(Failing)>;
  Checker(base::net::EventLoop& loop, base::Random random, Changed changed)
      : loop_(loop), changed_(std::move(changed)), checks_(random), scope_(loop) {}

  void want(CheckTargets targets);
  const HealthChecks& checks() const { return checks_; }
  std::string trouble() const { return http_.trouble(); }  // "": nothing hinders it

 private:
  static constexpr base::Duration kLooksEvery = std::chrono::milliseconds(50);

  base::net::Task<void> look_again();
  void ask(HealthChecks::Question question);
  base::net::Task<void> connect(HealthChecks::Question question);
  void tell();

  base::net::EventLoop& loop_;
  const Changed changed_;
  HealthChecks checks_;
  Failing told_;
  bool looks_ = false, has_told_ = false;
  base::net::Scope scope_;
  HttpChecker http_;
};

}  // namespace discovery::sources
