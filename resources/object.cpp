#include "resources/object.hpp"

#include <tuple>

#include "resources/precedence.hpp"

namespace resources {

std::string name_of(const Metadata& object) {
  return (object.cluster.empty() ? "" : object.cluster + '/') + object.namespace_ + '/' +
         object.name;
}

bool ObjectSelector::matches(const Metadata& object, std::string_view in_cluster) const {
  return matches(object.labels, object.name, object.namespace_, in_cluster);
}

bool ObjectSelector::matches(const base::Labels& object_labels, std::string_view object_name,
                             std::string_view object_namespace, std::string_view in_cluster) const {
  return (name.empty() || name == object_name) &&
         (namespace_.empty() || namespace_ == object_namespace) &&
         (cluster.empty() || cluster == in_cluster) && base::contains_all(object_labels, labels);
}

bool refers_to(const ObjectRef& ref, const Metadata& from, const Metadata& object) {
  return object.name == ref.name &&
         object.namespace_ == (ref.namespace_.empty() ? from.namespace_ : ref.namespace_) &&
         (ref.cluster.empty() || object.cluster.empty() || object.cluster == ref.cluster);
}

bool is_of_file(const Metadata& object) { return object.place.line != 0; }

std::string why_precedes(const Metadata& a, const Metadata& b) {
  if (is_of_file(a) != is_of_file(b)) return "of a file";
  return a.created_at != b.created_at ? "older" : "first by name";
}

bool precedes(const Metadata& a, const Metadata& b) {
  const auto rank = [](const Metadata& object) {
    return std::tie(object.cluster, object.namespace_, object.name);
  };
  // An unknown age is the youngest.
  const auto age = [](const Metadata& object) {
    return static_cast<std::uint64_t>(object.created_at) - 1;
  };
  if (is_of_file(a) != is_of_file(b)) return is_of_file(a);
  if (a.created_at != b.created_at) return age(a) < age(b);
  return rank(a) < rank(b);
}

}  // namespace resources
