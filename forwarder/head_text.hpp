// Can a text that an operator wrote stand in a message's head? What could not would end a line, or
// be another target to the next hop than to us.
//
// The errors quote the text with what cannot be printed as \xNN. Thread: pure.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace forwarder {

// As a path, or a part of one: RFC 9112 §3.2; a fragment never reaches the wire.
base::Result<void> check_path(std::string_view text);
// As a path in a Location, which may have a fragment (RFC 9110 §10.2.2).
base::Result<void> check_location(std::string_view text);
// As host [":" port].
base::Result<void> check_host(std::string_view text);

}  // namespace forwarder
