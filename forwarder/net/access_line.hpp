// One line of the access log, in one of two forms.
//
// text is much as Envoy's default line, with our reason, route, destination and attempts behind it:
//   [2026-11-27T09:30:41.123Z] "GET /r HTTP/1.1" 503 UH 0 181 0 "10.0.0.7" "curl/8.5" "-"
//   "ratings.mesh.internal" "-" "no endpoint" "bookinfo/ratings[0]" "ratings.mesh.internal:9080" 0
// (on one line). What is absent is "-"; quotes, backslashes and control characters are \xHH. json
// is one object, its fields named as docs/DOCUMENTS.md lists them; what is absent is left out.
// Thread: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "forwarder/net/access_record.hpp"

namespace forwarder::net {

enum class AccessFormat : std::uint8_t { text, json };

// Appends the line and its end. `began` is the record's, by the wall clock.
void append_line(const AccessRecord& record, std::chrono::system_clock::time_point began,
                 AccessFormat format, std::string& out);

}  // namespace forwarder::net
