// One destination as DNS names: the scheme of build_table.hpp, record by record.
//
// Thread: pure.
#pragma once

#include "discovery/view/resolution.hpp"
#include "dns/build_table.hpp"
#include "dns/draft.hpp"

namespace dns {

struct Ttls {
  std::uint32_t steady = 0, degraded = 0, negative = 0;  // seconds
};
Ttls ttls(const ZoneConfig& config);

// Every name that the destination brings, each with one block a class of callers or one for all.
// Names that would be too long are left out.
Names destination_names(const discovery::view::ResolvedDestination& resolved,
                        const discovery::view::Resolution& resolution, const Name& host,
                        const ZoneConfig& config);

}  // namespace dns
