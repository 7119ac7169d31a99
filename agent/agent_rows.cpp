// What an agent says of itself and of its orders, and what its siblings say of theirs.
#include "agent/agent.hpp"
#include "agent/settings.hpp"
#include "agent/version.hpp"
#include "discovery/of_itself.hpp"

namespace agent {

// Siblings send their callers to our forwarder while it can serve them.
void Agent::post_agent_row(const Config& config) {
  discovery::AgentRow row;
  row.advertise = advertised(config);
  row.version = version();
  row.locality = config.locality;
  if (ready_) row.forwarders = config.forwarder.listen;
  control_->post(
      SourceRows{"agent", std::vector{discovery::encode(discovery::RowValue(row))}, 0, {}});
}

void Agent::post_drains(discovery::DrainStates drains, std::vector<discovery::DrainOrder> orders) {
  std::vector<discovery::EncodedRow> rows;
  if (!drains.empty())
    rows.push_back(discovery::encode(discovery::RowValue(discovery::DrainRow{std::move(drains)})));
  control_->post(SourceRows{"drains", std::move(rows), 0, {}});
  if (state_) state_->keep(std::move(orders));
}

// What is not exported leaves this agent in no frame, so that siblings do not hear of it either.
void Agent::post_registrations() {
  std::vector<discovery::EncodedRow> rows;
  for (const auto& record :
       registrar_->records([rule = export_rule(shown_config_)](const auto& metadata) {
         return discovery::sources::is_exported(metadata, rule);
       }))
    rows.push_back(discovery::encode_registration(record));
  control_->post(SourceRows{"leases", std::move(rows), 0, {}});
}

// On the control thread.
void Agent::hear_sibling(SiblingWord word) {
  io_->post(
      [this, word = std::move(word)] {
        drainer_->adopt(discovery::drains_in(word.rows));
        registrar_->hear(word);
      },
      base::Delivery::must_deliver);
}

}  // namespace agent
