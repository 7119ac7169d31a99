// Holds registrations (discovery/sources/registrations.hpp) by the io thread's clock.
//
// Errors: those of Registrations. Thread: the loop's; resume() before it runs. Ownership: the loop
// outlives it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/alarm.hpp"
#include "discovery/sources/registrations.hpp"

namespace agent {

class Registrar {
 public:
  // What is registered, and what is to outlive this process, whenever it is something else.
  using Services = resources::SharedList<resources::StaticService>;
  using Changed = std::function<void(const Services&, std::vector<discovery::SavedRegistration>)>;
  Registrar(base::net::EventLoop& loop, Changed changed)
      : loop_(loop),
        changed_(std::move(changed)),
        alarm_(
            loop, [this] { return held_.deadline(); }, [this] { look(); },
            [this](base::Duration stall) { held_.forgive(stall); }) {}

  // Each lease begins again. Those that this version does not take are told.
  std::vector<base::Error> resume(const std::vector<discovery::SavedRegistration>& saved);
  base::Result<void> put(const std::string& text, base::Duration lease);
  base::Result<bool> remove(const std::string& text);  // false: it was not registered
  std::vector<discovery::sources::Registrations::Entry> entries() const {
    return held_.entries(loop_.now());
  }

 private:
  void look();
  void tell() { changed_(held_.services(), held_.saved()); }

  base::net::EventLoop& loop_;
  const Changed changed_;
  discovery::sources::Registrations held_;
  Alarm alarm_;
};

}  // namespace agent
