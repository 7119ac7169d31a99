// Who may order the agent about through its admin listener: programs on this host, no web page.
//
// Loopback keeps other hosts out, but not a browser on this one: any page may send requests to
// 127.0.0.1 (a form needs no permission), and a name that a stranger rebinds to 127.0.0.1 may read
// the answers. Browsers say so: in Origin and Sec-Fetch-Site (Fetch, W3C Fetch Metadata), and in
// the name they asked for. Thread: pure.
#pragma once

#include <optional>

#include "agent/http_message.hpp"

namespace agent {

// Why this request is not answered; nothing when it may be. Every path of the listener asks.
std::optional<HttpReply> refuse_foreign(const HttpRequest& request);

}  // namespace agent
