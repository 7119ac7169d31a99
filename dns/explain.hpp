// A selection in words, for `_explain.<host>` TXT: what is answered, in which tier, through which
// door, and why the rest is left out (dns.md §4).
//
// Each line fits one TXT string; together they fit a UDP answer, the end cut with a word where
// there is more. Thread: pure.
#pragma once

#include <string>
#include <vector>

#include "discovery/view/resolution.hpp"

namespace dns {

inline constexpr std::size_t kMaxExplanation = 850;  // bytes as TXT records, beside a long name

std::vector<std::string> explain(const discovery::view::Destination& destination,
                                 const discovery::view::Selection& selection,
                                 const discovery::view::Caller& caller, std::uint64_t version);

}  // namespace dns
