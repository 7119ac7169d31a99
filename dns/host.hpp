// All that one destination answers in DNS, for its own name and every name derived from it.
//
// For a destination `host` (DESIGN §5):
//
// - `<host>` A, AAAA: through the door to endpoints the members of one tier, drawn by share,
//   shuffled, at most max_answers; where the host is headless, every member of every tier;
//   fail-open, those of all tiers together. Through the forwarder's door its addresses. The tiers
//   in use are chosen over endpoints, whatever their family: where they have no IPv6, AAAA is
//   NODATA, even if a fall-back has some. A family is drawn among those of them that have it, so A
//   and AAAA of a name with endpoints are never both NODATA.
// - `_<port>._tcp.<host>` SRV: the port is asked for by its name, or else its protocol, and by its
//   number; the transport is TCP always. Priority is the tier's index, weight the endpoint's;
//   targets are the names below, with their addresses. Where a draw by share passes over better
//   tiers, their priority is raised by the number of tiers, so they stay as fall-backs. Through the
//   forwarder's door the target is `<host>` itself, and a port that it does not speak has none.
// - `<dashed-ip>.<host>` A, AAAA: the address (dashed.hpp).
// - `<hostname>.<cluster>.<host>` A, AAAA: a headless endpoint with a hostname; NODATA while it is
//   left out.
// - `_explain.<host>` TXT: the selection in words, written when it is asked for.
// - `<place>.{pin|prefer}.{_zone|_region|_cluster}.<host>`, and `_<port>._tcp` and `_explain` in
//   front of it: the same for a place (place_labels.hpp), of a host made for it
//   (narrowed_hosts.hpp). Through the forwarder's door they have no records: it does not see
//   places.
//
// Kept are addresses, weights and what is uncommon; records are written for those drawn
// (host_answer.hpp). Members are the addresses of a tier, each once: those of a tier of a selection
// lie together, IPv4 before IPv6, each in ascending order, so a draw takes a range of them and an
// address is found by halving. Names that would be too long do not exist. Thread: immutable;
// shared by the tables that hold it. Memory: some 300 bytes a host, 4 an IPv4 and 20 an IPv6
// address for each class of callers that is answered differently; 4 more where weights differ, 4
// where a cluster is silent, some 40 where the host is headless.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "base/packed.hpp"
#include "discovery/view/resolution.hpp"
#include "dns/narrowed_hosts.hpp"

namespace dns {

struct Range {
  std::uint32_t first = 0, count = 0;
};
template <class T>
std::span<const T> cut(std::span<const T> all, Range range) {
  return all.subspan(range.first, range.count);
}

using OptionNumber = std::uint32_t;  // of an extended error among a host's; 0 = none

// What one draw can fall on: some of the members of one tier of a selection, or of all tiers.
struct Tier {
  std::uint64_t until = ~std::uint64_t{0};  // a random word up to here draws this tier
  Range members{};                          // or targets, where an SRV tier has no port
  std::uint32_t heaviest = 0;               // the largest weight
  OptionNumber stale = 0;                   // set: holds an endpoint of a silent cluster
  std::uint16_t index = 0;                  // of the selection's tiers
  std::uint16_t quota = 0;                  // records in one answer
  std::uint16_t port = 0;                   // SRV: every member serves it here
  bool alike = true;                        // all weigh the same
};

// Where the members of a tier of a selection lie.
struct Band {
  std::uint32_t first = 0, v4 = 0, v6 = 0;
};

// An SRV target that is not simply a member at its tier's port.
struct Target {
  std::uint32_t pod = 0;  // its name; 0 = the address
  std::uint32_t port = 0;
  std::uint32_t member = 0;
  friend auto operator<=>(const Target&, const Target&) = default;
};

struct PodMember {
  std::uint32_t pod = 0;  // 0 = it has no hostname
  std::uint32_t member = 0;
  friend auto operator<=>(const PodMember&, const PodMember&) = default;
};

// What the host answers to one class of callers.
struct Answer {
  std::uint32_t ttl = 0;
  OptionNumber ede = 0;  // goes with whatever is answered when the tier drawn has none
  Range a{}, aaaa{};     // tiers
  Range bands{};         // of each tier of the selection
  Range pod_members{};
  std::uint32_t first_service = 0;  // service s has the tiers `services()[first_service + s]`
  bool fail_open = false;

  bool empty() const { return bands.count == 0; }
};

// A label under which a service, a port or several, is asked for.
struct Label {
  std::uint32_t text = 0;  // wire form: "\5_http"
  std::uint32_t service = 0;
};

using V6 = std::array<std::uint8_t, 16>;

// What a name below a host, or the host itself, is to it.
struct Derived {
  enum class Kind : std::uint8_t {
    none,
    host,         // itself
    between,      // an empty non-terminal: only names below it have records
    service,      // SRV
    endpoint,     // an address
    pod,          // a headless endpoint's hostname
    explanation,  // TXT
  };
  Kind kind = Kind::none;
  std::uint32_t number = 0;  // of the service, the pod
  base::IpAddress ip{};      // the endpoint's

