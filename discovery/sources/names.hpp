// Where the names lead that documents give instead of addresses, and when to look again.
//
// Each name is looked up for IPv4 and for IPv6 by itself, so that servers which fail to tell the
// one take nothing of the other: again when its records end, but never before kLeast nor after
// kMost. What servers fail to tell says nothing of where a name leads: the addresses known stay.
// What they deny is believed when they have denied it for kDoubted. Addresses that
// no endpoint can have are left out, and so are those that peers could not give us either
// (import_rule.hpp): a zone's owner may be anybody. Time is an argument. Limits: kMaxNames,
// kMaxAddresses of a name; more are left out, and said. Thread: one at a time.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "discovery/import_rule.hpp"
#include "discovery/sources/look_up.hpp"
#include "discovery/sources/resolver.hpp"
#include "discovery/sources/rows.hpp"

namespace discovery::sources {

// Sorted, each once; those of SRV records too (srv_names.hpp).
std::vector<std::string> names_in(const resources::Documents& documents);

class Names {
 public:
  static constexpr base::Duration kLeast = LookUp::kLeast;
  static constexpr base::Duration kMost = LookUp::kMost;
  static constexpr base::Duration kDoubted = LookUp::kDoubted;
  static constexpr std::size_t kMaxNames = 1000;
  static constexpr std::size_t kMaxAddresses = 64;
  static constexpr std::size_t kMaxAtOnce = Resolver::kMaxAtOnce;

  using Family = Resolver::Family;
  struct Question {
    std::string name;
    Family family;
  };
  struct Status {
    std::string name;
    std::vector<base::IpAddress> addresses;
    std::string trouble;         // "" = none
    base::Duration since{};      // how long it lasts
    std::vector<LedTo> to = {};  // of an SRV name
  };

  explicit Names(ImportRule rule = {}) : rule_(std::move(rule)) {}
  void use(ImportRule rule) { rule_ = std::move(rule); }

  // From now on these: sorted, each once. What is left of those before stays known.
  void want(const std::vector<std::string>& names, base::TimePoint now);
  // What to ask now; each is answered(), once.
  std::vector<Question> due(base::TimePoint now);
  void answered(const Question& question, const base::Result<Resolver::Found>& answer,
                base::TimePoint now);

  // What is not here is not known yet.
  NamedAddresses addresses() const;
  std::vector<Status> status(base::TimePoint now) const;
  std::size_t left_out() const { return left_out_; }  // names beyond kMaxNames

 private:
  // What is known of a name in one family.
  struct Half : LookUp {
    std::vector<base::IpAddress> addresses;
  };
  using Halves = std::array<Half, 2>;  // IPv4, IPv6
  static std::vector<base::IpAddress> addresses_of(const Halves& halves);
  void take(Half& half, const std::string& name, const Resolver::Found& found, base::TimePoint now);
  static void fail(Half& half, const base::Error& error, base::TimePoint now);

  ImportRule rule_;
  std::map<std::string, Halves, std::less<>> names_;
  std::size_t asking_ = 0, left_out_ = 0;
};

}  // namespace discovery::sources
