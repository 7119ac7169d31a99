// One origin's rows, decoded: its services with their endpoints, its virtual destinations, its
// agent.
//
// Decoding is done once for each state of an origin: the cache knows a state by the identity of its
// rows, so an unchanged origin costs a comparison. Errors: rows that do not decode are
// counted and skipped; the origin's other rows serve. Thread: OriginServices is immutable and
// shared; the cache belongs to the builder.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "discovery/publication.hpp"
#include "discovery/row.hpp"
#include "discovery/view/endpoint.hpp"

namespace discovery {

struct OriginServices {
  AgentRow agent;
  std::vector<std::shared_ptr<const view::Service>> services;  // by namespace and name
  std::vector<resources::VirtualDestination> destinations;     // by namespace and name
  std::uint64_t undecodable = 0;
};

// Endpoints take their cluster from the origin and, where they say no region, the origin's own
// locality; those in `path_failed` are marked.
std::shared_ptr<const OriginServices> decode_origin(const OriginPublication& origin);

class OriginCache {
 public:
  std::shared_ptr<const OriginServices> get(const OriginPublication& origin);
  // Forgets origins that are not in `publication`.
  void keep_only(const Publication& publication);

 private:
  struct Entry {
    Rows rows;
    std::vector<base::SocketAddress> path_failed;
    std::shared_ptr<const OriginServices> services;
  };
  std::map<OriginId, Entry> entries_;
};

}  // namespace discovery
