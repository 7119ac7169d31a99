#include "discovery/endpoint_row.hpp"

#include <optional>

#include "discovery/row_fields.hpp"

namespace discovery {
namespace {

// Field numbers. Numbers are never reused.
namespace endpoint_field {
enum : std::uint32_t {
  ip = 1,
  port = 2,
  region = 3,
  zone = 4,
  sub_zone = 5,
  network = 6,
  health = 7,
  weight_zero = 8,
  weight = 9,
  label = 10,
  hostname = 11,
  zone_rest = 12,  // of a zone whose name begins with the region's: what follows
  second_address = 13
};
}

}  // namespace

bool take_apart(const RowView& row, EndpointParts& parts) {
  std::array<std::string_view, 3> names;
  if (!row.key.starts_with("e/") || !split_key(row.key, names)) return false;
  parts.namespace_ = names[0], parts.service = names[1], parts.id = names[2];
  parts.health = view::Health::healthy;
  parts.weight = 1;
  parts.traits.clear();

  std::optional<base::Result<base::IpAddress>> ip;
  FieldReader in(row.value);
  bool good = true;
  std::size_t rest = 0;  // where the fields begin that are not in `traits` yet
  for (std::size_t at = 0; const auto field = in.next(); at = in.position()) {
    switch (field->id) {
      case endpoint_field::ip:
        ip = base::IpAddress::from_bytes(base::as_span(field->bytes));
        break;
      case endpoint_field::health:
        // A health of a later version is not one we may send traffic to.
        parts.health =
            field->number <= 2 ? static_cast<view::Health>(field->number) : view::Health::unhealthy;
        break;
      case endpoint_field::weight_zero:
        parts.weight = field->number ? 0 : parts.weight;
        break;
      case endpoint_field::weight:
        good &= read_number(*field, parts.weight);
        break;
      default:
        continue;
    }
    parts.traits.append(row.value.substr(rest, at - rest));
    rest = in.position();
  }
  if (!good || !in.ok()) return false;
  parts.traits.append(row.value.substr(rest));
  if (!ip) ip = base::IpAddress::parse(parts.id);
  if (!ip->ok()) return false;
  parts.ip = **ip;
  return true;
}

bool decode_traits(std::string_view fields, view::Traits& traits) {
  FieldReader in(fields);
  std::string_view zone_rest;
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case endpoint_field::port: {
        view::ServicePort port;
        good &= read_port(field->bytes, port);
        traits.ports.push_back({std::move(port.name), port.number});
        break;
      }
      case endpoint_field::region:
        traits.locality.region = field->bytes;
        break;
      case endpoint_field::zone:
        traits.locality.zone = field->bytes;
        break;
      case endpoint_field::zone_rest:
        zone_rest = field->bytes;
        break;
      case endpoint_field::sub_zone:
        traits.locality.sub_zone = field->bytes;
        break;
      case endpoint_field::network:
        traits.network = field->bytes;
        break;
      case endpoint_field::label:
        good &= read_label(field->bytes, traits.labels);
        break;
      case endpoint_field::hostname:
        traits.hostname = field->bytes;
        break;
      case endpoint_field::second_address:
        traits.second_address = field->number != 0;
        break;
      default:
        break;
    }
  if (!zone_rest.empty()) traits.locality.zone = traits.locality.region + std::string(zone_rest);
  return good && in.ok();
}

EncodedRow encode_row(const EndpointRow& row) {
  const auto& traits = row.traits;
  FieldWriter out;
  if (row.id != row.ip.to_string())  // most are called by their address
    out.text(endpoint_field::ip, base::as_text(row.ip.bytes()));
  for (const auto& port : traits.ports)
    out.entry(endpoint_field::port, encode_port(port.name, port.number, "", 0, ""));
  const auto& [region, zone, sub_zone] = traits.locality;
  out.text(endpoint_field::region, region);
  const bool follows = !region.empty() && zone.size() > region.size() && zone.starts_with(region);
  if (follows)
    out.text(endpoint_field::zone_rest, std::string_view(zone).substr(region.size()));
  else
    out.text(endpoint_field::zone, zone);
  out.text(endpoint_field::sub_zone, sub_zone);
  out.text(endpoint_field::network, traits.network);
  out.number(endpoint_field::health, static_cast<std::uint64_t>(row.health));
  out.number(endpoint_field::weight_zero, row.weight == 0);
  out.number(endpoint_field::weight, row.weight == 1 ? 0 : row.weight);
  write_labels(out, endpoint_field::label, traits.labels);
  out.text(endpoint_field::hostname, traits.hostname);
  out.number(endpoint_field::second_address, traits.second_address);
  return {"e/" + row.namespace_ + "/" + row.service + "/" + row.id, std::move(out).take()};
}

}  // namespace discovery
