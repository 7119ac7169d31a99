// Which agent of a cluster is believed, where several serve it: of each cluster exactly one
// origin's rows are taken.
//
// Sticky: another is taken only when the taken one is no longer current (fresh, all of it here, its
// source read and not stuck) and the other is better; so a fault moves the choice once, and nothing
// moves it back. Better is who is current, and was before this moment; then whose rows are the
// younger truth, be its agent silent or its source stuck; an agent that says nothing of any service
// comes behind all whose endpoints may live (unknown is never empty). Our own rows are taken
// whenever they are current. Ties: the lowest replica. Thread: control only. Deterministic.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "discovery/node.hpp"

namespace discovery {

// Rows must be younger by this to be better for it: silence of several is not noticed at once.
inline constexpr base::Duration kYoungerBy = std::chrono::seconds(3);
// So long nothing may come of what is known to be; as long it is not sure of one that was silent.
inline constexpr base::Duration kBehindAfter = std::chrono::seconds(5);
// A replica that is silent for so long is dropped where another of its cluster is current.
inline constexpr base::Duration kGoneAfter = std::chrono::seconds(60);

// One of the agents of a cluster whose rows we hold.
struct Replica {
  std::uint32_t number = 0;
  Member::State state = Member::State::fresh;
  bool local = false;
  bool read = true;     // false: its source has not been read yet in this life (our own only)
  bool behind = false;  // newer of it is known to be, and nothing comes
  // Was silent until a moment ago: nobody has shown yet whether its rows are as old as that.
  bool returned = false;
  bool stuck = false;   // says that its source cannot be read
  bool serves = false;  // says something of a service
  // Its rows are what its source said at this time, where that is over; min(): nobody knows.
  base::TimePoint known_until = base::TimePoint::max();
};

class ReplicaChoice {
 public:
  struct Taken {
    std::uint32_t number = 0;
    bool current = false;
    std::string why;
  };

  // `replicas`: those whose rows are held, by number. True when another is taken than before.
  bool choose(const std::string& cluster, const std::vector<Replica>& replicas);
  // There is nothing to choose: one agent is left of it, which stays taken when another comes …
  void alone(const std::string& cluster, std::uint32_t number);
  // … or none.
  void clear(const std::string& cluster);

  // Nothing where there is no choice.
  const Taken* find(const std::string& cluster) const;
  bool is_taken(const OriginId& origin) const;
  // Another of its cluster is taken and current: this one is not missed.
  bool covers(const OriginId& origin) const;

 private:
  std::map<std::string, Taken> taken_;          // of clusters with several
  std::map<std::string, std::uint32_t> alone_;  // of the others
};

}  // namespace discovery
