// Where the SRV names lead that documents give instead of addresses (RFC 2782): to targets, whose
// addresses another Names looks up.
//
// As there, what servers fail to tell takes nothing away, and what they deny is believed after
// Names::kDoubted; that the only target is "." is a denial. New targets take the place of those
// before once each is known, or kSettle after they came, and never while none of them has an
// address though its servers fail: those before serve on. Of a target that two records name with
// one port the first counts. Records that nobody could be reached by are left out, and said. Time
// is an argument. Limits: kMaxNames, kMaxTargets of a name; more are left out, and said. Thread:
// one at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "discovery/sources/look_up.hpp"
#include "discovery/sources/resolver.hpp"
#include "discovery/sources/rows.hpp"

namespace discovery::sources {

class SrvNames {
 public:
  static constexpr std::size_t kMaxNames = 200;
  static constexpr std::size_t kMaxTargets = 64;
  static constexpr std::size_t kMaxAtOnce = 16;
  static constexpr base::Duration kSettle = std::chrono::seconds(5);

  using Records = std::vector<Resolver::Srv>;
  struct Status {
    std::string name;
    std::vector<std::string> targets;  // in use and to come
    std::string trouble;               // "" = none
    base::Duration since{};            // how long it lasts
    bool has(std::string_view target) const;
  };

  // From now on these: sorted, each once. What is left of those before stays known.
  void want(const std::vector<std::string>& names, base::TimePoint now);
  // What to ask now; each is answered(), once.
  std::vector<std::string> due(base::TimePoint now);
  void answered(const std::string& name, const base::Result<Resolver::FoundSrv>& answer,
                base::TimePoint now);

  // Of those in use and those to come: sorted, each once.
  std::vector<std::string> targets() const;
  // Takes new targets into use, by what is known of them now.
  void settle(const NamedAddresses& targets, base::TimePoint now);
  // What is not here is not known yet.
  NamedAddresses addresses(const NamedAddresses& targets) const;
  std::vector<Status> status(base::TimePoint now) const;
  std::size_t left_out() const { return left_out_; }  // names beyond kMaxNames

 private:
  struct Known : LookUp {
    Records records;                      // in use
    std::optional<Records> next_records;  // to be used once they are known
    base::TimePoint next_since{};
  };
  static std::vector<std::string> targets_of(const Known& known);
  static Records usable(const std::string& name, Records found, std::string& objection);

  std::map<std::string, Known, std::less<>> names_;
  std::size_t asking_ = 0, left_out_ = 0;
};

}  // namespace discovery::sources
