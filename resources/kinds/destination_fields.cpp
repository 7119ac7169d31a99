#include "resources/kinds/destination_fields.hpp"

#include <set>

#include "resources/kinds/names.hpp"

namespace resources {
namespace {

constexpr Choice<std::string_view> kProtocols[] = {
    {"HTTP", "HTTP"}, {"HTTPS", "HTTPS"}, {"GRPC", "GRPC"},   {"HTTP2", "HTTP2"},
    {"TCP", "TCP"},   {"TLS", "TLS"},     {"MONGO", "MONGO"},
};

}  // namespace

void read_protocol(Fields& port, std::string& protocol) {
  std::string_view read = protocol;
  if (port.optional("protocol", read, kProtocols)) protocol = read;
}

void read_hosts(Fields& spec, std::vector<std::string>& hosts, std::vector<Place>& places) {
  const auto list = spec.find("hosts");
  if (!list) return;
  read(*list, hosts, Wildcards::label);
  if (!list->node().is_list() || list->node().children.size() != hosts.size()) return;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const Value item(list->node().children[i], *list);
    places.push_back(item.place());
    if (!seen.insert(hosts[i]).second)
      item.error("host \"" + hosts[i] + "\" is given twice", "hosts of one document differ");
  }
}

}  // namespace resources
