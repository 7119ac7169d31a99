// A selection in words, for `_explain.<host>` TXT: what is answered, in which tier, through which
// door, and why the rest is left out (dns.md §4).
//
// Each line fits one TXT string; together they fit a UDP answer, the end cut with a word where
// there is more. Thread: pure.
#pragma once

#include <string>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "dns/place_labels.hpp"

namespace dns {

inline constexpr std::size_t kMaxExplanation = 850;  // bytes as TXT records, beside a long name

// `selection`: of that caller, and where the name has a place of that place.
std::vector<std::string> explain(const discovery::view::Destination& destination,
                                 const discovery::view::Selection& selection,
                                 const discovery::view::Caller& caller, const PlaceLabels& place,
                                 std::uint64_t version);

}  // namespace dns
