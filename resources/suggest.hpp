// "did you mean …?": the known word nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace resources {

// The word of `known` with the fewest typing slips (a letter too many, too few, wrong, or two
// swapped; case does not count) if they are few for the word's length; else "".
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// "did you mean \"prefix\"?", or "" when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

// "exact, prefix, regex".
std::string joined(std::span<const std::string_view> words);

}  // namespace resources
