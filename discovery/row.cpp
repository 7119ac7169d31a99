#include "discovery/row.hpp"

#include <algorithm>
#include <array>

#include "discovery/drain_row.hpp"
#include "discovery/endpoint_row.hpp"
#include "discovery/row_check.hpp"
#include "discovery/row_fields.hpp"

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
namespace subsets_field {
enum : std::uint32_t { named = 1, told = 2, tells = 3 };
}
namespace service_field {
enum : std::uint32_t { label = 1, port = 2, headless = 3, external = 4 };
}
namespace destination_field {
enum : std::uint32_t {
  host = 1,
  selector = 2,
  port = 3,
  prefer = 4,
  label = 5,
  created_at = 6,
  external_selector = 7
};
}
namespace selector_field {
enum : std::uint32_t { label = 1, name = 2, namespace_ = 3, cluster = 4, workspace = 5 };
}

namespace external_field {
enum : std::uint32_t { label = 1, name = 2 };
}

base::Bytes encode_external(const resources::ExternalIdentity& external) {
  FieldWriter out;
  write_labels(out, external_field::label, external.labels);
  out.text(external_field::name, external.name);
  return std::move(out).take();
}

bool read_external(std::string_view bytes, resources::ExternalIdentity& external) {
  FieldReader in(bytes);
  bool good = true;
  while (const auto field = in.next()) switch (field->id) {
      case external_field::label:
        good &= read_label(field->bytes, external.labels);
        break;
      case external_field::name:
        external.name = field->bytes;
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

EncodedRow encode_row(const SubsetsRow& row) {
  FieldWriter out;
  for (const auto& key : row.named) out.entry(subsets_field::named, key);
  if (row.told)
    for (const auto& key : *row.told) out.entry(subsets_field::told, key);
  out.number(subsets_field::tells, row.told.has_value());
  return {base::Bytes(kSubsetsKey), std::move(out).take()};
}

EncodedRow encode_row(const ServiceRow& row) {
  FieldWriter out;
  write_labels(out, service_field::label, row.labels);
  for (const auto& port : row.ports)
    out.entry(service_field::port, encode_port(port.name, port.number, port.target_name,
                                               port.target_number, port.app_protocol));
  out.number(service_field::headless, row.headless);
  if (row.external) out.entry(service_field::external, encode_external(*row.external));
  return {"s/" + row.namespace_ + "/" + row.name, std::move(out).take()};
}

EncodedRow encode_row(const DestinationRow& row) {
  const auto& destination = row.destination;
  FieldWriter out;
  for (const auto& host : destination.hosts) out.entry(destination_field::host, host);
  for (const auto& selector : destination.services)
    out.entry(destination_field::selector, encode_selector(selector));
  for (const auto& selector : destination.external_services)
    out.entry(destination_field::external_selector, encode_selector(selector));
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

bool decode_subsets(std::string_view value, SubsetsRow& row) {
  FieldReader in(value);
  std::vector<std::string> told;
  while (const auto field = in.next()) switch (field->id) {
      case subsets_field::named:
        row.named.emplace_back(field->bytes);
        break;
      case subsets_field::told:
        told.emplace_back(field->bytes);
        break;
      case subsets_field::tells:
        row.told.emplace();
        break;
      default:
        break;
    }
  if (row.told) row.told = std::move(told);
  return in.ok();
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
      case service_field::external:
        good &= read_external(field->bytes, row.external.emplace());
        break;
      default:
        break;
    }
  return good && in.ok();
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
      case destination_field::external_selector:
        good &= read_selector(field->bytes, destination.external_services.emplace_back());
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
  } else if (key == kDrainKey) {
    DrainRow row;
    if (decode_drains(value, row)) return RowValue(std::move(row));
  } else if (key == kSubsetsKey) {
    SubsetsRow row;
    if (decode_subsets(value, row)) return RowValue(std::move(row));
  } else if (key.starts_with("s/")) {
    std::array<std::string_view, 2> parts;
    ServiceRow row;
    if (split_key(key, parts) && decode_service(value, row)) {
      row.namespace_ = parts[0], row.name = parts[1];
      return RowValue(std::move(row));
    }
  } else if (key.starts_with("e/")) {
    EndpointParts parts;
    EndpointRow row;
    if (take_apart({key, value, 0}, parts) && decode_traits(parts.traits, row.traits)) {
      row.namespace_ = parts.namespace_, row.service = parts.service, row.id = parts.id;
      row.ip = parts.ip, row.health = parts.health, row.weight = parts.weight;
      return RowValue(std::move(row));
    }
  } else if (key.starts_with("d/")) {
    std::array<std::string_view, 2> parts;
    DestinationRow row;
    if (split_key(key, parts) && decode_destination(value, row.destination)) {
      row.destination.metadata.namespace_ = parts[0];
      row.destination.metadata.name = parts[1];
      return RowValue(std::move(row));
    }
  } else {
    return base::Error{base::Code::not_found, "a row of a kind this version does not know"};
  }
  return base::invalid("the bytes of the row do not decode");
}

}  // namespace

std::vector<Row> changes_at(std::uint64_t version, RowChanges changes) {
  std::vector<Row> rows;
  for (auto& key : changes.gone) rows.push_back({std::move(key), version, {}, true});
  for (auto& [key, value] : changes.written)
    rows.push_back({std::move(key), version, std::move(value), false});
  return rows;
}

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
