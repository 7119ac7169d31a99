#include "discovery/sources/kubernetes/resources_read.hpp"

#include <algorithm>

#include "discovery/sources/kubernetes/messages.hpp"
#include "resources/kinds/catalogue.hpp"

namespace discovery::sources::kubernetes {
namespace {

std::string path_of(std::string_view group, std::string_view version) {
  return "apis/" + std::string(group) + "/" + std::string(version);
}

std::string_view group_of(const Resource& resource) {
  std::string_view path = resource.groups.front();
  path.remove_prefix(path.find('/') + 1);
  return path.substr(0, path.find('/'));
}

Resource custom(const resources::CustomKind& kind, std::string group) {
  return {"", std::string(kind.kind), {std::move(group)}, Resource::As::texts, false};
}

}  // namespace

std::vector<Resource> resources_read() {
  std::vector<Resource> all = {
      {"services", "Service", {"api/v1"}},
      {"endpointslices",
       "EndpointSlice",
       {"apis/discovery.k8s.io/v1", "apis/discovery.k8s.io/v1beta1"}},
      {"nodes", "Node", {"api/v1"}, Resource::As::places, false},
      {"pods", "Pod", {"api/v1"}, Resource::As::labels, false},
  };
  const auto kinds = resources::custom_kinds();
  for (const auto& kind : kinds)
    all.push_back(custom(kind, path_of(resources::kOwnGroup, resources::kOwnVersion)));
  for (const auto& kind : kinds) all.push_back(custom(kind, path_of(kind.group, kind.version)));
  return all;
}

std::vector<std::string> groups_of(const std::vector<Resource>& resources) {
  std::vector<std::string> groups;
  for (const auto& resource : resources)
    if (resource.as == Resource::As::texts &&
        std::ranges::find(groups, resource.groups.front()) == groups.end())
      groups.push_back(resource.groups.front());
  return groups;
}

std::string place_of(const Resource& resource, const std::string& object) {
  return std::string(kPlace) + (is_ours(resource) ? "" : " " + std::string(group_of(resource))) +
         ": " + resource.kind + " " + object;
}

std::pair<std::string_view, std::string_view> object_of_ours(std::string_view place) {
  constexpr std::string_view kSeparator = ": ";
  if (!place.starts_with(kPlace) || place.substr(kPlace.size(), 2) != kSeparator) return {};
  place.remove_prefix(kPlace.size() + kSeparator.size());
  const auto space = place.find(' ');
  if (space == place.npos) return {};
  return {place.substr(0, space), place.substr(space + 1)};
}

std::string status_path(const Resource& resource, std::string_view object) {
  const auto slash = object.find('/');
  return "/" + resource.groups.front() + "/namespaces/" + std::string(object.substr(0, slash)) +
         "/" + resource.name + std::string(object.substr(slash)) + "/status";
}

bool is_ours(const Resource& resource) { return group_of(resource) == resources::kOwnGroup; }

}  // namespace discovery::sources::kubernetes
