#include "dns/naming.hpp"

#include <algorithm>

namespace dns {
namespace {

constexpr std::size_t kTransportSize = 5;  // "\4_tcp"

base::Bytes without_root(const Name& name) {
  return base::Bytes(base::as_text(name.wire().first(name.wire().size() - 1)));
}

}  // namespace

std::vector<PortLabel> port_labels(std::span<const discovery::view::DestinationPort> ports,
                                   std::size_t room) {
  std::vector<PortLabel> labels;
  const auto add = [&](const std::string& word, std::size_t port) {
    const auto label = Name{}.child("_" + word);
    if (word.empty() || !label || label->wire().size() - 1 + kTransportSize > room) return;
    const auto wire = without_root(*label);
    auto found = std::ranges::find(labels, wire, &PortLabel::wire);
    if (found == labels.end()) found = labels.insert(labels.end(), {wire, {}});
    if (found->ports.empty() || found->ports.back() != port) found->ports.push_back(port);
  };
  for (std::size_t i = 0; i < ports.size(); ++i) {
    add(ports[i].name.empty() ? ports[i].protocol : ports[i].name, i);
    add(std::to_string(ports[i].number), i);
  }
  return labels;
}

std::optional<base::Bytes> pod_labels(const discovery::view::Endpoint& endpoint, std::size_t room) {
  const auto cluster = Name{}.child(endpoint.traits->cluster);
  const auto pod = cluster ? cluster->child(endpoint.traits->hostname) : std::nullopt;
  if (!pod || pod->wire().size() - 1 > room) return std::nullopt;
  return without_root(*pod);
}

}  // namespace dns
