#include "discovery/of_itself.hpp"

#include "discovery/row.hpp"

namespace discovery {
namespace {

template <class Value>
Value find_row(const Rows& rows, std::string_view key) {
  const auto row = rows.find(key);
  if (!row) return {};
  auto value = decode(row->key, row->value);
  auto* found = value.ok() ? std::get_if<Value>(&*value) : nullptr;
  return found ? std::move(*found) : Value{};
}

}  // namespace

std::string advertised_in(const Rows& rows) {
  return find_row<AgentRow>(rows, kAgentKey).advertise;
}
std::string stuck_in(const Rows& rows) { return find_row<StuckRow>(rows, kStuckKey).why; }
DrainStates drains_in(const Rows& rows) { return find_row<DrainRow>(rows, kDrainKey).drains; }
SubsetsRow subsets_in(const Rows& rows) { return find_row<SubsetsRow>(rows, kSubsetsKey); }

}  // namespace discovery
