// What the builder last made, for those who explain it: status, explain, route, metrics. The doors
// themselves read their own tables; all three come from one build and carry its version.
//
// Thread: immutable, published by the builder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/document_store.hpp"
#include "base/time.hpp"
#include "discovery/publication.hpp"
#include "discovery/sources/kubernetes/reading.hpp"
#include "discovery/view/resolution.hpp"
#include "forwarder/compile.hpp"

namespace agent {

struct Served {
  std::uint64_t version = 0;
  base::TimePoint built_at{};
  base::Duration build_time{};
  std::shared_ptr<const discovery::Publication> publication;
  std::shared_ptr<const AcceptedDocuments> documents;
  // Custom resources among them; null where there is no Kubernetes.
  std::shared_ptr<const discovery::sources::kubernetes::CustomTexts> texts;
  std::shared_ptr<const discovery::view::Resolution> resolution;
  resources::Problems row_problems;      // documents that are no rows, or that nobody asks for here
  resources::Problems routing_problems;  // of route tables: a bad regex, a route to nothing
  forwarder::Statuses routing;
  std::vector<std::string> dns_problems;  // names that clash, or that cannot be
};

// All that is wrong with the documents, each said once, whoever found it.
resources::Problems problems_of(const Served& served);
// What an operator must mend of them, one line a file: held back, or serving with an error.
std::vector<std::string> troubles_of(const Served& served);

}  // namespace agent
