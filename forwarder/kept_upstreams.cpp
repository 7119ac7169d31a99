#include "forwarder/kept_upstreams.hpp"

namespace forwarder {

std::uint64_t KeptUpstreams::begin_table() { return table_ = slots_.begin_table(); }

std::shared_ptr<const Upstream> KeptUpstreams::find(const std::string& name, const Source& source) {
  const auto known = kept_.find(name);
  if (known == kept_.end()) return nullptr;
  auto& kept = known->second;
  if (kept.table != table_ && (!source || kept.source != source)) return nullptr;
  kept.table = table_;
  return kept.upstream;
}

void KeptUpstreams::put(Source source, std::shared_ptr<const Upstream> upstream) {
  auto& kept = kept_[upstream->name];
  if (kept.upstream) release(*kept.upstream);
  kept = {std::move(source), std::move(upstream), table_};
}

void KeptUpstreams::end_table() {
  std::erase_if(kept_, [this](const auto& entry) {
    if (entry.second.table == table_) return false;
    release(*entry.second.upstream);
    return true;
  });
  slots_.end_table();
}

void KeptUpstreams::release(const Upstream& upstream) {
  for (const auto& tier : upstream.tiers)
    for (const auto& member : tier.members) slots_.release(member.slot);
}

}  // namespace forwarder
