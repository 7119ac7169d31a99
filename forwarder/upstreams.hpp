// What a route's destination reference means here, made into an upstream: each destination, port
// and subset once.
//
// A VIRTUAL_DESTINATION is found by namespace and name whichever cluster exports it. A SERVICE
// without a cluster is that service wherever it is exported, our own cluster's endpoints first as
// selection orders them; with a cluster it is that cluster's only. Selection decides tiers, shares
// and health for a subset or a single cluster just as for the whole, from the endpoints that
// remain.
//
// What the table before had of the same destination is not made again (kept_upstreams.hpp).
// Thread: the builder's; the upstreams it makes are immutable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "discovery/view/resolution.hpp"
#include "forwarder/destination_names.hpp"
#include "forwarder/destination_policies.hpp"
#include "forwarder/kept_upstreams.hpp"
#include "forwarder/table.hpp"
#include "resources/object.hpp"

namespace forwarder {

// What a reference's destination is called in a resolution.
std::string sought_name(const resources::DestinationRef& ref);

class Upstreams {
 public:
  using Source = KeptUpstreams::Source;

  // `names` are of the resolution.
  Upstreams(const discovery::view::Resolution& resolution, KeptUpstreams& kept,
            const DestinationNames& names, DestinationPolicies& policies)
      : resolution_(resolution), kept_(kept), names_(names), policies_(policies) {}

  struct Target {
    UpstreamId upstream = kNoUpstream;
    std::shared_ptr<const discovery::view::Destination> destination;
    discovery::view::DestinationPort port;  // of it
  };
  // `home` is the namespace of the document that refers. Errors: not_found; unavailable instead
  // while the view is not synced, for it may come; invalid where the reference itself is wrong.
  base::Result<Target> find(const resources::DestinationRef& ref, std::string_view home);

  // The name nearest to one that is not known, as a hint; "" when none is near.
  std::string did_you_mean(const resources::DestinationRef& ref, std::string_view home) const;

  UpstreamId of(const Source& destination, const discovery::view::DestinationPort& port);
  const std::string& name(UpstreamId id) const { return kept_.name(id); }

  // Once all are found: makes those anew that kept routes lead to.
  void renew();

 private:
  using Destination = discovery::view::Destination;
  using Port = discovery::view::DestinationPort;
  using Recipe = KeptUpstreams::Recipe;

  using Services = std::map<ReferenceNameLess::View,
                            std::vector<std::shared_ptr<const discovery::view::Service>>>;
  const Services& services() const;
  // Of several of one name: in the cluster asked for, else our own, else the first by host.
  Source find_destination(Destination::Kind kind, std::string_view namespace_,
                          const resources::ObjectRef& ref) const;
  // A service that no zone gives a name to, by the services themselves; null when there are none.
  std::shared_ptr<const Destination> unnamed_service(std::string_view namespace_,
                                                     std::string_view name) const;
  UpstreamId seek(Recipe recipe);
  UpstreamId make(std::string name, Recipe recipe);
  std::shared_ptr<Upstream> fill(std::string name, const Recipe& recipe,
                                 const discovery::view::Selection& selection,
                                 const Destination& destination);

  const discovery::view::Resolution& resolution_;
  KeptUpstreams& kept_;
  const DestinationNames& names_;
  DestinationPolicies& policies_;
  mutable std::optional<Services> services_;
};

}  // namespace forwarder
