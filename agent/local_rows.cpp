#include "agent/local_rows.hpp"

#include "resources/cross_checks.hpp"
#include "resources/external_aliases.hpp"

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
                                    const base::Locality& locality,
                                    const discovery::sources::Seen& seen) {
  if (role == Role::agent) return update(files_, documents, exports, locality, seen);
  Update update;
  leave_to_home(update.problems, "Service", documents.services);
  leave_to_home(update.problems, "EndpointSlice", documents.endpoint_slices);
  leave_to_home(update.problems, "ExternalService", documents.external_services);
  auto services = documents.static_services;
  auto destinations = documents.virtual_destinations;
  services.drop_last(documents.external_services.size());  // what serves those stands last
  erase_if(destinations, [](const auto& destination) {
    return resources::kind_of(destination.metadata.name) !=
           resources::DestinationKind::virtual_destination;
  });
  leave_to_home(update.problems, "StaticService", services);
  leave_to_home(update.problems, "VirtualDestination", destinations);
  return update;
}

LocalRows::Update LocalRows::update_kubernetes(const resources::Documents& objects,
                                               const discovery::sources::ExportRule& exports,
                                               const base::Locality& locality,
                                               const discovery::sources::Seen& seen) {
  return update(kubernetes_, objects, exports, locality, seen);
}

LocalRows::Update LocalRows::update(Source& source, const resources::Documents& documents,
                                    const discovery::sources::ExportRule& exports,
                                    const base::Locality& locality,
                                    const discovery::sources::Seen& seen) {
  auto [rows, home, problems] = source.kept.update(documents, exports, seen);
  source.home =
      discovery::sources::rows_at_home(source.home, std::move(home), locality, ++version_);
  return {std::move(rows), source.home, std::move(problems)};
}

LocalRows::Update LocalRows::update_registered(const resources::Documents& services,
                                               const discovery::sources::ExportRule& exports,
                                               const base::Locality& locality,
                                               const discovery::sources::Seen& seen) {
  return update(registered_, services, exports, locality, seen);
}

discovery::Rows at_home(const discovery::Rows& first, const discovery::Rows& other) {
  std::vector<discovery::Row> more;
  other.for_each([&](const discovery::RowView& row) {
    if (!first.find(row.key)) more.push_back(row.copy());
  });
  return first.with(more);
}

}  // namespace agent
