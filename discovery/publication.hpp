// What the control thread hands to the builder: every origin's live rows and what is known of the
// origin's freshness, at one moment. Immutable; the rows are shared with the catalog, so making one
// costs a pointer an origin.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "discovery/origin.hpp"
#include "discovery/rows.hpp"
#include "discovery/view/endpoint.hpp"

namespace discovery {

struct OriginPublication {
  OriginId id;
  Stamp stamp;
  bool local = false;
  view::Freshness freshness = view::Freshness::fresh;
  // Since its newest word, at the time of publishing; nothing before any.
  std::optional<base::Duration> age;
  // Endpoints of it that did not answer our probes; sorted.
  std::vector<base::SocketAddress> path_failed;
  Rows rows;          // live rows only: no tombstones
  bool left = false;  // its agent stopped for good, by its own word, in the life of `stamp`
  bool taken = true;  // the view of its cluster is made of its rows: of each cluster exactly one is
  bool home_only = false;       // nobody else is told of these rows
  std::string quarantine = {};  // why nothing newer of it is taken; "" = it is
};

struct Publication {
  std::uint64_t version = 0;  // grows by one with each publication
  base::TimePoint at{};
  bool synced = false;                     // DESIGN §7 Ready
  bool heard = false;  // the same but for the own sources, which may not be read yet
  std::vector<OriginPublication> origins;  // by id
};

}  // namespace discovery
