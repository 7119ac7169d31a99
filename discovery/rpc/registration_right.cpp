#include "discovery/rpc/registration_right.hpp"

#include "base/address.hpp"

namespace discovery::rpc {

std::string registration_objection(const std::string& cluster, const ProvenPeer* peer,
                                   const std::string& address) {
  if (!peer) {
    const auto from = base::SocketAddress::parse(address);
    if (from && from->ip.is_loopback()) return "";
    return "this mesh is insecure: nobody registers from another host";
  }
  const auto remedy = ": show one of `nearmost tls issue --cluster " + cluster + "`";
  if (peer->cluster != cluster)
    return "a certificate for cluster " + peer->cluster + " registers nothing in " + cluster +
           remedy;
  if (peer->leaf) return "a leaf's certificate cannot speak for cluster " + cluster + remedy;
  return "";
}

}  // namespace discovery::rpc
