// Carries out drains (discovery/draining.hpp) on the io thread's clock.
//
// Errors: those of Draining. Thread: the loop's; resume() before it runs. Ownership: the loop
// outlives it.
#pragma once

#include <functional>
#include <vector>

#include "agent/alarm.hpp"
#include "base/random.hpp"
#include "discovery/draining.hpp"

namespace agent {

class Drainer {
 public:
  // What is left of what, and what is to outlive this process, whenever one of them is another.
  using Changed = std::function<void(discovery::DrainStates, std::vector<discovery::DrainOrder>)>;
  Drainer(base::net::EventLoop& loop, base::Random random, Changed changed)
      : loop_(loop),
        random_(random),
        changed_(std::move(changed)),
        alarm_(
            loop, [this] { return draining_.deadline(); }, [this] { look(); }) {}

  void resume(const std::vector<discovery::DrainOrder>& orders);
  base::Result<void> drain(const discovery::view::DrainTarget& target, base::Duration over);
  bool undrain(const discovery::view::DrainTarget& target, base::Duration over);
  void adopt(const discovery::DrainStates& theirs);  // what another agent of the cluster says
  std::vector<discovery::Draining::Status> status() const { return draining_.status(loop_.now()); }

 private:
  void look();

  std::uint32_t draw() { return static_cast<std::uint32_t>(random_.next()); }

  base::net::EventLoop& loop_;
  base::Random random_;
  const Changed changed_;
  discovery::Draining draining_;
  Alarm alarm_;
};

}  // namespace agent
