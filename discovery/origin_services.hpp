// One origin's rows, decoded: its services with their endpoints, its virtual destinations, its
// agent.
//
// What a state shares with the one before is not decoded again, and is the same object after it: a
// change of one endpoint costs its service. Errors: rows that do not decode are counted and
// skipped; the origin's other rows serve. Thread: OriginServices is immutable and shared; decoder
// and cache belong to the builder.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/each.hpp"
#include "discovery/endpoint_reader.hpp"
#include "discovery/publication.hpp"
#include "discovery/row.hpp"
#include "discovery/view/endpoint.hpp"

namespace discovery {

struct OriginServices {
  AgentRow agent;
  std::vector<std::shared_ptr<const view::Service>> services;  // by namespace and name
  std::vector<std::shared_ptr<const resources::VirtualDestination>> destinations;  // the same
  std::uint64_t undecodable = 0;
};

// Endpoints take their cluster from the origin and, where they say no region, the origin's own
// locality; those in `path_failed` are marked.
std::shared_ptr<const OriginServices> decode_origin(const OriginPublication& origin);

// What the origin says of its agent alone.
AgentRow agent_of(const OriginPublication& origin);

// Goes from state to state of one origin.
class OriginDecoder {
 public:
  std::shared_ptr<const OriginServices> decode(const OriginPublication& origin);
  // decode() would return what it did last.
  bool is_current(const OriginPublication& origin) const;

 private:
  using Name = std::pair<std::string, std::string>;  // namespace, name
  using NameView = std::pair<std::string_view, std::string_view>;
  struct NameLess {
    using is_transparent = void;
    bool operator()(const NameView& a, const NameView& b) const { return a < b; }
  };
  // `row` tells by which row it stands here: a hash of its key.
  struct Placed {
    view::Endpoint endpoint;
    std::uint64_t row = 0;
  };
  struct Known {
    std::shared_ptr<const view::Service> service;
    std::vector<std::uint64_t> rows;  // of service->endpoints, in their order
    bool declared = false;            // by a row of its own
  };
  // What a difference does to one service.
  struct Change {
    std::set<std::uint64_t> gone;
    std::vector<Placed> written;
    std::optional<ServiceRow> declared;
    bool undeclared = false;
  };

  static constexpr std::size_t kFew = 64;  // changed services that are looked for one by one

  void start_anew(const OriginPublication& origin);
  void remove(const RowView& row);
  void write(const RowView& row);
  void write_endpoint(const RowView& row);
  void apply(const Name& name, Change change);
  // All, where those in changes_ have just been applied.
  std::vector<std::shared_ptr<const view::Service>> changed_services() const;
  static void sort(std::vector<Placed>& endpoints);
  bool is_path_failed(const view::Endpoint& endpoint) const;

  std::string cluster_;
  bool home_only_ = false;
  Rows rows_;
  std::vector<base::SocketAddress> path_failed_;
  AgentRow agent_;
  EndpointReader endpoints_;
  std::map<Name, Known> services_;
  std::map<Name, std::shared_ptr<const resources::VirtualDestination>> destinations_;
  std::set<std::uint64_t> undecodable_;
  std::map<Name, Change, NameLess> changes_;  // while a state is being decoded
  std::shared_ptr<const OriginServices> last_;
};

class OriginCache {
 public:
  // Of each in turn, which are different ones; those that have changed are decoded with `each`.
  std::vector<std::shared_ptr<const OriginServices>> get(
      const std::vector<const OriginPublication*>& origins, const base::Each& each);
  // Forgets origins that are not in `publication`.
  void keep_only(const Publication& publication);

 private:
  std::map<OriginId, OriginDecoder> decoders_;
};

}  // namespace discovery
