#include "discovery/row.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "discovery/fields.hpp"
#include "discovery/row_check.hpp"

namespace discovery {
namespace {

// Field numbers of each row kind. Numbers are never reused.
namespace agent_field {
enum : std::uint32_t {
  advertise = 1,
  version = 2,
  region = 3,
  zone = 4,
  sub_zone = 5,
  forwarder = 6
};
}
namespace stuck_field {
enum : std::uint32_t { why = 1 };
}
namespace service_field {
enum : std::uint32_t { label = 1, port = 2, headless = 3 };
}
namespace port_field {
enum : std::uint32_t { name = 1, number = 2, target_name = 3, target_number = 4, protocol = 5 };
}
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
  zone_rest = 12  // of a zone whose name begins with the region's: what follows
};
}
namespace destination_field {
enum : std::uint32_t { host = 1, selector = 2, port = 3, prefer = 4, label = 5, created_at = 6 };
}
namespace selector_field {
enum : std::uint32_t { label = 1, name = 2, namespace_ = 3, cluster = 4, workspace = 5 };
}

void write_labels(FieldWriter& out, std::uint32_t field, const base::Labels& labels) {
  for (const auto& [key, value] : labels) {
    FieldWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    out.entry(field, std::move(entry).take());
  }
}

bool read_label(std::string_view bytes, base::Labels& labels) {
  FieldReader in(bytes);
  std::string key, value;
  while (const auto field = in.next()) {
    if (field->id == 1) key = field->bytes;
    if (field->id == 2) value = field->bytes;
  }
  labels[std::move(key)] = std::move(value);
  return in.ok();
}

// Narrows a wire number; what does not fit makes the row invalid.
template <class N>
bool read_number(const Field& field, N& value) {
  if (field.number > std::numeric_limits<N>::max()) return false;
  value = static_cast<N>(field.number);
  return true;
}

base::Bytes encode_port(std::string_view name, std::uint16_t number, std::string_view target_name,
                        std::uint16_t target_number, std::string_view protocol) {
  FieldWriter out;
  out.text(port_field::name, name);
  out.number(port_field::number, number);
  out.text(port_field::target_name, target_name);
  out.number(port_field::target_number, target_number);
  out.text(port_field::protocol, protocol);
  return std::move(out).take();
}

bool read_port(std::string_view bytes, view::ServicePort& port) {
  FieldReader in(bytes);
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case port_field::name:
        port.name = field->bytes;
        break;
      case port_field::number:
        good &= read_number(*field, port.number);
        break;
      case port_field::target_name:
        port.target_name = field->bytes;
        break;
      case port_field::target_number:
        good &= read_number(*field, port.target_number);
        break;
      case port_field::protocol:
        port.app_protocol = field->bytes;
        break;
      default:
        break;
    }
  return good && in.ok();
}

base::Bytes encode_selector(const resources::ObjectSelector& selector) {
  FieldWriter out;
  write_labels(out, selector_field::label, selector.labels);
  out.text(selector_field::name, selector.name);
  out.text(selector_field::namespace_, selector.namespace_);
  out.text(selector_field::cluster, selector.cluster);
  out.text(selector_field::workspace, selector.workspace);
  return std::move(out).take();
}

bool read_selector(std::string_view bytes, resources::ObjectSelector& selector) {
  FieldReader in(bytes);
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case selector_field::label:
        good &= read_label(field->bytes, selector.labels);
        break;
      case selector_field::name:
        selector.name = field->bytes;
        break;
      case selector_field::namespace_:
        selector.namespace_ = field->bytes;
        break;
      case selector_field::cluster:
        selector.cluster = field->bytes;
        break;
      case selector_field::workspace:
        selector.workspace = field->bytes;
        break;
      default:
        break;
    }
  return good && in.ok();
}

EncodedRow encode_row(const AgentRow& row) {
  FieldWriter out;
  out.text(agent_field::advertise, row.advertise);
  out.text(agent_field::version, row.version);
  out.text(agent_field::region, row.locality.region);
  out.text(agent_field::zone, row.locality.zone);
  out.text(agent_field::sub_zone, row.locality.sub_zone);
  for (const auto& ip : row.forwarders)
    out.entry(agent_field::forwarder, base::as_text(ip.bytes()));
  return {base::Bytes(kAgentKey), std::move(out).take()};
}

EncodedRow encode_row(const StuckRow& row) {
  FieldWriter out;
  out.text(stuck_field::why, row.why);
  return {base::Bytes(kStuckKey), std::move(out).take()};
}

