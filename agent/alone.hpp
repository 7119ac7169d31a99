// Documents as this cluster alone would serve them: what is wrong with them that only shows when
// they become rows, a view and routes (a bad regex, a service defined twice over), before anything
// serves.
//
// What two states have in common is made once. Thread: one at a time.
#pragma once

#include <string>
#include <vector>

#include "agent/config.hpp"
#include "agent/local_rows.hpp"
#include "base/address.hpp"
#include "discovery/assemble.hpp"
#include "forwarder/compile.hpp"
#include "resources/documents.hpp"

namespace agent {

struct Alone {
  resources::Problems problems;
  forwarder::Statuses statuses;
  std::vector<std::string> conflicts;          // of destinations
  std::vector<base::SocketAddress> listeners;  // that the forwarder would open
};

class Rehearsal {
 public:
  // `others`: whether what these documents lack may be had elsewhere. The same config every time.
  Alone serve(const Config& config, const resources::Documents& documents,
              forwarder::Others others);
  // The errors among its problems. What this cluster alone would warn of, the others may settle:
  // only errors hold a document back. Services alone can only be wrong as rows: of those nothing
  // else is made.
  resources::Problems errors(const Config& config, const resources::Documents& documents,
                             forwarder::Others others);

 private:
  discovery::Publication publish(const Config& config, discovery::RowChanges changes);

  LocalRows local_;
  bool rows_only_ = false;  // were made last: the rest is behind
  discovery::Rows rows_;    // as this agent's origin would publish them
  std::uint64_t version_ = 0;
  discovery::Assembler assembler_;
  discovery::view::Resolver resolver_;
  forwarder::KeptTable routing_;
};

}  // namespace agent
