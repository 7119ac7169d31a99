#include "discovery/row_fields.hpp"

namespace discovery {
namespace {

namespace port_field {
enum : std::uint32_t { name = 1, number = 2, target_name = 3, target_number = 4, protocol = 5 };
}

}  // namespace

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

}  // namespace discovery