EncodedRow encode_row(const ServiceRow& row) {
  FieldWriter out;
  write_labels(out, service_field::label, row.labels);
  for (const auto& port : row.ports)
    out.entry(service_field::port, encode_port(port.name, port.number, port.target_name,
                                               port.target_number, port.app_protocol));
  out.number(service_field::headless, row.headless);
  return {"s/" + row.namespace_ + "/" + row.name, std::move(out).take()};
}

EncodedRow encode_row(const EndpointRow& row) {
  const auto& endpoint = row.endpoint;
  FieldWriter out;
  if (row.id != endpoint.ip.to_string())  // most are called by their address
    out.text(endpoint_field::ip, base::as_text(endpoint.ip.bytes()));
  for (const auto& port : endpoint.ports)
    out.entry(endpoint_field::port, encode_port(port.name, port.number, "", 0, ""));
  const auto& [region, zone, sub_zone] = endpoint.locality;
  out.text(endpoint_field::region, region);
  const bool follows = !region.empty() && zone.size() > region.size() && zone.starts_with(region);
  if (follows)
    out.text(endpoint_field::zone_rest, std::string_view(zone).substr(region.size()));
  else
    out.text(endpoint_field::zone, zone);
  out.text(endpoint_field::sub_zone, sub_zone);
  out.text(endpoint_field::network, endpoint.network);
  out.number(endpoint_field::health, static_cast<std::uint64_t>(endpoint.health));
  out.number(endpoint_field::weight_zero, endpoint.weight == 0);
  out.number(endpoint_field::weight, endpoint.weight == 1 ? 0 : endpoint.weight);
  write_labels(out, endpoint_field::label, endpoint.labels);
  out.text(endpoint_field::hostname, endpoint.hostname);
  return {"e/" + row.namespace_ + "/" + row.service + "/" + row.id, std::move(out).take()};
}

EncodedRow encode_row(const DestinationRow& row) {
  const auto& destination = row.destination;
  FieldWriter out;
  for (const auto& host : destination.hosts) out.entry(destination_field::host, host);
  for (const auto& selector : destination.services)
    out.entry(destination_field::selector, encode_selector(selector));
  for (const auto& port : destination.ports)
    out.entry(destination_field::port, encode_port("", port.number, port.target_port.name,
                                                   port.target_port.number, port.protocol));
  for (const auto& preference : destination.prefer)
    out.entry(destination_field::prefer, preference);
  write_labels(out, destination_field::label, destination.metadata.labels);
  out.number(destination_field::created_at, static_cast<std::uint64_t>(std::max<std::int64_t>(
                                                0, destination.metadata.created_at)));
  return {"d/" + destination.metadata.namespace_ + "/" + destination.metadata.name,
          std::move(out).take()};
}

// "s/bookinfo/ratings" → {"bookinfo", "ratings"}; the last part keeps its slashes. False when parts
// are missing.
template <std::size_t N>
bool split_key(std::string_view key, std::array<std::string, N>& parts) {
  key.remove_prefix(std::min<std::size_t>(2, key.size()));
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const auto slash = key.find('/');
    if (slash == key.npos) return false;
    parts[i] = key.substr(0, slash);
    key.remove_prefix(slash + 1);
  }
  parts[N - 1] = key;
  return std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
}

bool decode_agent(std::string_view value, AgentRow& row) {
  FieldReader in(value);
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case agent_field::advertise:
        row.advertise = field->bytes;
        break;
      case agent_field::version:
        row.version = field->bytes;
        break;
      case agent_field::region:
        row.locality.region = field->bytes;
        break;
      case agent_field::zone:
        row.locality.zone = field->bytes;
        break;
      case agent_field::sub_zone:
        row.locality.sub_zone = field->bytes;
        break;
      case agent_field::forwarder: {
        auto ip = base::IpAddress::from_bytes(base::as_span(field->bytes));
        good &= ip.ok();
        if (ip) row.forwarders.push_back(*ip);
        break;
      }
      default:
        break;
    }
  return good && in.ok();
}

bool decode_stuck(std::string_view value, StuckRow& row) {
  FieldReader in(value);
  while (const auto field = in.next())
    if (field->id == stuck_field::why) row.why = field->bytes;
  return in.ok();
}

bool decode_service(std::string_view value, ServiceRow& row) {
  FieldReader in(value);
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case service_field::label:
        good &= read_label(field->bytes, row.labels);
        break;
      case service_field::port:
        good &= read_port(field->bytes, row.ports.emplace_back());
        break;
      case service_field::headless:
        row.headless = field->number != 0;
        break;
      default:
        break;
    }
  return good && in.ok();
}

