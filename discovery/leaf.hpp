// A leaf: an agent for one node or sidecar. It follows a home, an agent of its own cluster, has all
// that the home has and thinks of each origin what the home thinks; it is no origin, and nothing of
// it goes anywhere.
//
// Of several homes it follows one and sticks to it; the others only show that they live. When its
// home is silent it moves to one that is not and begins there with what it has. Where none is heard
// it calls everything stale and keeps it: it does not probe, and what it was told last stands,
// whatever the time. An origin that its home does not know stays too, stale, until the home says
// that it was forgotten: a home may have begun with nothing.
//
// Invariants: rows are a state that their origin had; they go back only where the home hears the
// origin in a life below the one held, long after that was heard of last (kOtherLife); nothing is
// dropped but what the home forgets. Of each cluster the rows of one agent are taken: the one that
// a home called taken last, from when the home has told all that it had to tell with that. A home
// is believed without proof: the link has proven it, by its certificate, to be of our cluster.
// Limits: those of a node for origins, rows and frames. Errors: as Node. Thread: control only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/random.hpp"
#include "discovery/catalog.hpp"
#include "discovery/node.hpp"

namespace discovery {

// A home that is silent for so long is left for one that is not.
inline constexpr base::Duration kHomePatience = std::chrono::seconds(2);
// What a home calls taken may wait so long for rows that are still to come with it.
inline constexpr base::Duration kChangePatience = std::chrono::seconds(2);
// Between two times of saying again what is held, where home and leaf disagree about that.
inline constexpr base::Duration kDisagreement = std::chrono::seconds(2);
// An origin speaks in a life below the one held: so long after that one was heard of last it is no
// late word.
inline constexpr base::Duration kOtherLife = std::chrono::seconds(10);

class Leaf final : public Participant {
 public:
  // Of `config`: self.cluster, instance, beacon_interval, suspect_after, max_changes.
  Leaf(NodeConfig config, base::Random random, base::TimePoint now);

  Effects restore(base::TimePoint now, SavedState saved) override;
  Effects link_up(base::TimePoint now, LinkId link, LinkPeer peer) override;
  Effects link_down(base::TimePoint now, LinkId link, LinkEnd end) override;
  Effects receive(base::TimePoint now, LinkId link, Frame frame) override;
  Effects probed(base::TimePoint, ProbeReply) override { return {}; }
  void reach(std::vector<std::string>) override {}
  Effects replace_local(base::TimePoint, std::string_view, std::vector<EncodedRow>,
                        Listing) override {
    return {};
  }
  Effects change_local(base::TimePoint, std::string_view, RowChanges) override { return {}; }
  Effects release(base::TimePoint, std::string_view) override { return {}; }
  Effects source_stuck(base::TimePoint, std::string) override { return {}; }
  Effects local_ready(base::TimePoint now) override;
  Effects leave(base::TimePoint now, Goodbye::Reason reason) override;
  // Its home's to say: the cluster would come back from there.
  Effects forget(base::TimePoint, std::string_view) override { return {}; }
  Effects tick(base::TimePoint now) override;
  base::TimePoint next_deadline() const override { return expected_; }
  std::optional<Frame> next_frame(base::TimePoint now, LinkId link,
                                  std::size_t max_bytes = kMaxFrameBytes) override;
  std::shared_ptr<const Publication> publication(base::TimePoint now) override;
  std::size_t backlog(LinkId) const override { return 0; }
  std::vector<Member> members(base::TimePoint now) const override;
  std::vector<Hold> holds(base::TimePoint) const override { return {}; }
  bool holds(std::string_view) const override { return false; }
  OriginId self() const override { return {config_.self.cluster, 0}; }
  Stamp stamp() const override { return {}; }
  std::optional<OriginId> peer(LinkId link) const override;
  // A home that knows all there is has told it, or the disk has; no patience makes up for either.
  bool synced(base::TimePoint) const override { return synced_; }
  std::size_t leaves() const override { return 0; }
  std::optional<Home> home(base::TimePoint now) const override;
  const Counters& counters() const override { return counters_; }

