// One stream to one agent, and what is still to be said on it.
//
// Nothing waits here as a message: a link keeps flags, cursors and questions, at most one of each
// per origin, and frames are made when the stream can take one. So a slow peer costs the same
// whatever happens meanwhile. Thread: control only.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "discovery/bulk_stream.hpp"
#include "discovery/node.hpp"
#include "discovery/pace.hpp"
#include "discovery/round_trip.hpp"
#include "discovery/still.hpp"
#include "discovery/transfer.hpp"

namespace discovery {

struct Link {
  LinkId id = 0;
  LinkPeer peer;
  base::TimePoint up_at{}, heard_at{};

  // From the other side's Hello.
  bool ready = false;
  OriginId origin;
  std::array<std::uint8_t, 16> instance{};
  std::string advertise;
  std::uint64_t features = 0;
  // Of several links to one agent one carries everything; the others only show that they live.
  bool talking = false;
  bool alone = false;  // there is no other

  // What the other side is known to have of our own origin: what it showed, or what we sent on this
  // stream. Nothing before its first Beacons.
  std::optional<Stamp> cursor;
  // What its beacons said it has: of itself, and of others what we did not have at our last round.
  std::map<OriginId, Stamp> shown;

  std::set<OriginId> missed;  // and which of those it does not hear itself
  std::uint64_t told = 0;     // the news (Membership::news) that went out on this link
  Repeats repeats;            // what was last said here, and what was last heard
  RoundTrip round_trip;

  bool proof_due = false;   // of our newest signed state
  bool asks_proof = false;  // of each: it hears who does not hear us
  std::shared_ptr<const Proof> proof_told;
  base::Bytes certificate_told, certificate_heard;  // of the last proofs, ours and theirs

  // The highest that others remember of the other side's own origin, of a life that it does not
  // know of.
  Stamp rumour;

  bool hello_due = false, beacons_due = false;
  std::optional<Goodbye> goodbye;
  std::optional<std::string> close_reason;  // close when the goodbye is out
  std::map<OriginId, Stamp> pulls;          // to ask
  std::map<OriginId, Stamp> requested;      // asked of us
  std::optional<Transfer> transfer;
  std::optional<Transfer> bulk;  // one of more than a frame: others do not wait for its end
  bool bulk_next = false;        // whose turn it is, where there are others
  Pace pace;
  BulkStream stream;       // where there is one, snapshots that are large need not take turns
  OriginId served;         // whose request was answered last
  bool own_went = false;   // an own delta has gone before the beacons that are due
  bool farewell = false;   // the other side stops on purpose: its end is no reset
  bool announced = false;  // the skin knows that there is something to pull

  // A leaf's link: it is told all that we have and think, and tells nobody anything. `shown` is
  // then what it has, by its own word or because it was sent.
  struct Following {
    bool follows = false;      // it has said what it has
    std::uint64_t judged = 0;  // its place in the log of verdicts
    std::uint64_t digest = 0;  // the sum over `shown`
    bool owes_digest = false;  // verdicts went without one, for rows were owed
  };
  std::optional<Following> leaf;

  // Proofs of ours and of theirs: each side says its certificate here once.
  void shorten(Proof& proof) {
    if (!(features & kFeatureProof)) proof = {};
    if (proof.empty()) return;
    if (proof.certificate == certificate_told)
      proof.certificate.clear();
    else
      certificate_told = proof.certificate;
  }
  void complete(Proof& proof) {
    if (proof.empty()) return;
    if (proof.certificate.empty())
      proof.certificate = certificate_heard;
    else
      certificate_heard = proof.certificate;
    if (proof.certificate.empty()) proof = {};
  }

  std::size_t backlog() const {
    return pulls.size() + requested.size() + (transfer ? transfer->held() : 0) +
           (bulk ? bulk->held() : 0) + (stream.transfer ? stream.transfer->held() : 0);
  }
  bool owes_own(Stamp released) const {
    return ready && talking && cursor && (*cursor < released || proof_due);
  }
  // A delta of it is under way in parts: another could not be applied before its end.
  bool brings(const OriginId& of) const {
    const auto is_of = [&](const auto& its) { return its && its->origin() == of; };
    return is_of(transfer) || is_of(bulk) || stream.brings(of);
  }
  // Before beacons that are due: one own delta, where the last one was not ours while others wait.
  bool owes_own_first(const OriginId& self, Stamp released) const {
    return owes_own(released) && !transfer && !brings(self) && !own_went &&
           (served != self || requested.empty());
  }
  bool has_work(Stamp released) const {
    return hello_due || goodbye || !pulls.empty() || beacons_due || transfer || bulk ||
           !requested.empty() || owes_own(released);
  }
};

}  // namespace discovery
