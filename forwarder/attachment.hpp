// Which policy a route or a destination has, of each kind, and what became of each policy: one rule
// for all kinds.
//
// A policy selects routes by their labels, inherited ones too, by the namespace and the cluster of
// the table that they stand in, or by a destination that they forward to; others select
// destinations. Of several of a kind that select one the first by resources::precedes has it: the
// oldest, then by name, in every agent alike. The others are skipped there and warned with the
// winner's name, and hold where they win; one that wins nowhere has failed (gloo.md §17, §20).
//
// Thread: the builder's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.hpp"
#include "forwarder/status.hpp"
#include "resources/policy.hpp"
#include "resources/shared_list.hpp"

namespace forwarder {

// A destination, as selectors see it.
struct SelectableDestination {
  resources::DestinationKind kind = resources::DestinationKind::service;
  std::string namespace_, name, cluster;
  base::Labels labels;
  std::uint16_t port = 0;
  std::string port_name;
};

struct SelectableRoute {
  std::string name;  // "shop/main[2] canary"
  base::Labels labels;
  std::string namespace_, cluster;  // of its table
  // In the order written, where some policy asks for them. What is not known has no labels.
  std::vector<SelectableDestination> destinations;
};

bool selects(const resources::RouteSelector& selector, const SelectableRoute& route);
// Whether some selector of the list does.
bool selects(const std::vector<resources::RouteSelector>& selectors, const SelectableRoute& route);
bool selects(const std::vector<resources::RouteDestinationSelector>& selectors,
             const SelectableRoute& route, const SelectableDestination& destination);
// An empty list selects every destination.
bool selects(const std::vector<resources::DestinationSelector>& selectors,
             const SelectableDestination& destination);

enum class Target : std::uint8_t { routes, destinations };

// What was asked of one policy.
struct Claim {
  std::size_t targets = 0;  // that it has
  // Those that it selects and others have: how many, the first, and the first's winner.
  std::size_t lost = 0;
  std::string first_lost;
  std::size_t lost_to = 0;          // its place
  std::set<std::size_t> winners{};  // of all of them
};
// Of the policies of one kind, by their place among those that win first.
using Claims = std::map<std::size_t, Claim>;

void add(Claims& all, const Claims& more);

// A policy as reports name it.
struct Attachable {
  std::string object;  // "RetryTimeoutPolicy shop/patient"
  const resources::Metadata* metadata = nullptr;
  Target target = Target::routes;  // what it is for
};
// Adds a warning for each policy that lost somewhere, and a status for each policy. `claims`: of
// all its targets; `problems`: those of all documents.
void report(const std::vector<Attachable>& policies, const Claims& claims,
            resources::Problems& problems, Statuses& statuses);

// All policies of one kind.
template <class Policy>
class Attachment {
 public:
  explicit Attachment(const resources::SharedList<Policy>& policies, Target target = Target::routes)
      : documents_(policies), policies_(policies.pointers()) {
    std::ranges::sort(policies_, [](const auto& a, const auto& b) {
      return resources::precedes(a->metadata, b->metadata);
    });
    for (const auto& policy : policies_)
      attachables_.push_back({std::string(Policy::kKind) + ' ' + name_of(policy->metadata),
                              &policy->metadata, target});
  }

  // Of the same documents.
  bool is_of(const resources::SharedList<Policy>& policies) const {
    return documents_.pointers() == policies.pointers();
  }
  bool empty() const { return policies_.empty(); }
  const auto& policies() const { return policies_; }  // those that win first

  // The one that has the target, of those for which selects(policy); null: none.
  template <class Selects>
  std::shared_ptr<const Policy> attach(const std::string& target, Claims& claims,
                                       Selects selects) const {
    auto won = policies_.size();
    for (std::size_t i = 0; i < policies_.size(); ++i) {
      if (!selects(*policies_[i])) continue;
      auto& claim = claims[i];
      if (won == policies_.size()) {
        won = i;
        ++claim.targets;
      } else if (claim.lost++ == 0) {
        claim.first_lost = target;
        claim.lost_to = won;
      }
      if (won != i) claim.winners.insert(won);
    }
    return won == policies_.size() ? nullptr : policies_[won];
  }

  void report(const Claims& claims, resources::Problems& problems, Statuses& statuses) const {
    forwarder::report(attachables_, claims, problems, statuses);
  }

 private:
  resources::SharedList<Policy> documents_;
  std::vector<std::shared_ptr<const Policy>> policies_;  // the first wins
  std::vector<Attachable> attachables_;                  // of each
};

}  // namespace forwarder
