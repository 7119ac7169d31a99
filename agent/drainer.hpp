// Carries out drains (discovery/draining.hpp) on the io thread's clock.
//
// Errors: those of Draining. Thread: the loop's; resume() before it runs. Ownership: the loop
// outlives it.
#pragma once

#include <functional>
#include <vector>

#include "agent/alarm.hpp"
#include "discovery/draining.hpp"

namespace agent {

class Drainer {
 public:
  // What is left of what, and what is to outlive this process, whenever one of them is another.
  using Changed = std::function<void(discovery::view::Drains, std::vector<discovery::DrainOrder>)>;
  Drainer(base::net::EventLoop& loop, Changed changed)
      : loop_(loop),
        changed_(std::move(changed)),
        alarm_(
            loop, [this] { return draining_.deadline(); }, [this] { look(); }) {}

  void resume(const std::vector<discovery::DrainOrder>& orders);
  base::Result<void> drain(const discovery::view::DrainTarget& target, base::Duration over);
  bool undrain(const discovery::view::DrainTarget& target, base::Duration over);
  std::vector<discovery::Draining::Status> status() const { return draining_.status(loop_.now()); }

 private:
  void look();

  base::net::EventLoop& loop_;
  const Changed changed_;
  discovery::Draining draining_;
  Alarm alarm_;
};

}  // namespace agent
