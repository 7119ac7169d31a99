// The policies of all kinds, and the treatment that each route gets by them.
//
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
  Policies(const resources::Documents& documents, resources::Problems& problems);

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
  Choice choose(const SelectableRoute& route);

  // What the route gets; null: nothing. The same object for the same policies.
  std::shared_ptr<const Treatment> treatment(const Choice& choice);
  // What one of its destinations gets instead; null: the same as the route.
  std::shared_ptr<const Treatment> treatment(const Choice& choice, std::size_t destination);

  // When every route has been asked for.
  void report(resources::Problems& problems, std::vector<DocumentStatus>& statuses) const;

 private:
  std::shared_ptr<const Treatment> make(const Choice& choice, const Headers& of_destination);

  Attachment<resources::RetryTimeoutPolicy> retries_;
  Attachment<resources::HeaderManipulationPolicy> headers_;
  std::map<const resources::HeaderManipulationPolicy*, PreparedHeaders> prepared_;
  bool ask_for_destinations_ = false;
  std::map<std::tuple<Retries, Headers, Headers>, std::shared_ptr<const Treatment>> made_;
};

}  // namespace forwarder
