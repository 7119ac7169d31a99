#include "dns/fetch_ahead.hpp"

#include "dns/message.hpp"

namespace dns {

void FetchAhead::add(std::span<const std::uint8_t> query) {
  if (count_ == kMost) return;
  auto& steps = steps_[count_++];
  if (query.size() <= kHeaderSize) return;
  const auto name = Name::read(query.subspan(kHeaderSize));
  if (!name) return;
  auto wire = name->wire();
  while (wire[0] != 0 && wire[1] == '_') wire = parent_of(wire);  // "_http._tcp." of a service
  steps = index_.approach(wire);
}

std::size_t FetchAhead::fetch() {
  for (std::size_t i = 0; i < count_; ++i) steps_[i].fetch_node();
  for (std::size_t i = 0; i < count_; ++i) steps_[i].fetch_host();
  std::size_t hosts = 0;
  for (std::size_t i = 0; i < count_; ++i) hosts += steps_[i].fetch_parts();
  return hosts;
}

}  // namespace dns
