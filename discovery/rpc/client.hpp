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
// A bulk stream of a link that we have dialled, to the same address on a connection of its own. As
// with a link, but nobody tries again; 0 where that link has gone.
LinkId dial_bulk(Links& links, LinkId of, std::shared_ptr<const Security> security);

}  // namespace discovery::rpc
