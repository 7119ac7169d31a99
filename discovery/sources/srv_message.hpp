// The SRV records of a DNS answer, as its bytes come (RFC 1035 §4.1, RFC 2782): c-ares reads them
// without their TTL.
//
// Whose they are is not asked: behind a CNAME it is another name than was. Errors: nothing where
// the bytes are no answer. Thread: a pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "discovery/sources/resolver.hpp"

namespace discovery::sources {

std::optional<Resolver::FoundSrv> read_srv(std::span<const std::uint8_t> message);

}  // namespace discovery::sources
