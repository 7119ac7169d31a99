// The row codec: what an origin's rows mean. The only code that looks inside a row's bytes.
//
// Keys: "a" the agent, "stuck" what keeps it from reading its source, "drain" what it
// takes out of service, "subsets" what of Pods is asked for and told,
// "s/<namespace>/<name>" a service, "e/<namespace>/<service>/<id>" an
// endpoint, "d/<namespace>/<name>" a virtual destination. Values are tag-length-value fields, as
// protobuf writes them, so that a reader skips what it does not know and a writer may add: a row is
// safe across versions and relays. Errors: Code::invalid for bytes that are no row or say
// what no row may (row_check.hpp), Code::not_found for a kind of a later version; the caller counts
// and skips the row, never the origin. Thread: pure functions.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "discovery/drain_state.hpp"
#include "discovery/origin.hpp"
#include "discovery/view/endpoint.hpp"
#include "resources/virtual_destination.hpp"

namespace discovery {

inline constexpr std::string_view kAgentKey = "a";          // of the one AgentRow of an origin
inline constexpr std::string_view kStuckKey = "stuck";      // of its StuckRow, while it has one
inline constexpr std::string_view kDrainKey = "drain";      // of its DrainRow, while it drains
inline constexpr std::string_view kSubsetsKey = "subsets";  // of its SubsetsRow, if it has one
inline constexpr std::size_t kMaxStuckBytes = 512;

struct AgentRow {
  std::string advertise;                    // gossip address; "" = it only dials
  std::string version;                      // of the program, for status
  base::Locality locality;                  // the cluster's, for endpoints that say none
  std::vector<base::IpAddress> forwarders;  // where this cluster's own callers reach the forwarder
  friend bool operator==(const AgentRow&, const AgentRow&) = default;
};

// The origin cannot read its source any more: its other rows are what it read last.
struct StuckRow {
  std::string why;  // for status: "resources: cannot be read: Permission denied"
  friend bool operator==(const StuckRow&, const StuckRow&) = default;
};

// Of the origin's whole cluster, whichever of its agents is taken.
struct DrainRow {
  DrainStates drains;  // and what was taken back
};

// Keys of labels of Pods: there are many, and rows have those that some subset looks at. Sorted.
struct SubsetsRow {
  std::vector<std::string> named;  // by subsets of the origin's documents: others are to tell them
  // On the origin's own endpoints, where their Pods have them; nothing: it reads no Pods.
  std::optional<std::vector<std::string>> told;
  friend bool operator==(const SubsetsRow&, const SubsetsRow&) = default;
};

struct ServiceRow {
  std::string namespace_, name;
  base::Labels labels;
  std::vector<view::ServicePort> ports;
  bool headless = false;
  std::optional<resources::ExternalIdentity> external{};  // of the ExternalService that it serves
};

struct EndpointRow {
  std::string namespace_, service;
  std::string id;  // unique in the service: "10.0.0.5", "10.0.0.6:9081"
  base::IpAddress ip{};
  view::Health health = view::Health::healthy;
  std::uint32_t weight = 1;
  view::Traits traits{};  // `cluster` is not on the wire
};

struct DestinationRow {
  resources::VirtualDestination destination;  // without places
};

using RowValue =
    std::variant<AgentRow, StuckRow, DrainRow, SubsetsRow, ServiceRow, EndpointRow, DestinationRow>;

// A change to make: `key` and `value` go into a Row, the origin adds the version.
struct EncodedRow {
  base::Bytes key, value;
  friend bool operator==(const EncodedRow&, const EncodedRow&) = default;
};

// What leads from one set of rows to another; no key is in it twice.
struct RowChanges {
  std::vector<EncodedRow> written;  // new ones, and those with another value
  std::vector<base::Bytes> gone;    // keys
};
// As Rows::with() takes them.
std::vector<Row> changes_at(std::uint64_t version, RowChanges changes);

EncodedRow encode(const RowValue& row);
base::Result<RowValue> decode(std::string_view key, std::string_view value);

}  // namespace discovery
