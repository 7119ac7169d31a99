// Who else there is, and how each of them ages: the origins heard of, their silence, their probes,
// their epitaphs.
//
// Two things keep this agent from blaming others for its own troubles: time in which it was stalled
// itself is not counted as silence, and while most clusters fall silent together and nobody that is
// still heard confirms it, this agent is taken to be the one cut off and nothing is demoted (DESIGN
// §4). Thread: control only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "discovery/ageing.hpp"
#include "discovery/catalog.hpp"
#include "discovery/probing.hpp"
#include "discovery/replica_choice.hpp"

namespace discovery {

inline constexpr std::size_t kIsolationClusters = 5;  // with fewer, silence proves nothing
inline constexpr std::size_t kMaxEpitaphs = 4'096;
inline constexpr std::string_view kViaDisk = "(disk)";  // no cluster is called like this

struct Remote {
  Ageing ageing;
  Probing probing{};
  // Who brought the newest word; the origin itself when it came over its own link; kViaDisk before
  // any.
  std::string via{};
  base::TimePoint confirmed_at{};  // somebody else called it silent
  std::uint64_t news = 0;          // when there was last news of it: rows for the first time, or a
                                   // word from the dead
  base::TimePoint came_at{};       // the newest word, to us, however old; less our own stalls
};

class Membership {
 public:
  Membership(const NodeConfig& config, Catalog& catalog, base::Random random)
      : config_(&config), catalog_(&catalog), random_(random) {}

  // A beacon of a remote origin that came from `via`. False when it is not to be taken in:
  // forgotten, or one too many.
  bool heard(base::TimePoint now, const Beacon& beacon, const OriginId& via, Effects& effects);
  // From disk, not heard of yet.
  void remember(base::TimePoint now, const OriginId& origin, std::uint64_t incarnation, bool left);
  void link_reset(const OriginId& origin, Effects& effects);
  void goodbye(base::TimePoint now, const OriginId& origin, Goodbye::Reason reason,
               Effects& effects);
  void probed(base::TimePoint now, const ProbeReply& reply, Effects& effects);
  void forgive(base::Duration stall);
  // Ages everybody and starts probes. Returns those to forget; who is covered by another agent of
  // its cluster is not asked after and is soon gone.
  std::vector<OriginId> advance(base::TimePoint now, const ReplicaChoice& choice, Effects& effects);
  void forget(const OriginId& origin);

  const Remote* find(const OriginId& origin) const;
  const std::map<OriginId, Remote>& remotes() const { return remotes_; }
  Judgement judgement() const { return judgement_; }
  // Never late; early by what a word has put off since the last advance(). Costs what was touched.
  base::TimePoint deadline(const ReplicaChoice& choice);
  // The choice of its cluster may be another now, and with it the time at which it is due.
  void touch(const OriginId& origin) { touched_.push_back(origin); }
  // The clusters of which somebody came, went or has aged since the last call.
  std::set<std::string> take_unsettled() { return std::exchange(unsettled_, {}); }
  // What every peer is told of once, whether it hears the origin itself or not. Counts up.
  void is_news(const OriginId& origin);
  std::uint64_t news() const { return news_; }
  std::uint64_t probes_sent() const { return next_round_ - 1; }

 private:
  Judgement judge(base::TimePoint now) const;
  std::size_t probes_for_each(base::TimePoint now) const;
  struct Epitaph {
    std::uint64_t incarnation = 0, sequence = 0;
  };
  bool admits(const Beacon& beacon, const OriginId& via) const;
  void tell(const OriginId& origin, Ageing::Change change, Effects& effects);
  bool is_gone(base::TimePoint now, const OriginId& origin, const ReplicaChoice& choice) const;
  base::TimePoint deadline(const OriginId& origin, const Remote& remote,
                           const ReplicaChoice& choice) const;

  const NodeConfig* config_;
  Catalog* catalog_;
  base::Random random_;
  std::map<OriginId, Remote> remotes_;
  std::map<OriginId, Epitaph> epitaphs_;
  std::set<std::string> unsettled_;
  std::uint64_t next_round_ = 1, news_ = 0;
  Judgement judgement_ = Judgement::open;
  // Of all but those touched since, the first deadline or a time before it; nothing: not counted.
  std::optional<base::TimePoint> next_;
  std::vector<OriginId> touched_;
};

}  // namespace discovery
