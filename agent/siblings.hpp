// What the other agents of this cluster say, as it comes with their rows: this agent carries out
// what they were ordered to do, and knows who registered with them.
//
// Heard is who has spoken in this life: what only a disk tells of them this agent's own disk tells
// as well, and later. Cost: a comparison for each sibling and publication. Thread: control only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "discovery/publication.hpp"

namespace agent {

struct SiblingWord {
  discovery::OriginId id;
  discovery::Stamp stamp;
  std::optional<base::TimePoint> silent_since;  // its last word; nothing: it speaks
  discovery::Rows rows;
};

class Siblings {
 public:
  using Said = std::function<void(SiblingWord)>;

  // `said`: one of them says something else, falls silent or speaks again.
  Siblings(std::string cluster, Said said) : cluster_(std::move(cluster)), said_(std::move(said)) {}

  void look(const discovery::Publication& publication);

 private:
  struct Seen {
    discovery::Stamp stamp;
    bool speaks = false;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  const std::string cluster_;
  const Said said_;
  std::map<discovery::OriginId, Seen> seen_;
};

}  // namespace agent
