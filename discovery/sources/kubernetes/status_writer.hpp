// Writes what became of our custom resources into their status, when it changes.
//
// What is wanted is compared with what the object says; a difference is written when the wanted
// state changed, not because somebody else wrote another one. So several agents of a cluster may do
// this without asking each other: each waits for a while by chance, mostly finds the same state
// written, and where they differ each writes once a change and not in turn for ever.
// Bounds: a request at a time, kPace between two, kRest between two of one object. A server that
// forbids it is asked again after kForbidden; what cannot be written serves all the same. Time is
// an argument. Who may not write one kind may write the others. A patch says which version of the
// object it is for, so that a judgement of an older one is refused; an object that was made anew
// under its name is written as a new one. Thread: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

// By the object's place (place_of()): the state that its status is to have.
using States = std::map<std::string, StatedState>;

class StatusWriter {
 public:
  static constexpr base::Duration kSettle = std::chrono::seconds(1);
  static constexpr base::Duration kSpread = std::chrono::seconds(3);
  static constexpr base::Duration kPace = std::chrono::milliseconds(50);
  static constexpr base::Duration kRest = std::chrono::seconds(10);
  static constexpr base::Duration kForbidden = std::chrono::minutes(5);
  static constexpr base::Duration kFirstDelay = std::chrono::seconds(1);
  static constexpr base::Duration kMaxDelay = std::chrono::seconds(60);
  static constexpr base::Duration kPatience = std::chrono::seconds(20);

  // An object as it was heard of last, and the path of its status.
  struct Target {
    std::string path;
    std::string version = {};  // resourceVersion
    const CustomObject* object = nullptr;
  };
  using Find = std::function<std::optional<Target>(const std::string& place)>;

  explicit StatusWriter(base::Random random) : random_(random) {}

  void want(base::TimePoint now, std::shared_ptr<const States> states, const Find& find);
  std::optional<Request> next(base::TimePoint now, const Find& find);
  base::TimePoint deadline() const;
  void ended(base::TimePoint now, const Ending& ending);

  struct Status {
    std::uint64_t written = 0, failures = 0;
    std::size_t waiting = 0;
    std::string trouble;  // of a kind that cannot be written; "" = it is well
  };
  Status status() const;

 private:
  void put_off(const std::string& place, base::TimePoint until);
  void pause(const std::string& kind, base::TimePoint until);
  void settled(const std::string& place);

  base::Random random_;
  std::shared_ptr<const States> wanted_ = std::make_shared<States>();
  std::map<std::string, base::TimePoint> due_;
  std::set<std::pair<base::TimePoint, std::string>> order_;  // of due_
  struct Written {
    StatedState state;
    base::TimePoint at{};
  };
  std::map<std::string, Written> written_;
  struct Trouble {
    std::string place, reason;
  };
  std::map<std::string, Trouble> troubles_;        // by kind: what was tried last
  std::map<std::string, base::TimePoint> paused_;  // kinds, until then
  std::map<std::string, std::string> uids_;        // by place: whose state was wanted last
  std::set<std::string> not_found_;                // once; it may have gone
  std::string under_way_;                          // place; "" = none
  base::TimePoint not_before_{};
  unsigned failures_ = 0;  // in a row
  Status status_;
};

}  // namespace discovery::sources::kubernetes
