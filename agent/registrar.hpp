// Holds registrations (discovery/sources/registrations.hpp) by the io thread's clock.
//
// Errors: those of Registrations. Thread: the loop's; resume() before it runs. Ownership: the loop
// outlives it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/alarm.hpp"
#include "agent/siblings.hpp"
#include "base/random.hpp"
#include "discovery/sources/registrations.hpp"

namespace agent {

class Registrar {
 public:
  // What is registered, and what is to outlive this process, whenever it is something else; then
  // records() may be, too.
  using Services = resources::SharedList<resources::StaticService>;
  using Changed = std::function<void(const Services&, std::vector<discovery::SavedRegistration>)>;
  Registrar(base::net::EventLoop& loop, base::Random random, Changed changed)
      : loop_(loop),
        random_(random),
        changed_(std::move(changed)),
        alarm_(
            loop, [this] { return held_.deadline(); }, [this] { look(); },
            [this](base::Duration stall) { held_.forgive(stall); }) {}

  // Each lease begins again. Those that this version does not take are told.
  std::vector<base::Error> resume(const std::vector<discovery::SavedRegistration>& saved);
  base::Result<void> put(const std::string& text, base::Duration lease);
  base::Result<void> remove(const std::string& text);  // not_found: it was not registered
  void hear(const SiblingWord& word);
  // What the other agents of the cluster are to know: of services that `may_be_told`.
  std::vector<discovery::RegistrationRow> records(
      const std::function<bool(const resources::Metadata&)>& may_be_told) const {
    return held_.records(may_be_told);
  }
  std::vector<discovery::sources::Registrations::Entry> entries() const {
    return held_.entries(loop_.now());
  }

 private:
  // What one of the others said last.
  struct Heard {
    SiblingWord word;
    std::map<std::string, discovery::RegistrationRow> records;  // in its rows, by key
  };
  void look();
  bool take(const Heard& heard);
  std::uint32_t draw() { return static_cast<std::uint32_t>(random_.next()); }
  void tell() { changed_(held_.services(), held_.saved()); }

  base::net::EventLoop& loop_;
  base::Random random_;
  const Changed changed_;
  discovery::sources::Registrations held_;
  std::map<discovery::OriginId, Heard> heard_;
  Alarm alarm_;
};

}  // namespace agent
