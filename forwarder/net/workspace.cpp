#include "forwarder/net/workspace.hpp"

namespace forwarder::net {

base::net::IoResult send_now(base::net::Stream& stream, std::span<iovec> pieces, Buffer& spill) {
  const auto attempt = stream.try_write(pieces);
  if (attempt.want != base::net::Want::nothing)
    for (const auto& piece : pieces)
      spill.bytes().append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return attempt.result;
}

}  // namespace forwarder::net
