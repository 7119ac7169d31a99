#include "agent/local_rows.hpp"

#include "resources/cross_checks.hpp"

namespace agent {
namespace {

template <class Document>
void leave_to_home(resources::Problems& problems, std::string_view kind,
                   const resources::SharedList<Document>& documents) {
  if (documents.empty()) return;
  const auto more = documents.size() - 1;
  const auto& first = documents.front().metadata;
  problems.push_back(resources::about(
      resources::Severity::warning, kind, first, first.place, "",
      std::string("a leaf publishes nothing: ") +
          (more == 0 ? "this one is" : "this one and " + std::to_string(more) + " more are") +
          " left to its home",
      "give it to an agent of the cluster; a leaf reads its route tables only"));
}

}  // namespace

discovery::sources::MadeRows local_rows(const resources::Documents& documents, Role role,
                                        const discovery::sources::ExportRule& exports) {
  if (role == Role::agent) return discovery::sources::make_rows(documents, exports);
  discovery::sources::MadeRows none;
  leave_to_home(none.problems, "Service", documents.services);
  leave_to_home(none.problems, "EndpointSlice", documents.endpoint_slices);
  leave_to_home(none.problems, "StaticService", documents.static_services);
  leave_to_home(none.problems, "VirtualDestination", documents.virtual_destinations);
  return none;
}

}  // namespace agent