bool decode_endpoint(std::string_view id, std::string_view value, view::Endpoint& endpoint) {
  FieldReader in(value);
  auto ip = base::IpAddress::parse(id);
  std::string_view zone_rest;
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case endpoint_field::ip:
        ip = base::IpAddress::from_bytes(base::as_span(field->bytes));
        break;
      case endpoint_field::port: {
        view::ServicePort port;
        good &= read_port(field->bytes, port);
        endpoint.ports.push_back({std::move(port.name), port.number});
        break;
      }
      case endpoint_field::region:
        endpoint.locality.region = field->bytes;
        break;
      case endpoint_field::zone:
        endpoint.locality.zone = field->bytes;
        break;
      case endpoint_field::zone_rest:
        zone_rest = field->bytes;
        break;
      case endpoint_field::sub_zone:
        endpoint.locality.sub_zone = field->bytes;
        break;
      case endpoint_field::network:
        endpoint.network = field->bytes;
        break;
      case endpoint_field::health:
        // A health of a later version is not one we may send traffic to.
        endpoint.health =
            field->number <= 2 ? static_cast<view::Health>(field->number) : view::Health::unhealthy;
        break;
      case endpoint_field::weight_zero:
        endpoint.weight = field->number ? 0 : endpoint.weight;
        break;
      case endpoint_field::weight:
        good &= read_number(*field, endpoint.weight);
        break;
      case endpoint_field::label:
        good &= read_label(field->bytes, endpoint.labels);
        break;
      case endpoint_field::hostname:
        endpoint.hostname = field->bytes;
        break;
      default:
        break;
    }
  if (ip) endpoint.ip = *ip;
  if (!zone_rest.empty())
    endpoint.locality.zone = endpoint.locality.region + std::string(zone_rest);
  return good && ip.ok() && in.ok();
}

bool decode_destination(std::string_view value, resources::VirtualDestination& destination) {
  FieldReader in(value);
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case destination_field::host:
        destination.hosts.emplace_back(field->bytes);
        break;
      case destination_field::selector:
        good &= read_selector(field->bytes, destination.services.emplace_back());
        break;
      case destination_field::port: {
        view::ServicePort port;
        good &= read_port(field->bytes, port);
        destination.ports.push_back(
            {.number = port.number,
             .protocol = std::move(port.app_protocol),
             .target_port = {port.target_number, std::move(port.target_name)}});
        break;
      }
      case destination_field::prefer:
        destination.prefer.emplace_back(field->bytes);
        break;
      case destination_field::label:
        good &= read_label(field->bytes, destination.metadata.labels);
        break;
      case destination_field::created_at:
        destination.metadata.created_at =
            static_cast<std::int64_t>(field->number & ~(std::uint64_t{1} << 63));
        break;
      default:
        break;
    }
  return good && in.ok();
}

base::Result<RowValue> read_row(std::string_view key, std::string_view value) {
  if (key == kAgentKey) {
    AgentRow row;
    if (decode_agent(value, row)) return RowValue(std::move(row));
  } else if (key == kStuckKey) {
    StuckRow row;
    if (decode_stuck(value, row)) return RowValue(std::move(row));
  } else if (key.starts_with("s/")) {
    std::array<std::string, 2> parts;
    ServiceRow row;
    if (split_key(key, parts) && decode_service(value, row)) {
      row.namespace_ = std::move(parts[0]), row.name = std::move(parts[1]);
      return RowValue(std::move(row));
    }
  } else if (key.starts_with("e/")) {
    std::array<std::string, 3> parts;
    EndpointRow row;
    if (split_key(key, parts) && decode_endpoint(parts[2], value, row.endpoint)) {
      row.namespace_ = std::move(parts[0]), row.service = std::move(parts[1]),
      row.id = std::move(parts[2]);
      return RowValue(std::move(row));
    }
  } else if (key.starts_with("d/")) {
    std::array<std::string, 2> parts;
    DestinationRow row;
    if (split_key(key, parts) && decode_destination(value, row.destination)) {
      row.destination.metadata.namespace_ = std::move(parts[0]);
      row.destination.metadata.name = std::move(parts[1]);
      return RowValue(std::move(row));
    }
  } else {
    return base::Error{base::Code::not_found, "a row of a kind this version does not know"};
  }
  return base::invalid("the bytes of the row do not decode");
}

}  // namespace

EncodedRow encode(const RowValue& row) {
  return std::visit([](const auto& value) { return encode_row(value); }, row);
}

base::Result<RowValue> decode(std::string_view key, std::string_view value) {
  auto row = read_row(key, value);
  if (!row) return row;
  if (const auto checked = check(*row); !checked) return checked.error();
  return row;
}

}  // namespace discovery
