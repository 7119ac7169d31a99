// What is read of a Kubernetes API server, as it is told: values without the reading itself.
//
// Thread: what is shared is immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "discovery/node.hpp"
#include "discovery/sources/rows.hpp"
#include "resources/documents.hpp"

namespace discovery::sources::kubernetes {

// A custom resource as the file that it could be. `generation`: the server's count of its specs.
struct CustomText {
  resources::File file;
  std::int64_t generation = 0;
  bool is_ours = false;  // its status is ours to write
};
using CustomTexts = std::vector<CustomText>;

struct Reading {
  resources::Documents documents;     // all but those of `texts`
  resources::Problems problems;       // of objects that cannot serve, or as they were before
  Listing listing = Listing::change;  // what it is to the reading before it
  std::string stuck;                  // why nothing new is read; "" = it is
  // Ours first. These three are the same objects as before until something in them changes.
  std::shared_ptr<const CustomTexts> texts;
  std::shared_ptr<const NodePlaces> places;
  // Of the labels that were wanted when all Pods were listed last, or refused; null before.
  std::shared_ptr<const PodLabels> pods;
};

}  // namespace discovery::sources::kubernetes
