// The agent's state as JSON: what /api/v1 serves and what every command prints with -o json. One
// shape each, stable.
//
// Thread: pure functions over immutable values.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/refusals.hpp"
#include "agent/served.hpp"
#include "discovery/node.hpp"
#include "discovery/rpc/dialer.hpp"
#include "discovery/view/resolution.hpp"

namespace agent {

using Json = nlohmann::ordered_json;

// Whole milliseconds, or null.
Json ms_of(const std::optional<base::Duration>& time);

Json report(const std::optional<discovery::Home>& home);
Json report(const discovery::view::Destination& destination);
Json report(const discovery::view::Selection& selection);
Json report(const resources::Problems& problems);
Json report_services(const discovery::view::View& view);
Json report_endpoints(const discovery::view::View& view);
Json report_destinations(const discovery::view::Resolution& resolution);
// What the documents are, what is wrong with them, what became of each route table.
Json report_documents(const Served& served);
Json report(const forwarder::Statuses& statuses);
Json report(const std::vector<discovery::rpc::PeerStatus>& peers);
Json report(const std::vector<discovery::Hold>& holds);
std::string trouble_of(const discovery::Hold& hold);
Json report(const std::vector<Refusals::Entry>& refusals, base::TimePoint now);

}  // namespace agent
