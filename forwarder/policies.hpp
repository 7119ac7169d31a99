// The policies of all kinds, and the treatment that each route gets by them.
//
// They go from table to table while no policy changes: what routes ask of them is counted with the
// routes.
// Thread: the builder's; treatments are immutable.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "forwarder/attachment.hpp"
#include "forwarder/header_edits.hpp"
#include "forwarder/treatment.hpp"
#include "resources/documents.hpp"

namespace forwarder {

class Policies {
 public:
  explicit Policies(const resources::Documents& documents);

  // Of the same policies.
  bool are_of(const resources::Documents& documents) const;
  bool empty() const { return headers_.empty() && retries_.empty(); }
  // Some policy selects routes by their destinations.
  bool ask_for_destinations() const { return ask_for_destinations_; }

  using Headers = std::shared_ptr<const resources::HeaderManipulationPolicy>;
  using Retries = std::shared_ptr<const resources::RetryTimeoutPolicy>;
  // The policies that a route has. Routes with the same choice are treated alike.
  struct Choice {
    Retries retries;
    Headers headers;
    std::vector<Headers> of_destinations;  // of each; empty = none has one
    friend auto operator<=>(const Choice&, const Choice&) = default;
  };
  // What some routes asked of the policies.
  struct Claimed {
    Claims retries, headers;
  };
  Choice choose(const SelectableRoute& route, Claimed& claimed) const;

  // What the route gets; null: nothing. The same object for the same policies.
  std::shared_ptr<const Treatment> treatment(const Choice& choice);
  // What one of its destinations gets instead; null: the same as the route.
  std::shared_ptr<const Treatment> treatment(const Choice& choice, std::size_t destination);

  // `claimed`: by all routes.
  void report(const Claimed& claimed, resources::Problems& problems, Statuses& statuses) const;

 private:
  std::shared_ptr<const Treatment> make(const Choice& choice, const Headers& of_destination);

  Attachment<resources::RetryTimeoutPolicy> retries_;
  Attachment<resources::HeaderManipulationPolicy> headers_;
  std::map<const resources::HeaderManipulationPolicy*, PreparedHeaders> prepared_;
  resources::Problems problems_;  // of the policies by themselves
  bool ask_for_destinations_ = false;
  std::map<std::tuple<Retries, Headers, Headers>, std::shared_ptr<const Treatment>> made_;
};

}  // namespace forwarder
