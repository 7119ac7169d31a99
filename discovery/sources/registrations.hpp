// What services say of themselves, each for as long as its lease lasts (`nearmost register`).
//
// A registration is one service in the short form with the endpoints of whoever registers. Several
// of one service make one service: but for its endpoints all must say the same of it. Saying a
// registration again renews its lease.
//
// Of several agents of a cluster any one may be told, and all know it. Each tells the others in
// records() what is renewed at itself, and knows theirs for as long as they say so and speak: a
// lease that is renewed elsewhere needs no word of its own. Of an agent that falls silent, or
// begins anew without them, what was registered there goes on here for a lease from its last word.
// Of two texts of one registration, or a text and its end, the one with the higher order counts
// everywhere. An end is remembered for two leases and kGoneLonger: longer than anybody who was away
// may still know what has ended.
//
// Invariants: services() is what has not ended; it is the same objects as long as nothing but
// leases changed; of agents that have heard each other's records() it is the same. Limits: kMost
// registrations, and ends, kMostEndpoints in each, kMostText. Errors: Code::invalid, with a remedy,
// for what cannot be registered; Code::exhausted beyond kMost. Thread: one at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/registration_row.hpp"
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
  static constexpr base::Duration kGoneLonger = std::chrono::minutes(2);

  struct Entry {
    std::string service;    // "shop/web"
    std::string endpoints;  // "10.0.0.1 10.0.0.2:81"
    base::Duration lease{}, rest{};
    bool elsewhere = false;  // it is renewed at another agent: no rest is known
  };
  // What another agent of the cluster says.
  struct Heard {
    OriginId from;
    std::uint64_t life = 0;
    std::optional<base::TimePoint> silent_since;  // nothing: it speaks
    std::vector<RegistrationRow> records;
  };

  // Of the text of one document, or what is wrong with it.
  static base::Result<resources::StaticService> read(const std::string& text);

  // True: services(), saved() or records() are others than before. `chance`: drawn for this call.
  base::Result<bool> put(base::TimePoint now, const std::string& text, base::Duration lease,
                         std::uint32_t chance = 0);
  base::Result<bool> resume(base::TimePoint now, const SavedRegistration& saved,
                            std::uint32_t chance = 0);
  // The same text as was put, or one of the same service and endpoints. False: there is none.
  base::Result<bool> remove(base::TimePoint now, const std::string& text, std::uint32_t chance = 0);
  bool hear(base::TimePoint now, const Heard& heard);
  bool tick(base::TimePoint now);      // some have ended
  void forgive(base::Duration stall);  // time in which nobody could have renewed anything
  base::TimePoint deadline() const;

  const resources::SharedList<resources::StaticService>& services() const { return services_; }
  // What others are to know: of services that `may_be_told` and are renewed here, and ends.
  std::vector<RegistrationRow> records(
      const std::function<bool(const resources::Metadata&)>& may_be_told) const;
  std::vector<SavedRegistration> saved() const;  // what is renewed here
  std::vector<Entry> entries(base::TimePoint now) const;

 private:
  using Service = std::pair<std::string, std::string>;  // namespace, name
  using Key = std::pair<Service, std::string>;          // and its endpoints
  // Taken back.
  struct Gone {
    OrderNumber order;
    base::Duration lease{};
    base::TimePoint until{};
    resources::Metadata service{};  // of one that was taken back here: others are told
    bool here = false;
  };
  struct Held {
    resources::StaticService service;
    SavedRegistration saved;
    std::string id;
    OrderNumber order;
    std::optional<base::TimePoint> until{};           // as renewed here
    std::map<OriginId, RegistrationRow> elsewhere{};  // as who speaks says
    std::optional<Gone> ended_before{};               // here: said again when this is over
  };
  struct Sibling {
    std::uint64_t life = 0;
    std::set<Key> says;
  };
  static Key key_of(const resources::StaticService& service);
  static std::string id_of(const Key& key);
  Held* find(const std::string& id);
  const Held* leader_beside(const Key& key) const;
  std::string objection(const Key& key, const resources::StaticService& service) const;
  OrderNumber next_order(std::uint32_t chance);
  base::Result<bool> renew(base::TimePoint now, const Key& key, base::Duration lease,
                           std::uint32_t chance);
  const Key* take(const OriginId& from, const RegistrationRow& record);
  void choose(Held& held);
  void take_end(base::TimePoint now, const RegistrationRow& record);
  void end(const std::string& id, Gone gone);
  Held& add(const Key& key);
  void erase(std::map<Key, Held>::iterator at);
  bool settle(base::TimePoint now);
  void merge();

  std::map<Key, Held> held_;
  std::map<std::string, Key> keys_;   // of those that are held, by id
  std::map<std::string, Gone> gone_;  // by id
  std::map<OriginId, Sibling> siblings_;
  std::uint64_t last_order_ = 1;                         // 1 is for what a disk has kept
  bool other_services_ = false, other_records_ = false;  // since settle() was called last
  resources::SharedList<resources::StaticService> services_;
};

}  // namespace discovery::sources