 private:
  struct Line {  // to one home
    LinkId id = 0;
    LinkPeer peer;
    base::TimePoint up_at{}, heard_at{};
    bool ready = false, synced = false, farewell = false;
    OriginId origin;
    std::string advertise;
    bool hello_due = false, beacons_due = false, still_due = false, announced = false;
    std::optional<Goodbye> goodbye;
    std::optional<std::string> close_reason;

    bool has_work() const { return hello_due || goodbye || beacons_due || still_due; }
  };
  // What is known of an origin beside its rows.
  struct Known {
    Verdict verdict;
    std::uint64_t told_in = 0;  // the following in which the verdict came; 0: before all
    bool holds = false;         // the verdict still does
    std::optional<base::TimePoint> spoke_at;  // of a fresh one when it stops being told of
    base::TimePoint rows_at{};                // when rows of it came last
    base::TimePoint heard_in_life_at{};       // since when homes hear it in that life
    std::string via;                          // the home that told of it last, or kViaDisk
  };

  // leaf.cpp
  Effects turn(base::TimePoint now);
  Effects finish(base::TimePoint now, Effects effects);
  base::TimePoint deadline(base::TimePoint now) const;
  Known& know(base::TimePoint now, const OriginId& origin);
  void note_rows(base::TimePoint now, const OriginId& origin);
  Member::State state_of(const Known& known) const;
  using Chosen = std::map<std::string_view, const Known*>;  // of each cluster
  enum class Last { stays, counts_last };                   // who was chosen last
  Chosen choose(Last last) const;
  void change_over(Effects& effects);
  std::optional<base::TimePoint> spoke_at(const Known& known) const;
  void apply(base::TimePoint now, Line& line, Delta delta, Effects& effects);
  void apply(base::TimePoint now, Line& line, Verdicts verdicts, Effects& effects);
  bool take(base::TimePoint now, const Line& line, Verdict verdict, Effects& effects);
  void compare(base::TimePoint now, std::uint64_t theirs, Effects& effects);
  std::uint64_t digest() const;
  bool is_heard(const Verdict& verdict) const;
  bool is_in_lower_life(const Known& known) const;
  bool replaces_unsound(const Delta& delta) const;
  void look_for_other_lives();
  void keep_ages();
  enum class Of { earlier, all };
  void let_go(Of followings, Effects& effects);
  void hold_again(const Line& line, Effects& effects);
  void grow_old(base::TimePoint now, Effects& effects);
  Beacons make_beacons() const;

  // leaf_links.cpp
  void greet(base::TimePoint now, Line& line, const Hello& hello, Effects& effects);
  std::optional<std::string> objection(const Line& line, const Hello& hello) const;
  void hear(base::TimePoint now, Line& line, Frame frame, Effects& effects);
  void malformed(Line& line, std::string what, Effects& effects);
  void refuse(Line& line, std::string why, Effects& effects);
  Line* followed();
  const Line* followed() const;
  bool serves(base::TimePoint now, const Line& line) const;
  void choose_home(base::TimePoint now, Effects& effects);
  void follow(base::TimePoint now, Line& line, Effects& effects);
  void supervise(base::TimePoint now, Effects& effects);

  NodeConfig config_;
  base::Random random_;
  Catalog catalog_;
  std::map<LinkId, Line> lines_;
  LinkId home_ = 0;
  std::uint64_t following_ = 0;  // counts homes, and beginnings with one
  bool caught_up_ = false;       // home and leaf agree, since this following began
  base::TimePoint asked_at_{};
  bool ask_again_ = false;
  std::map<OriginId, Known> known_;
  std::map<std::string, std::uint32_t> taken_;     // the replica, of each cluster
  std::optional<base::TimePoint> change_over_at_;  // at the latest: a home calls others taken
  std::set<OriginId> unsound_;     // held in a state that no change can mend: the whole is wanted
  base::TimePoint judged_at_{};    // the last frame of the home that is followed
  base::TimePoint old_until_{};    // verdicts of another home hold at most
  base::TimePoint fresh_since_{};  // whatever the home calls fresh has spoken since
  bool homeless_ = true;           // nothing that a home said holds any more
  bool local_ready_ = false, restored_ = false, synced_ = false;
  base::TimePoint expected_, next_beat_;
  Counters counters_;
  std::shared_ptr<const Publication> published_;
  bool publication_due_ = true;
};

}  // namespace discovery