  explicit operator bool() const { return kind != Kind::none; }
};

// The parts of a Host; HostMaker fills them. Texts are wire labels and EDNS options; everything
// else that points somewhere counts from the start of its array.
struct HostParts {
  std::vector<Tier> tiers;
  std::vector<Answer> answers;  // different ones
  std::vector<Band> bands;
  std::vector<Range> services;  // the tiers of each service, answer by answer
  std::vector<Label> labels;
  std::vector<Target> targets;
  std::vector<PodMember> pod_members;        // ascending within an answer
  std::vector<std::uint32_t> pods;           // texts "\5pod-0\4east", ascending; pod 1 is the first
  std::vector<std::uint32_t> clusters;       // texts of those that the pods are of
  std::vector<std::uint32_t> members;        // IPv4 as it lies in a record, or the place in v6
  std::vector<std::uint32_t> weights;        // of members; none = all 1
  std::vector<OptionNumber> stale;           // of members; none = none is
  std::vector<OptionNumber> service_errors;  // of services; none = none has one
  std::vector<V6> v6;
  std::vector<std::uint8_t> answer_of_class;  // none = one for all
  std::vector<std::uint8_t> texts;
};

class Host {
 public:
  // A name server's host and one that is an address's reverse name are no destinations.
  enum class Door : std::uint8_t { endpoints, forwarder, name_server, reverse };
  static constexpr std::size_t kMaxDerivedLabels = 2;

  // `resolved` is null where it is no destination: nothing is derived from it.
  Host(std::shared_ptr<const discovery::view::ResolvedDestination> resolved, Door door,
       const HostParts& parts);

  // What the name with these labels (1 or 2, lower-case wire form without the root) in front of the
  // host is.
  Derived derive(std::span<const std::uint8_t> labels) const;

  Door door() const { return door_; }
  bool is_destination() const { return door_ == Door::endpoints || door_ == Door::forwarder; }
  const discovery::view::ResolvedDestination* resolved() const { return resolved_.get(); }
  const Answer& answer(std::uint16_t caller_class) const {
    const auto by_class = parts_.get<kAnswerOfClass>();
    return parts_.get<kAnswers>()[caller_class < by_class.size() ? by_class[caller_class] : 0];
  }
  std::span<const Answer> answers() const { return parts_.get<kAnswers>(); }

  std::span<const Tier> tiers(Range range) const { return cut(parts_.get<kTiers>(), range); }
  std::span<const Tier> service(const Answer& answer, std::uint32_t service) const {
    return tiers(parts_.get<kServices>()[answer.first_service + service]);
  }
  OptionNumber service_error(std::uint32_t service) const {
    return at_or<kServiceErrors>(service, 0);
  }
  std::span<const Band> bands(const Answer& answer) const {
    return cut(parts_.get<kBands>(), answer.bands);
  }
  std::span<const Label> labels() const { return parts_.get<kLabels>(); }
  std::span<const Target> targets(Range range) const { return cut(parts_.get<kTargets>(), range); }
  std::span<const PodMember> pod_members(const Answer& answer) const {
    return cut(parts_.get<kPodMembers>(), answer.pod_members);
  }
  std::size_t pods() const { return parts_.get<kPods>().size(); }
  // By its dashed address; or else only by its hostname.
  bool is_called_by_address(const Answer& answer, std::uint32_t member) const;

  // A member's address as it lies in a record. Its family is known from its band.
  std::span<const std::uint8_t> v4(std::size_t member) const {
    return {reinterpret_cast<const std::uint8_t*>(&parts_.get<kMembers>()[member]), 4};
  }
  std::span<const std::uint8_t> v6(std::size_t member) const {
    return parts_.get<kV6>()[parts_.get<kMembers>()[member]];
  }
  std::span<const std::uint8_t> address(const Band& band, std::size_t member) const {
    return member < band.first + band.v4 ? v4(member) : v6(member);
  }
  std::uint32_t weight(std::size_t member) const { return at_or<kWeights>(member, 1); }
  OptionNumber stale(std::size_t member) const { return at_or<kStale>(member, 0); }
  // The member with this address in a band, or kNone.
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::uint32_t find(const Band& band, const base::IpAddress& ip) const;

  std::span<const std::uint8_t> label(std::uint32_t text) const;
  // The label and all behind it, to the root: of a reverse name's labels(), what it points at.
  std::span<const std::uint8_t> name(std::uint32_t text) const;
  std::span<const std::uint8_t> pod(std::uint32_t number) const {
    return two_labels(parts_.get<kPods>()[number - 1]);
  }
  std::span<const std::uint8_t> option(OptionNumber number) const;  // empty for 0

  // What it is at places; made when asked for, whoever may read the rest.
  NarrowedHosts& narrowed() const { return narrowed_; }

  std::size_t bytes() const { return sizeof *this + parts_.size(); }

  // Asks for the memory of the host, and of what it holds, and does not wait for it.
  void fetch() const { base::fetch(this, sizeof *this); }
  void fetch_parts() const { parts_.fetch(); }

 private:
  // In the order of HostParts.
  enum : std::size_t {
    kTiers,
    kAnswers,
    kBands,
    kServices,
    kLabels,
    kTargets,
    kPodMembers,
    kPods,
    kClusters,
    kMembers,
    kWeights,
    kStale,
    kServiceErrors,
    kV6,
    kAnswerOfClass,
    kTexts
  };
  template <std::size_t kArray>
  std::uint32_t at_or(std::size_t place, std::uint32_t otherwise) const {
    const auto array = parts_.get<kArray>();
    return array.empty() ? otherwise : array[place];
  }
  Derived derive_one(std::span<const std::uint8_t> label) const;
  Derived derive_two(std::span<const std::uint8_t> labels) const;
  bool names(const base::IpAddress& ip) const;
  std::span<const std::uint8_t> two_labels(std::uint32_t text) const;

  std::shared_ptr<const discovery::view::ResolvedDestination> resolved_;
  base::Packed<Tier, Answer, Band, Range, Label, Target, PodMember, std::uint32_t, std::uint32_t,
               std::uint32_t, std::uint32_t, OptionNumber, OptionNumber, V6, std::uint8_t,
               std::uint8_t>
      parts_;
  mutable NarrowedHosts narrowed_;
  Door door_;
};

}  // namespace dns
