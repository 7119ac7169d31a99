// UTF-8 as far as texts need it that come from outside: is it whole, may it stand in a log line or
// a JSON string, where may it be cut.
//
// Source: RFC 3629 (no overlong forms, no surrogates, nothing above U+10FFFF). Thread: pure
// functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace resources {

// The length in bytes of the sequence that starts `text`, which is not empty; 0 when none does.
std::size_t sequence_length(std::string_view text);

// Valid UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F).
bool is_plain_text(std::string_view text);

// The longest beginning of valid UTF-8 text that is at most `most` bytes and tears no sequence.
std::string_view cut(std::string_view text, std::size_t most);

// Fit for one line of a terminal or a log: what is no plain text becomes \n, \t or \x1b; of a text
// of more than about `most` bytes the middle is left out.
std::string printable(std::string_view text, std::size_t most);

}  // namespace resources
