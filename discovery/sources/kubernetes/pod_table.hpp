// What subsets may look at of the Pods that are mirrored.
//
// A Pod goes before its endpoint does: as long as some slice names it, what it was last stays, so
// that an endpoint which drains leaves no subset before it leaves. Invariant: a table is of the
// keys that it names, as a whole. Thread: pure functions. Cost: linear in the Pods that have such
// labels; in the endpoints, too, while one of them is named that has gone.
#pragma once

#include <memory>

#include "discovery/sources/kubernetes/reflector.hpp"
#include "discovery/sources/rows.hpp"

namespace discovery::sources::kubernetes {

// `before`: of the state before; null = of none. `slices` mirrors EndpointSlices.
std::shared_ptr<const PodLabels> read_pods(const Reflector& pods, const Reflector& slices,
                                           const PodLabels* before);

}  // namespace discovery::sources::kubernetes
