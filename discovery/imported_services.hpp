// One origin's services with the endpoints that may not be imported set aside, each with the
// reason.
//
// What the import rule has nothing against is the origin's own object, and what has not changed
// since the last time the same as then. Thread: the builder's.
#pragma once

#include <memory>
#include <vector>

#include "discovery/import_rule.hpp"
#include "discovery/origin_services.hpp"

namespace discovery {

class ImportedServices {
 public:
  using Services = std::vector<std::shared_ptr<const view::Service>>;
  const Services& of(const std::shared_ptr<const OriginServices>& origin, const ImportRule& rule);

 private:
  ImportRule rule_;
  std::shared_ptr<const OriginServices> from_;  // null before the first
  Services services_;                           // what became of each of from_->services
};

}  // namespace discovery
