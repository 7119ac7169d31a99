// Which routes serve the hosts that route tables name, in which order.
//
// Gathered anew where tables, or what the mesh has, changed: begin(); add() for each root in order;
// add_named() for each destination whose host one of them names; end(). Else keep(). Hosts that the
// same entries serve as before keep their routes. Thread: the builder's.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "forwarder/kept_roots.hpp"
#include "forwarder/routes.hpp"
#include "forwarder/upstreams.hpp"

namespace forwarder {

class NamedHosts {
 public:
  void begin();
  // Those of its hosts that serves(host) says. A host that an earlier root has is a warning. The
  // root stays until end(). False: it has none of them.
  bool add(const Root& root, resources::Problems& problems,
           const std::function<bool(const std::string&)>& serves);
  void add(const Root& root, resources::Problems& problems) {
    add(root, problems, [](const auto&) { return true; });
  }
  // It has routes of its own for the callers that no table of its host is for.
  void add_named(const Upstreams::Source& destination, Upstreams& upstreams);
  void end();

  // As they were, in the next table.
  void keep(KeptUpstreams& kept) const;

  // After end().
  const std::set<std::uint16_t>& ports() const { return ports_; }  // that something can come in on
  const std::shared_ptr<const Hosts>& hosts() const { return hosts_; }

 private:
  // A table's entries, or those of a destination by itself.
  struct Part {
    std::shared_ptr<const Entries> entries;
    const resources::RouteTable* table = nullptr;
    std::shared_ptr<const Addresses> excluded;
  };
  using Parts = absl::InlinedVector<std::size_t, 2>;  // of parts_
  using Lists = std::vector<std::shared_ptr<const Entries>>;
  // What a host has been made of before: most of one list alone.
  struct Made {
    absl::flat_hash_map<const Entries*, std::shared_ptr<const VirtualHost>> alone;
    std::map<Lists, std::shared_ptr<const VirtualHost>> merged;
    std::shared_ptr<const VirtualHost>& of(const Lists& lists) {
      return lists.size() == 1 ? alone[lists.front().get()] : merged[lists];
    }
  };

  // Null: every caller has some table.
  std::shared_ptr<const Addresses> excluded_by_all(const Parts& parts) const;
  VirtualHost merge(const Parts& parts) const;

  std::vector<Part> parts_;
  absl::flat_hash_map<std::string_view, Parts> by_host_;
  std::vector<UpstreamId> upstreams_;  // that destinations by themselves lead to
  std::set<std::uint16_t> ports_;
  Made made_;  // by the last end()
  std::shared_ptr<const Hosts> hosts_ = std::make_shared<const Hosts>();
};

}  // namespace forwarder
