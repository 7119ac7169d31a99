// A moment as the Date field has it (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
// Thread: pure functions.
#pragma once

#include <chrono>
#include <string>

namespace forwarder::http {

// IMF-fixdate, always 29 characters, for the years up to 9999.
void append_date(std::string& out, std::chrono::sys_seconds moment);

}  // namespace forwarder::http
