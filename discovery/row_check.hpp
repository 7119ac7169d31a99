// What a row may say, beyond being well formed: its texts reach JSON, DNS and logs of every agent,
// and each entry of its lists is copied and compared there many times over.
//
// One rule for both ends: an origin's documents are held to it where rows are made, so that their
// author hears of it, and a peer's rows where they are decoded. Errors: Code::invalid, naming the
// field. Thread: a pure function.
#pragma once

#include "base/result.hpp"
#include "discovery/endpoint_row.hpp"
#include "discovery/row.hpp"

namespace discovery {

inline constexpr std::size_t kMaxHostsInRow = 64;
inline constexpr std::size_t kMaxPortsInRow = 128;
inline constexpr std::size_t kMaxSelectorsInRow = 64;
inline constexpr std::size_t kMaxPreferencesInRow = 64;
inline constexpr std::size_t kMaxLabelsInRow = 128;  // of an object, or of one selector
inline constexpr std::size_t kMaxForwardersInRow = 64;
inline constexpr std::size_t kMaxDrainsInRow = 128;
inline constexpr std::size_t kMaxSubsetKeysInRow = 64;

// Namespaces, services and endpoints' host names are DNS labels, hosts are host names in lower
// case, destinations' names are printable ASCII without spaces and slashes; every other text is
// UTF-8 without control characters.
base::Result<void> check(const RowValue& row);
// What it asks of the names in an endpoint's key.
bool may_be_called(const EndpointParts& parts);

}  // namespace discovery
