// gRPC's words for a peer's address, as we write addresses. Thread: a pure function.
#pragma once

#include <string>

namespace discovery::rpc {

// Of "ipv4:10.0.0.1:7700" or "ipv6:%5B::1%5D:7700".
inline std::string readable(std::string peer) {
  if (const auto colon = peer.find(':'); colon != std::string::npos) peer.erase(0, colon + 1);
  for (const auto& [code, text] : {std::pair{"%5B", "["}, {"%5D", "]"}})
    if (const auto at = peer.find(code); at != std::string::npos) peer.replace(at, 3, text);
  return peer;
}

}  // namespace discovery::rpc
