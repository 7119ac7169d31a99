#include "discovery/endpoint_reader.hpp"

#include "discovery/row_check.hpp"

namespace discovery {
namespace {

constexpr std::size_t kFew = 64;  // not worth a sweep

}  // namespace

std::optional<EndpointReader::Read> EndpointReader::read(const RowView& row) {
  if (!take_apart(row, parts_)) return std::nullopt;
  const auto known = known_.find(parts_.traits);
  if (known != known_.end() && !may_be_called(parts_)) return std::nullopt;
  auto traits = known != known_.end() ? known->second : traits_of(row);
  if (!traits) return std::nullopt;
  return Read{parts_.namespace_,
              parts_.service,
              {parts_.ip, parts_.health, false, parts_.weight, std::move(traits)}};
}

// Of a row whose like was not read yet.
std::shared_ptr<const view::Traits> EndpointReader::traits_of(const RowView& row) {
  auto decoded = decode(row.key, row.value);
  auto* endpoint = decoded ? std::get_if<EndpointRow>(&*decoded) : nullptr;
  if (!endpoint) return nullptr;
  auto traits = std::make_shared<view::Traits>(std::move(endpoint->traits));
  traits->cluster = cluster_;
  auto& at = traits->locality;
  if (at.region.empty()) at.region = locality_.region;
  if (at.zone.empty() && at.region == locality_.region) at.zone = locality_.zone;
  return known_[parts_.traits] = std::move(traits);
}

void EndpointReader::sweep() {
  if (known_.size() <= kFew + 2 * swept_) return;
  std::erase_if(known_, [](const auto& known) { return known.second.use_count() == 1; });
  swept_ = known_.size();
}

}  // namespace discovery
