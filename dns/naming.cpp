#include "dns/naming.hpp"

#include <algorithm>

namespace dns {
namespace {

// A label that says the address. Lower case comes with Name.
std::string dashed(const base::IpAddress& ip) {
  std::string text = ip.to_string();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '.' || c == ':'; }, '-');
  return text.front() == '-' ? "0" + text : text;  // "::1": no host name begins with a dash
}

}  // namespace

std::optional<Name> endpoint_name(const Name& host, const discovery::view::Destination& destination,
                                  const discovery::view::Endpoint& endpoint) {
  if (!destination.headless || endpoint.hostname.empty()) return host.child(dashed(endpoint.ip));
  const auto cluster = host.child(endpoint.cluster);
  return cluster ? cluster->child(endpoint.hostname) : std::nullopt;
}

std::vector<Name> service_names(const Name& host, const discovery::view::DestinationPort& port) {
  std::vector<Name> names;
  const auto transport = host.child("_tcp");
  if (!transport) return names;
  const auto& word = port.name.empty() ? port.protocol : port.name;
  for (const auto& label : {word, std::to_string(port.number)})
    if (const auto name = transport->child("_" + label); name && !label.empty())
      names.push_back(*name);
  if (names.size() == 2 && names[0] == names[1]) names.pop_back();
  return names;
}

}  // namespace dns
