// Everything the forwarder's workers read, compiled by the builder from route tables and the
// resolution; immutable.
//
// A request comes in on a listener, its host picks a virtual host, the first matching route in
// order decides. Endpoint health, load and connections do not live here but with the workers, keyed
// by slot: a slot is an endpoint address with a dense id that stays the same from table to table,
// so a new table forgets nothing.
//
// Invariants: slot ids are below slots.size(); a slot whose generation changed stands for another
// address; every tier holds a member; shares of an upstream's tiers add up to 1; upstreams that
// routes lead to are there. Thread: immutable, published to the workers. decide() and pick() are
// pure but for the Random they are handed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/random.hpp"
#include "forwarder/http/message.hpp"
#include "forwarder/in_flight.hpp"
#include "forwarder/traffic_policy.hpp"
#include "forwarder/warm_up.hpp"

namespace forwarder {

using SlotId = std::uint32_t;

struct Slot {
  base::SocketAddress address;
  std::uint32_t generation = 0;
};

// Carries its address: a request that outlives its table must not look the slot up in a later one,
// where the id may stand for another endpoint. Its counts are the worker's only while the
// generations are equal.
struct Member {
  SlotId slot = 0;
  std::uint32_t generation = 0;
  base::SocketAddress address;
  std::uint32_t weight = 1;
  bool stale = false;          // its cluster is silent
  Outlier* outlier = nullptr;  // where a policy asks for it; lives while its upstream is held
};

struct Tier {
  std::string name;
  double share = 0;
  std::vector<Member> members;
  // Sums of the members' weights up to each, for drawing by weight; empty = all weigh the same.
  std::vector<std::uint64_t> until{};
  std::vector<std::uint64_t> hashes{};      // of the members, where requests are spread by hash
  std::shared_ptr<const WarmUp> warm_up{};  // of them, where a policy asks for it and one came late
};

// Where a route leads, by a place in the table: the same place from table to table while some route
// leads there, so that routes stay as they are when endpoints come and go.
using UpstreamId = std::uint32_t;
inline constexpr UpstreamId kNoUpstream = ~UpstreamId{0};

// What a request can be sent to: one destination at one port, or a subset of it.
struct Upstream {
  std::string name;  // "ratings.mesh.internal:9080", with "{version=v2}" for a subset
  std::vector<Tier> tiers;
  bool fail_open = false;       // nothing here is healthy: the tiers hold what there is
  UpstreamId id = kNoUpstream;  // its place in the table
  std::shared_ptr<const TrafficPolicy> policy{};     // null: none
  std::vector<std::shared_ptr<Outlier>> outliers{};  // that members point to
  std::shared_ptr<InFlight> in_flight{};             // where a policy bounds it
};

// A part of a table where it stands, good for as long as the table is held; share() it for longer.
// A decision counts no references: all workers would write to the same ones.
template <class Part>
class InTable {
 public:
  InTable() = default;
  explicit InTable(const std::shared_ptr<const Part>& in_table) : in_table_(&in_table) {}

  explicit operator bool() const { return in_table_ && *in_table_; }
  const Part& operator*() const { return **in_table_; }
  const Part* operator->() const { return in_table_->get(); }
  const std::shared_ptr<const Part>& share() const { return *in_table_; }

 private:
  const std::shared_ptr<const Part>* in_table_ = nullptr;
};
using UpstreamRef = InTable<Upstream>;

using UpstreamList = std::vector<std::shared_ptr<const Upstream>>;  // by id; null = free

struct Treatment;  // treatment.hpp

// What becomes of a request.
struct Forward {
  UpstreamRef upstream;  // null or without tiers: the route leads to nothing that lives (503)
  std::string target;    // path and query as they go upstream; "" = as they came
  std::string host;  // the Host header that goes upstream; "" = as it came; "auto" rules applied
};
struct Reply {  // answered here: redirect, direct response, a route that is broken
  std::uint16_t status = 404;
  std::string location;  // for redirects
  std::string body;
};
struct Decision {
  std::variant<Forward, Reply> action = Reply{};
  // "bookinfo/reviews[2] canary"; "" when no route matched. In the table: copy it to keep it over
  // an await.
  std::string_view route;
  InTable<Treatment> treatment{};  // by policies; null = none
};

struct Request {
  std::uint16_t port = 0;  // of the listener
  base::IpAddress client;
  const http::RequestHead* head = nullptr;
  bool path_differs = false;  // the head's from the one that came (SeenRequest)
};

struct Routes;  // the compiled virtual hosts; routes.hpp
class LoadView;

struct Table {
  std::uint64_t version = 0;
  bool synced = true;  // false: what is not known here may yet come (503, not 404)
  std::vector<base::SocketAddress> listeners;  // sorted
  std::vector<Slot> slots;
  UpstreamList upstreams;
  std::shared_ptr<const Routes> routes;

  // `load`: null where nothing is known of endpoints but what the table says.
  Decision decide(const Request& request, base::Random& random,
                  const LoadView* load = nullptr) const;
};

// What a worker knows of a slot when it picks: its own counts and what it has just seen fail.
class LoadView {
 public:
  virtual ~LoadView() = default;
  // Of the member itself: nothing is known of one whose slot has stood for another address.
  virtual std::uint32_t active(const Member& member) const = 0;  // requests in flight
  virtual bool avoid(const Member& member) const = 0;  // failed a moment ago, or is ejected
  virtual base::TimePoint now() const = 0;
};

// What an upstream's policy goes by: the hash of a request, or the turn it has. None: there is
// none.
using PickKey = std::optional<std::uint64_t>;

// Draws a tier by share, then two members by weight and takes the one with fewer requests for its
// weight (less, while it warms up), or what the upstream's policy says; never one in `tried`; falls
// to the next tier where none is left or several of them were tried in vain, and at last to members
// to avoid, before giving up. Nothing left: no value. By hash it looks at every member of the tier.
std::optional<Member> pick(const Upstream& upstream, std::span<const SlotId> tried,
                           const LoadView& load, base::Random& random, PickKey key = {});

}  // namespace forwarder
