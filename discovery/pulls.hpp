// What this agent lacks and whom it asked for it: one entry per origin that somebody is known to
// have newer than we do.
//
// Direct delivery comes first: an origin that we have a link to brings its changes by itself, so we
// wait an interval before asking somebody else; what no link will bring is asked for at once
// (gossip.md §4.4). Invariant: at most one question per origin is open. Thread: control only.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "discovery/catalog.hpp"

namespace discovery {

inline constexpr base::Duration kPullPatience = std::chrono::seconds(2);  // doubles with each try
inline constexpr unsigned kMaxPullDoublings = 3;  // who withholds holds nobody up for long

class Pulls {
 public:
  // Somebody shows `target`, newer than what we have. `wait` for direct delivery before asking.
  void behind(base::TimePoint now, const OriginId& origin, Stamp target, base::Duration wait);
  // A delta from `from` starts after what we have: ask there, and now.
  void gap(base::TimePoint now, const OriginId& origin, Stamp target, LinkId from);
  // What we have cannot be mended by changes: ask for the whole, and now.
  void broken(base::TimePoint now, const OriginId& origin, Stamp target, LinkId from);
  // What we have is not proven, and `from` shows the same, proven.
  void unproven(base::TimePoint now, const OriginId& origin, Stamp have, LinkId from);
  void reached(const OriginId& origin, Stamp stamp);
  void refused(const OriginId& origin);  // the answer; in time another is asked
  // An answer has ended and leads nowhere: soon it is asked for again, however often it was before.
  void in_vain(base::TimePoint now, const OriginId& origin);
  void progress(base::TimePoint now, const OriginId& origin);  // a part has arrived
  void link_lost(base::TimePoint now, LinkId link);
  // Its bulk stream has ended, and what was asked for there was on it, or comes on the link yet.
  void stream_lost(base::TimePoint now, LinkId link);
  void hurry(base::TimePoint now, const OriginId& origin);  // nobody will bring it by himself
  void erase(const OriginId& origin) { wants_.erase(origin); }

  struct Due {
    OriginId origin;
    Stamp target;
    unsigned attempt = 0;  // grows, so that another link is asked each time
    bool whole = false;
    std::optional<LinkId> only;  // ask this one
  };
  // Those to ask for now; the caller says whom it asked, or nobody when no link has it.
  std::vector<Due> due(base::TimePoint now) const;
  void asked(base::TimePoint now, const OriginId& origin, LinkId link);
  void nobody(const OriginId& origin) { wants_.erase(origin); }

  std::optional<LinkId> asked_of(const OriginId& origin) const;
  bool empty() const { return wants_.empty(); }
  base::TimePoint deadline() const;

 private:
  struct Want {
    Stamp target;
    base::TimePoint ask_at;
    std::optional<LinkId> asked, only;
    unsigned attempts = 0;
    bool whole = false;
  };
  static base::Duration patience(const Want& want);
  std::map<OriginId, Want> wants_;
};

}  // namespace discovery
