#include "discovery/sources/kubernetes/pod_table.hpp"

#include <algorithm>
#include <unordered_set>

namespace discovery::sources::kubernetes {

std::shared_ptr<const PodLabels> read_pods(const Reflector& pods, const Reflector& slices,
                                           const PodLabels* before) {
  auto table = std::make_shared<PodLabels>();
  table->keys = pods.resource().labels;
  std::unordered_set<std::uint64_t> there;
  for (const auto& [name, object] : pods.objects()) {
    there.insert(object.pod.name);
    if (!object.labels.empty())
      table->pods.emplace(object.pod.name, PodLabels::Pod{object.pod, object.labels});
  }
  if (!before || table->keys.empty()) return table;
  std::map<std::uint64_t, const PodLabels::Pod*> gone;
  for (const auto& [name, pod] : before->pods)
    if (!there.contains(name)) gone.emplace(name, &pod);
  if (gone.empty()) return table;
  for (const auto& [name, object] : slices.objects())
    for (const auto& slice : object.documents.endpoint_slices)
      for (const auto& endpoint : slice.endpoints) {
        const auto found = gone.find(endpoint.pod.name);
        if (found != gone.end() && endpoint.pod.means(found->second->ref))
          table->pods.emplace(found->first, *found->second);
      }
  return table;
}

}  // namespace discovery::sources::kubernetes
