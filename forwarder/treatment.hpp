// What policies ask for with the requests that a route takes, prepared when the table is made.
//
// Invariant: the edits point into the policies' documents, which are held. Thread: immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forwarder/http/render.hpp"
#include "forwarder/retry.hpp"
#include "resources/header_manipulation_policy.hpp"

namespace forwarder {

// Fields to take out and to add, as http::Edits has them.
struct HeaderEdits {
  std::vector<std::string_view> remove;
  std::vector<http::Header> add;

  http::Edits edits() const { return {remove, add}; }
};

struct Treatment {
  std::vector<std::string> policies;  // "HeaderManipulationPolicy shop/stamps"
  RetryRule retry;
  HeaderEdits request, response;
  std::vector<std::shared_ptr<const resources::HeaderManipulationPolicy>> documents;
};

}  // namespace forwarder
