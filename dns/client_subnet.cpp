#include "dns/client_subnet.hpp"

#include <algorithm>

#include "dns/message.hpp"

namespace dns {

base::IpAddress ClientSubnet::ip() const {
  if (is_v6) return base::IpAddress::v6(address);
  return base::IpAddress::v4(std::span(address).first<4>());
}

void ClientSubnet::write(std::span<std::uint8_t> out, std::uint8_t scope_bits) const {
  put_u16(out, 0, option::kClientSubnet);
  put_u16(out, 2, static_cast<std::uint16_t>(option_size() - 4));
  put_u16(out, 4, is_v6 ? 2 : 1);
  out[6] = source_bits;
  out[7] = scope_bits;
  std::copy_n(address.begin(), option_size() - 8, out.begin() + 8);
}

std::optional<ClientSubnet> read_client_subnet(std::span<const std::uint8_t> data) {
  if (data.size() < 4) return std::nullopt;
  const auto family = u16_at(data, 0);
  if (family != 1 && family != 2) return std::nullopt;
  ClientSubnet subnet{.is_v6 = family == 2, .source_bits = data[2]};
  if (subnet.source_bits > subnet.most_bits() || data[3] != 0) return std::nullopt;
  if (data.size() + 4 != subnet.option_size()) return std::nullopt;
  if (subnet.source_bits % 8 != 0 && (data.back() & (0xff >> subnet.source_bits % 8)) != 0)
    return std::nullopt;
  std::ranges::copy(data.subspan(4), subnet.address.begin());
  return subnet;
}

}  // namespace dns
