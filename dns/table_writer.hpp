// Freezes drafts into a Table: names with their ancestors, equal blocks of a name once, all bytes
// in one run.
//
// Zones are added first, outer ones before those inside them.
// Thread: the builder's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dns/draft.hpp"
#include "dns/table.hpp"

namespace dns {

struct Apex {
  Name name{}, name_server{}, hostmaster{};
  std::uint32_t serial = 0, ttl = 0, negative_ttl = 0;
  std::vector<base::IpAddress> addresses;  // of the name server
};

class TableWriter {
 public:
  explicit TableWriter(bool synced);

  void add_zone(const Apex& apex);
  // False when the name lies in no zone.
  bool add(const Name& name, const std::vector<BlockDraft>& blocks);
  void add_chaos(std::string_view version, std::string_view identity);
  void add_callers(const std::unordered_map<base::IpAddress, std::uint16_t>& class_of);
  void add_problem(std::string problem);
  std::unique_ptr<const Table> finish() &&;

 private:
  std::uint32_t node(const Name& name, std::uint32_t zone);
  const std::uint32_t* find_zone(Name name) const;
  Slice put(std::string_view bytes);
  std::uint32_t put_block(const BlockDraft& draft);
  RrSet put_set(const SetDraft& draft);
  void put_tier(const TierDraft& draft, double share_so_far);

  std::unique_ptr<Table> table_;
  std::unordered_map<std::string, std::uint32_t> node_of_;  // by wire form
};

}  // namespace dns
