// Fields behind a chunked body, on their way to a client that takes them (RFC 9110 §6.5).
//
// A client says so with `TE: trailers`, and is believed for itself and whoever is before it
// (§10.1.4); an upstream is asked for none otherwise. Those of requests end here: an upstream
// cannot say that it takes them. What frames, routes to or is meant for one hop is never passed on,
// and what came in the head is not merged with what comes here.
//
// Thread: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace forwarder::http {

// Appends the last chunk and the fields of `section`, which is whole and as ChunkedReader showed
// it.
void render_trailers(std::string_view section, std::string& out);

}  // namespace forwarder::http
