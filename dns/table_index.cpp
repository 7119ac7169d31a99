// TableBuilder's part that keeps the index: zones, hosts and the names between them.
#include <algorithm>
#include <cmath>

#include "dns/table_builder.hpp"

namespace dns {
namespace {

// Names between hosts and apexes are few beside hosts.
constexpr double kNamesPerHost = 1.25;
// An index made for so many times more or fewer hosts is cut into shards of the wrong size.
constexpr std::size_t kOutgrown = 4;

// The node of the name or of its nearest ancestor that has one; null outside all zones.
const Node* nearest(const IndexWriter& writer, const Name& name) {
  for (auto suffix = name.wire();; suffix = parent_of(suffix)) {
    if (const auto* node = writer.peek(suffix)) return node;
    if (suffix[0] == 0) return nullptr;
  }
}

bool is_name_servers(const Name& name) {
  return name.wire()[0] >= 2 && name.wire()[1] == 'n' && name.wire()[2] == 's';
}

}  // namespace

// A host outside the configured zones is its own apex. One called ns or ns2 may push a name server
// away, or let it back.
bool TableBuilder::moves_zones(const Change& change) const {
  if (change.known && change.host) return false;
  if (!is_inside(change.name) || reverse_->owns(change.name)) return true;
  const auto* above = index_.find(change.name.parent().wire());
  return above && above->apex && is_name_servers(change.name);
}

void TableBuilder::index_anew() {
  std::vector<std::pair<Name, std::shared_ptr<const Host>>> hosts;
  auto apexes = configured_;
  for (const auto& kept : kept_) {
    if (!kept.host) continue;
    hosts.emplace_back(Name::parse(kept.resolved->destination->host).value(), kept.host);
    if (!is_inside(hosts.back().first)) apexes.push_back(hosts.back().first);
  }
  std::ranges::sort(apexes, [](const Name& a, const Name& b) {
    return a.wire().size() != b.wire().size() ? a.wire().size() < b.wire().size() : a < b;
  });
  apexes.erase(std::unique(apexes.begin(), apexes.end()), apexes.end());

  IndexWriter writer(static_cast<std::size_t>(
      std::ceil(kNamesPerHost *
                static_cast<double>(hosts.size() + reverse_->all().size() + 2 * apexes.size()))));
  std::vector<Zone> zones;
  zone_problems_.clear();
  nested_ = false;
  crowded_.clear();
  for (const auto& apex : apexes) add_zone(writer, zones, apex);
  for (auto& [name, host] : hosts) put_host(writer, zones, name, std::move(host));
  for (const auto& [ip, names] : reverse_->all()) put_reverse(writer, zones, ip, names);
  reverse_->take_changes();
  index_ = std::move(writer).finish();
  zones_ = std::make_shared<const std::vector<Zone>>(std::move(zones));
  indexed_hosts_ = hosts.size();
}

void TableBuilder::index(std::vector<Change> changes) {
  if (kept_.size() > kOutgrown * indexed_hosts_ || kept_.size() * kOutgrown < indexed_hosts_)
    return index_anew();
  IndexWriter writer(index_);
  for (auto& change : changes)
    if (change.host)
      put_host(writer, *zones_, change.name, std::move(change.host));
    else
      remove_host(writer, change.name);
  for (const auto& [ip, names] : reverse_->take_changes()) put_reverse(writer, *zones_, ip, names);
  index_ = std::move(writer).finish();
}

// Outer zones come before those inside them, which are reached through empty non-terminals.
void TableBuilder::add_zone(IndexWriter& writer, std::vector<Zone>& zones, const Name& name) {
  Apex apex{.name = name,
            .name_server = name_server_of(name),
            .ttl = wire_ttl(config_->ttl),
            .negative_ttl = wire_ttl(config_->negative_ttl),
            .addresses = config_->ns_addresses};
  const auto mailbox = hostmaster_name(config_->hostmaster, name);
  if (!mailbox)
    zone_problems_.push_back("dns.hostmaster: \"" + config_->hostmaster + "\" is no mailbox");
  apex.hostmaster = mailbox.value_or(name);

  const auto number = static_cast<std::uint32_t>(zones.size());
  zones.push_back(make_zone(apex));
  const auto* above = name.is_root() ? nullptr : nearest(writer, name.parent());
  zones.back().inner = above != nullptr;
  auto* node = writer.find(name.wire());
  if (!node && above) ++place(writer, zones, above->zone, name.parent()).children;
  if (!node) node = &writer.add(name.wire());
  node->apex = true;
  node->zone = number;
  if (!(apex.name_server == name)) put_host(writer, zones, apex.name_server, name_server_);
}

// The first of ns, ns2, ns3 … that is no host. An apex too long to have a child serves itself.
Name TableBuilder::name_server_of(const Name& apex) const {
  auto name = apex.child("ns");
  for (int n = 2; name && is_host(name->to_string()); ++n)
    name = apex.child("ns" + std::to_string(n));
  return name.value_or(apex);
}

void TableBuilder::put_host(IndexWriter& writer, const std::vector<Zone>& zones, const Name& name,
                            std::shared_ptr<const Host> host) {
  const auto* near = nearest(writer, name);
  INVARIANT(near);
  auto& node = place(writer, zones, near->zone, name);
  node.host = std::move(host);
  watch(node, name);
}

void TableBuilder::put_reverse(IndexWriter& writer, const std::vector<Zone>& zones,
                               const base::IpAddress& ip, const Reverse::Names& names) {
  const auto name = reverse_name(ip);
  if (is_host(name.to_string())) return;
  if (names.empty())
    remove_host(writer, name);
  else
    put_host(writer, zones, name, maker_->reverse(names));
}

// With it go the empty non-terminals that lead to nothing else.
void TableBuilder::remove_host(IndexWriter& writer, const Name& name) {
  auto suffix = name.wire();
  auto* node = writer.find(suffix);
  node->host = nullptr;
  while (!node->host && !node->apex && node->children == 0) {
    writer.remove(suffix);
    suffix = parent_of(suffix);
    node = writer.find(suffix);
    --node->children;
  }
}

// The node of a name in a zone; made with its missing ancestors as empty non-terminals.
Node& TableBuilder::place(IndexWriter& writer, const std::vector<Zone>& zones, std::uint32_t zone,
                          const Name& name) {
  if (auto* node = writer.find(name.wire())) return *node;
  if (name.wire().size() > zones[zone].apex_length) {
    auto& parent = place(writer, zones, zone, name.parent());
    ++parent.children;
    watch(parent, name.parent());
  }
  auto& node = writer.add(name.wire());
  node.zone = zone;
  return node;
}

// The name server of an apex is no rival of what is derived from a host there.
void TableBuilder::watch(const Node& node, const Name& name) {
  const bool derives = node.host && node.host->is_destination();
  nested_ |= derives && node.children > 0;
  if (derives && node.children > (node.apex ? 1 : 0)) crowded_.insert(name);
}

}  // namespace dns
