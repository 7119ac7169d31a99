// Opens links: one attempt at one address, its own channel, no retry. Who to dial and when is the
// dialer's.
//
// Thread: the one that calls Links::stop(): control.
#pragma once

#include <memory>

#include "base/address.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/security.hpp"

namespace discovery::rpc {

// LinkUp or DialFailed will follow for the number returned. An attempt that hangs is ended with
// Links::close().
LinkId dial(Links& links, const base::SocketAddress& to, std::shared_ptr<const Security> security);

}  // namespace discovery::rpc
