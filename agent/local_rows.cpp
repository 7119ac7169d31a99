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

LocalRows::Update LocalRows::update(const resources::Documents& documents, Role role,
                                    const discovery::sources::ExportRule& exports,
                                    const base::Locality& locality) {
  Update update;
  if (role == Role::agent) {
    auto [rows, home, problems] = kept_.update(documents, exports);
    home_ = discovery::sources::rows_at_home(home_, std::move(home), locality, ++version_);
    update.changes = std::move(rows);
    update.problems = std::move(problems);
  } else {
    leave_to_home(update.problems, "Service", documents.services);
    leave_to_home(update.problems, "EndpointSlice", documents.endpoint_slices);
    leave_to_home(update.problems, "StaticService", documents.static_services);
    leave_to_home(update.problems, "VirtualDestination", documents.virtual_destinations);
  }
  update.home = home_;
  return update;
}

}  // namespace agent
