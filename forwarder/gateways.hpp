// Which route tables serve on which port for callers from outside the mesh: VirtualGateway's HTTP
// listeners (gloo.md §18).
//
// A table is bound to a listener of each gateway that its `virtualGateways` names, for those of its
// hosts that the listener allows it. A listener with httpsRedirect sends every request to the same
// URL with https and its usual port. Several gateways may share a port: it serves what each of them
// would. On a gateway's port nothing else is served, unless the mesh needs that port itself; then
// what no gateway names is the mesh's. All gateways of this agent's documents are served here,
// whatever `workloads` says. Thread: the builder's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "forwarder/kept_roots.hpp"
#include "forwarder/named_hosts.hpp"
#include "forwarder/routes.hpp"
#include "forwarder/status.hpp"
#include "resources/documents.hpp"

namespace forwarder {

class Gateways {
 public:
  using List = resources::SharedList<resources::VirtualGateway>;

  bool are_of(const List& gateways) const { return gateways_.pointers() == gateways.pointers(); }
  // Anew, of all roots.
  void bind(const List& gateways, const KeptRoots& roots, resources::Problems& problems);

  // Of the ports that gateways open, each once, in order. `mesh`: ports it needs itself.
  GatewayPorts ports(const std::set<std::uint16_t>& mesh) const;
  // Where a table is bound: "VirtualGateway shop/edge on port 80".
  std::vector<std::string> bound(const resources::RouteTable& table) const;
  // `problems`: of all documents.
  void report(const resources::Problems& problems, Statuses& statuses) const;

 private:
  void bind(const resources::VirtualGateway& gateway, const KeptRoots& roots,
            resources::Problems& problems);
  // False: the listener allows it no host.
  bool bind(const resources::VirtualGateway& gateway, const resources::GatewayListener& listener,
            const Root& root, NamedHosts& hosts, resources::Problems& problems);
  void warn_of_refused(const resources::VirtualGateway& gateway, const Root& root,
                       resources::Problems& problems) const;
  NamedHosts& open(std::uint16_t port);

  List gateways_;
  std::map<std::uint16_t, NamedHosts> hosts_, before_;  // of tables, by port
  std::map<std::uint16_t, std::shared_ptr<const Hosts>> redirects_;
  std::set<std::pair<const resources::RouteTable*, std::string>> served_;  // by one gateway
  std::map<const resources::RouteTable*, std::vector<std::string>> bound_;
  std::map<const resources::VirtualGateway*, std::vector<std::string>> notes_;
};

}  // namespace forwarder
