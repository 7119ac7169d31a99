// The names derived from a host: where its endpoints and its ports are found (the scheme of
// build_table.hpp).
//
// Names that would be too long do not exist.
// Thread: pure.
#pragma once

#include <optional>
#include <vector>

#include "discovery/view/destination.hpp"
#include "dns/name.hpp"

namespace dns {

// What stands for an endpoint as an SRV target: "10-0-0-5.<host>", "fd00--1.<host>",
// "pod-0.<cluster>.<host>".
std::optional<Name> endpoint_name(const Name& host, const discovery::view::Destination& destination,
                                  const discovery::view::Endpoint& endpoint);

// Where a port is asked for (RFC 2782): by its name, or else its protocol, and by its number.
std::vector<Name> service_names(const Name& host, const discovery::view::DestinationPort& port);

}  // namespace dns
