// What every document has: a name, labels, a place; and how documents refer to each other (Gloo's
// ObjectReference, ObjectSelector, PortSelector, DestinationReference; ../shared/reference/gloo.md
// §1 in the project's references).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/labels.hpp"
#include "resources/problem.hpp"

namespace resources {

// On an object, "true" or "false": whether other clusters are told of it, whatever its namespace.
inline constexpr const char* kExportAnnotation = "nearmost.io/export";
// The cluster that an object belongs to, where the folder holds those of several.
inline constexpr const char* kClusterAnnotation = "cluster.solo.io/cluster";

struct Metadata {
  std::string name;
  std::string namespace_ = "default";
  std::string cluster;  // by kClusterAnnotation; "" = this one
  base::Labels labels;
  base::Labels annotations;
  std::int64_t created_at =
      0;  // creationTimestamp in seconds since 1970, as published data; 0 = absent
  Place place;
};

// "shop/reviews", or "east/shop/reviews" where the document says its cluster: how problems call it.
std::string name_of(const Metadata& object);

// The identity of a document inside its kind: cluster (""= this one), namespace, name.
struct ObjectRef {
  std::string name;
  std::string namespace_;  // "" = the parent's
  std::string cluster;     // "" = the parent's
  Place place;
};

// Whether a reference that stands in the object `from` means that object.
bool refers_to(const ObjectRef& ref, const Metadata& from, const Metadata& object);

// All given parts must hold; a list of selectors is an OR. An empty selector selects everything
// visible.
struct ObjectSelector {
  base::Labels labels;
  std::string name, namespace_, cluster, workspace;  // "" = any

  bool matches(const Metadata& object, std::string_view in_cluster) const;
  bool matches(const base::Labels& object_labels, std::string_view object_name,
               std::string_view object_namespace, std::string_view in_cluster) const;
};

// True when `a` wins over `b` where two documents claim the same thing: the older one (unknown age
// comes last), then the order of (cluster, namespace, name). The same everywhere, so that all
// agents name the same winner.
bool precedes(const Metadata& a, const Metadata& b);

struct PortSelector {
  std::uint16_t number = 0;  // 0 = by name
  std::string name;          // "" = by number; both unset = the only port
  bool unset() const { return number == 0 && name.empty(); }
  friend bool operator==(const PortSelector&, const PortSelector&) = default;
};

// `unsupported` is what we could read but cannot send to (a cloud function): it counts as a
// destination without endpoints.
enum class DestinationKind { service, virtual_destination, external_service, unsupported };

struct DestinationRef {
  ObjectRef ref;
  DestinationKind kind = DestinationKind::service;
  PortSelector port;
  base::Labels subset;  // only endpoints with all these labels
  std::optional<std::uint32_t>
      weight;  // an explicit 0 means never; absent takes a share of the remainder
  Place place;
};

}  // namespace resources
