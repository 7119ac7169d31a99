// This agent's own origin: what its local sources say, as rows with versions that only this agent
// gives.
//
// A source states what it wants; the difference to what it said before becomes changes. Where two
// sources claim one key, the first by name has it. An incarnation is a life: a counter above every
// life that this agent remembers or hears of, and below it some bits of chance, so that two lives
// that could not know of each other still differ. Invariants: a (incarnation, version) is never
// used twice; nothing is published before the sources are ready. Thread: control only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "discovery/origin_state.hpp"
#include "discovery/row.hpp"

namespace discovery {

// Lives that cannot hear of each other differ by chance: 16 bits were not enough for 10,000 seeds.
inline constexpr unsigned kChanceBits = 32;
// The least incarnation of the life after that of `incarnation`, whatever chance adds to it.
constexpr std::uint64_t next_life(std::uint64_t incarnation) {
  return ((incarnation >> kChanceBits) + 1) << kChanceBits;
}

class LocalOrigin {
 public:
  LocalOrigin(std::uint64_t last_incarnation, base::Random random, std::size_t max_changes);

  OriginState& state() { return state_; }
  const OriginState& state() const { return state_; }
  // {0, 0} until published: who has read nothing says nothing.
  Stamp published() const { return ready_ ? state_.stamp() : Stamp{}; }
  bool ready() const { return ready_; }
  std::size_t size() const { return state_.size(); }
  void set_ready();

  struct Replaced {
    std::size_t changed = 0;
    std::vector<std::string> refused;  // keys, with the limit they break
  };
  Replaced replace(std::string_view source, std::vector<EncodedRow> rows);

  // Somebody knows `claimed` of us. What we did not say in this life was said in another: begin one
  // above it. True when that happened.
  bool refute(Stamp claimed);

 private:
  using Desired = std::map<base::Bytes, base::Bytes, std::less<>>;
  const base::Bytes* effective(std::string_view key) const;
  // What brings the row to what the sources want; versions are counted on from `version`.
  struct Batch {
    std::vector<Row> changes;
    std::size_t rows = 0, bytes = 0;  // of the state with them
  };
  enum class Settled { same, changed, full };
  Settled settle(const base::Bytes& key, Batch& batch) const;
  std::uint64_t above(std::uint64_t incarnation);

  base::Random random_;
  OriginState state_;
  std::map<std::string, Desired, std::less<>> sources_;
  bool ready_ = false;
};

}  // namespace discovery
