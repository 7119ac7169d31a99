// This agent's own origin: what its local sources say, as rows with versions that only this agent
// gives.
//
// A source states what it wants; the difference to what it said before becomes changes, but for
// what a relist has lost (relist_hold.hpp). Where two sources claim one key, the first by name has
// it; what is only held gives way to what is listed. An incarnation is a life: a counter above
// every life that this agent remembers or hears of, and below it some bits of chance, so that two
// lives that could not know of each other still differ. Invariants: a (incarnation, version) is
// never used twice; nothing is published before the sources are ready. Thread: control only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "discovery/listed_rows.hpp"
#include "discovery/origin_state.hpp"
#include "discovery/relist_hold.hpp"
#include "discovery/row.hpp"

namespace discovery {

// Lives that cannot hear of each other differ by chance: 16 bits were not enough for 10,000 seeds.
inline constexpr unsigned kChanceBits = 32;
// The least incarnation of the life after that of `incarnation`, whatever chance adds to it.
constexpr std::uint64_t next_life(std::uint64_t incarnation) {
  return ((incarnation >> kChanceBits) + 1) << kChanceBits;
}

// The rounds of probes of held endpoints are told from those of silent origins by this bit.
inline constexpr std::uint64_t kHeldRound = std::uint64_t{1} << 63;

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
    std::size_t held = 0;              // endpoints, anew
    bool hold_ended = false;           // all that was held is listed again
  };
  Replaced replace(base::TimePoint now, const NodeConfig& config, std::string_view source,
                   std::vector<EncodedRow> rows, Listing listing);
  // replace() by what it would change (Listing::change). Cost: the changes.
  Replaced change(std::string_view source, RowChanges changes);

  // Ends what is over and knocks at what is still held. Those of which nothing is held any more are
  // named.
  struct Tended {
    std::size_t changed = 0;
    std::vector<std::string> ended;
    std::vector<ProbeRequest> probes;
  };
  Tended tend(base::TimePoint now, const NodeConfig& config);
  Tended release(std::string_view source);      // "" = every one
  std::size_t probed(const ProbeReply& reply);  // how many rows changed
  std::vector<Hold> holds(base::TimePoint now) const;
  bool holds(std::string_view source) const;
  base::TimePoint deadline() const;
  void forgive(base::Duration stall);

  // Somebody knows `claimed` of us. What we did not say in this life was said in another: begin one
  // above it. True when that happened.
  bool refute(Stamp claimed);

 private:
  struct Source {
    ListedRows listed;
    RelistHold hold;
    std::set<base::Bytes> waiting;  // listed, and more than the origin may have
  };
  Source& source(std::string_view name);
  // What is to be published of a key. Both null: nothing is; no value: what is published already.
  struct Wanted {
    ListedRows* from = nullptr;  // null: it is held
    const base::Bytes* value = nullptr;
  };
  Wanted wanted(const ListedRows::Key& key);
  // `wanted` is published as soon as the batch is written, in place of `before`.
  void take_place(const ListedRows::Key& key, const Wanted& wanted, std::string_view before);
  // What brings the row to what the sources want; versions are counted on from `version`.
  struct Batch {
    std::vector<Row> changes;
    std::size_t rows = 0, bytes = 0;  // of the state with them
  };
  enum class Settled { same, changed, full };
  Settled settle(const base::Bytes& key, Batch& batch);
  std::size_t settle(const std::vector<base::Bytes>& keys);
  // Brings the state to what is listed now: first those that are gone, then these.
  void settle(Source& source, const std::vector<base::Bytes>& gone,
              const std::vector<base::Bytes>& listed, Replaced& result);
  std::uint64_t above(std::uint64_t incarnation);

  base::Random random_;
  OriginState state_;
  std::map<std::string, Source, std::less<>> sources_;
  std::uint64_t rounds_ = 0;  // of knocks
  bool ready_ = false;
};

}  // namespace discovery
