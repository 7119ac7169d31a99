// What services say of themselves, each for as long as its lease lasts (`nearmost register`).
//
// A registration is one service in the short form with the endpoints of whoever registers. Several
// of one service make one service: but for its endpoints all must say the same of it. Saying a
// registration again renews its lease. Invariant: services() is what has not ended; it is the same
// objects as long as nothing but leases changed. Limits: kMost registrations, kMostEndpoints in
// each, kMostText. Errors: Code::invalid, with a remedy, for what cannot be registered;
// Code::exhausted beyond kMost. Thread: one at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/saved_state.hpp"
#include "resources/service.hpp"
#include "resources/shared_list.hpp"

namespace discovery::sources {

// On an endpoint that registered itself: "registration".
inline constexpr const char* kSourceLabel = "nearmost.io/source";

class Registrations {
 public:
  static constexpr std::size_t kMost = kMaxRegistrations, kMostEndpoints = 64;
  static constexpr std::size_t kMostText = 16 * 1024;  // bytes
  static constexpr base::Duration kShortest = std::chrono::seconds(3);
  static constexpr base::Duration kLongest = std::chrono::hours(24);

  struct Entry {
    std::string service;    // "shop/web"
    std::string endpoints;  // "10.0.0.1 10.0.0.2:81"
    base::Duration lease{}, rest{};
  };

  // Of the text of one document, or what is wrong with it.
  static base::Result<resources::StaticService> read(const std::string& text);

  // True: services() or saved() are others than before.
  base::Result<bool> put(base::TimePoint now, const std::string& text, base::Duration lease);
  // The same text as was put, or one of the same service and endpoints. False: there is none.
  base::Result<bool> remove(const std::string& text);
  bool tick(base::TimePoint now);      // some have ended
  void forgive(base::Duration stall);  // time in which nobody could have renewed anything
  base::TimePoint deadline() const;

  const resources::SharedList<resources::StaticService>& services() const { return services_; }
  std::vector<SavedRegistration> saved() const;
  std::vector<Entry> entries(base::TimePoint now) const;

 private:
  using Service = std::pair<std::string, std::string>;  // namespace, name
  using Key = std::pair<Service, std::string>;          // and its endpoints
  struct Held {
    resources::StaticService service;
    SavedRegistration saved;
    base::TimePoint until{};
  };
  static Key key_of(const resources::StaticService& service);
  const Held* other_of(const Key& key) const;
  void merge();

  std::map<Key, Held> held_;
  resources::SharedList<resources::StaticService> services_;
};

}  // namespace discovery::sources
