// Makes each table from the one before: hosts whose destination is the same object are kept, and so
// are all parts of the index that no change falls into.
//
// What a resolution means in DNS is said in host.hpp. And for each zone, or host outside all zones,
// there is its apex with SOA and NS, and ns.<apex>, or ns2, ns3 … where documents define hosts so
// called. Where a reverse zone is ours, addresses are names, too (reverse.hpp), but for those that
// are hosts. Problems are collected in the table, never fatal. Cost: a destination that is new or
// another object than before costs its endpoints; the rest a comparison. Where a zone comes or
// goes, the index is made anew of the hosts. A host that has names below it is looked at every
// time, for names claimed twice. Thread: the builder's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "dns/host_maker.hpp"
#include "dns/reverse.hpp"
#include "dns/table.hpp"
#include "dns/zone_config.hpp"

namespace dns {

class TableBuilder {
 public:
  // Destinations are in the order of their hosts. The same ResolvedDestination as in the resolution
  // before means the same in it: its classes of callers, too.
  std::unique_ptr<const Table> build(std::shared_ptr<const discovery::view::Resolution> resolution,
                                     const ZoneConfig& config);

 private:
  using Resolved = std::shared_ptr<const discovery::view::ResolvedDestination>;
  struct Kept {
    Resolved resolved;
    std::shared_ptr<const Host> host;  // null: its name cannot be one
  };
  struct Change {
    Name name;
    std::shared_ptr<const Host> host;  // null: gone
    bool known;                        // by its name, before
  };

  void configure(const ZoneConfig& config);
  // What differs from the resolution before.
  std::vector<Change> renew(const std::vector<Resolved>& destinations);
  void make(Kept& kept, bool known, std::vector<Change>& changes);
  void drop(const Kept& kept, std::vector<Change>& changes);

  bool moves_zones(const Change& change) const;
  void index_anew();
  void index(std::vector<Change> changes);
  void add_zone(IndexWriter& writer, std::vector<Zone>& zones, const Name& name);
  Name name_server_of(const Name& apex) const;
  void put_host(IndexWriter& writer, const std::vector<Zone>& zones, const Name& name,
                std::shared_ptr<const Host> host);
  void remove_host(IndexWriter& writer, const Name& name);
  void put_reverse(IndexWriter& writer, const std::vector<Zone>& zones, const base::IpAddress& ip,
                   const Reverse::Names& names);
  Node& place(IndexWriter& writer, const std::vector<Zone>& zones, std::uint32_t zone,
              const Name& name);
  void watch(const Node& node, const Name& name);

  bool is_inside(const Name& name) const;
  bool is_host(std::string_view name) const;
  std::vector<std::string> problems();

  std::optional<ZoneConfig> config_;
  std::optional<HostMaker> maker_;
  std::shared_ptr<const PassOnRules> pass_on_;
  std::shared_ptr<const Narrower> narrower_;
  std::shared_ptr<const Host> name_server_;
  std::vector<Name> configured_;  // apexes
  std::optional<Reverse> reverse_;
  std::vector<Kept> kept_;  // by host
  std::map<std::string, std::string> bad_hosts_;
  std::vector<std::string> config_problems_, zone_problems_;

  std::shared_ptr<const std::vector<Zone>> zones_;  // null: the index is to be made anew
  Index index_;
  std::size_t indexed_hosts_ = 0;  // when the index was made
  std::size_t wildcards_ = 0;      // hosts
  bool nested_ = false;            // since then, some host had a name below it
  std::set<Name> crowded_;         // hosts that may have names of others below them
};

}  // namespace dns
