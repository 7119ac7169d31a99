#include "dns/build_table.hpp"

#include <algorithm>

#include "dns/destination_names.hpp"
#include "dns/table_writer.hpp"

namespace dns {
namespace {

using discovery::view::Resolution;

// A label below the apex, or a mailbox: its local part is one label even where it holds dots.
std::optional<Name> hostmaster(const std::string& text, const Name& apex) {
  const auto at = text.find('@');
  if (at == std::string::npos && text.find('.') == std::string::npos) return apex.child(text);
  const auto domain = Name::parse(at == std::string::npos ? text : text.substr(at + 1));
  if (!domain.ok()) return std::nullopt;
  return at == std::string::npos ? *domain : domain->child(text.substr(0, at));
}

class Build {
 public:
  Build(const Resolution& resolution, const ZoneConfig& config)
      : resolution_(resolution),
        config_(config),
        ttls_(ttls(config)),
        writer_(resolution.view->synced) {}

  std::unique_ptr<const Table> run() && {
    find_apexes();
    for (const auto& apex : apexes_) add_zone(apex);
    for (const auto& [host, resolved] : hosts_) add_destination(host, *resolved);
    writer_.add_chaos(config_.software, config_.agent);
    writer_.add_callers(resolution_.callers.class_of);
    return std::move(writer_).finish();
  }

 private:
  struct Host {
    Name name;
    const discovery::view::ResolvedDestination* resolved;
  };

  void find_apexes() {
    for (const auto& zone : config_.zones) add_apex(zone);
    const auto zones = apexes_;
    for (const auto& resolved : resolution_.destinations) {
      auto name = Name::parse(resolved->destination->host);
      if (!name.ok()) {
        writer_.add_problem(name.error().message);
        continue;
      }
      hosts_.push_back({*name, resolved.get()});
      const bool inside = std::any_of(zones.begin(), zones.end(),
                                      [&](const Name& zone) { return name->is_within(zone); });
      if (!inside) apexes_.push_back(*name);
    }
    std::sort(apexes_.begin(), apexes_.end(), [](const Name& a, const Name& b) {
      return a.wire().size() != b.wire().size() ? a.wire().size() < b.wire().size() : a < b;
    });
    apexes_.erase(std::unique(apexes_.begin(), apexes_.end()), apexes_.end());
  }

  void add_apex(const std::string& zone) {
    if (const auto name = Name::parse(zone); name.ok())
      apexes_.push_back(*name);
    else
      writer_.add_problem("dns.zones: " + name.error().message);
  }

  void add_zone(const Name& name) {
    Apex apex{.name = name,
              .serial = static_cast<std::uint32_t>(resolution_.view->version),
              .ttl = ttls_.steady,
              .negative_ttl = ttls_.negative,
              .addresses = config_.ns_addresses};
    apex.name_server = name_server_of(name);
    const auto mailbox = hostmaster(config_.hostmaster, name);
    if (!mailbox)
      writer_.add_problem("dns.hostmaster: \"" + config_.hostmaster + "\" is no mailbox");
    apex.hostmaster = mailbox.value_or(name);
    writer_.add_zone(apex);
    if (!(apex.name_server == name)) writer_.add(apex.name_server, {name_server(apex)});
  }

  // The first of ns, ns2, ns3 … that is no host. An apex too long to have a child serves itself.
  Name name_server_of(const Name& apex) const {
    auto name = apex.child("ns");
    for (int n = 2; name && resolution_.find(name->to_string()); ++n)
      name = apex.child("ns" + std::to_string(n));
    return name.value_or(apex);
  }

  BlockDraft name_server(const Apex& apex) const {
    BlockDraft block{.negative_ttl = apex.negative_ttl};
    for (const auto& ip : apex.addresses) {
      auto& set = ip.is_v4() ? block.a : block.aaaa;
      if (set.tiers.empty()) set.tiers.push_back({.quota = 0xffff});
      set.tiers.back().records.push_back({address_record(ip, apex.ttl)});
    }
    return block;
  }

  void add_destination(const Name& host, const discovery::view::ResolvedDestination& resolved) {
    for (const auto& [name, blocks] : destination_names(resolved, resolution_, host, config_)) {
      const bool derived = !(name == host);
      if (derived && resolution_.find(name.to_string())) {
        writer_.add_problem(name.to_string() +
                            " is a host of its own, not an endpoint or port of " +
                            host.to_string());
        continue;
      }
      writer_.add(name, blocks);
    }
  }

  const Resolution& resolution_;
  const ZoneConfig& config_;
  const Ttls ttls_;
  TableWriter writer_;
  std::vector<Name> apexes_;
  std::vector<Host> hosts_;
};

}  // namespace

std::unique_ptr<const Table> build_table(const Resolution& resolution, const ZoneConfig& config) {
  return Build(resolution, config).run();
}

}  // namespace dns
