// Every name that this agent answers for: what a query is answered from.
//
// A name is looked up as a whole and then by its ancestors: it is a host or an apex itself, or
// something derived from the nearest host above it that knows it (host.hpp), or an empty
// non-terminal, or it does not exist. So a host that is defined wins over a derived name. What does
// not exist may be one of those that a wildcard, `*.<name>`, stands for: below the closest encloser
// and no other (RFC 4592 §3.3.1), where derived names enclose, too. A name below a wildcard's is
// derived from the host between them if it can be, or else is a host itself.
// Thread: immutable, published to the workers. Source: dns.md §9.2.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "dns/client_subnet.hpp"
#include "dns/index.hpp"
#include "dns/name.hpp"
#include "dns/narrowed_hosts.hpp"
#include "dns/pass_on_rules.hpp"
#include "dns/zone.hpp"

namespace dns {

struct SubnetClass {
  std::uint16_t number = 0;
  std::uint8_t deciding_bits = 0;  // of the address: all that share them are of this class
};

struct Found {
  const Zone* zone = nullptr;  // that owns the name, existing or not; null: none of ours
  bool exists = false;
  bool apex = false;
  const Host* host = nullptr;    // null: an apex alone, or nothing was put here, only below
  Derived name{};                // what it is to the host
  bool placed = false;           // … at a place that stands between them
  std::uint8_t host_length = 0;  // of the host's name in wire form
  bool wildcard = false;         // the host's stands for the name
};

class Table {
 public:
  // `ahead`: of FetchAhead, to the name's host.
  Found find(const Name& name, const Index::Step* ahead = nullptr) const;
  bool trusts(const base::IpAddress& forwarder) const;
  // Of a caller by its address, and of one that a trusted forwarder asks for.
  std::uint16_t class_of(const base::IpAddress& caller) const;
  SubnetClass class_of(const ClientSubnet& subnet) const;
  // The host that was found, as callers of a class see it at the place in the name.
  Narrowed narrow(const Found& found, const Name& name, std::uint16_t caller_class) const;
  const discovery::view::Callers& callers() const { return *resolution_->callers; }
  const discovery::view::Resolution& resolution() const { return *resolution_; }

  std::uint64_t version() const { return resolution_->view->version; }
  // False: unknown names may yet turn up, and endpoints of those known.
  bool synced() const { return resolution_->view->synced; }
  // TXT records for `version.bind` and `id.server` in class CH (RFC 4892); empty = refused.
  std::string_view chaos_version() const { return chaos_version_; }
  std::string_view chaos_identity() const { return chaos_identity_; }
  // Null: names of others are refused.
  const PassOnRules* pass_on() const { return pass_on_.get(); }
  // What could not be served and why, for status: names too long, a name claimed twice.
  const std::vector<std::string>& problems() const { return problems_; }

  const Index& index() const { return index_; }
  std::size_t bytes() const { return sizeof *this + index_.bytes() + narrower_->bytes(); }

 private:
  friend class TableBuilder;
  Table() = default;
  // What was put here or is derived from that. `encloser`: the nearest name above it that was put
  // here, if any.
  Found find_existing(std::span<const std::uint8_t> wire, std::span<const std::uint8_t>& encloser,
                      const Index::Step* ahead = nullptr) const;
  void find_wildcard(std::span<const std::uint8_t> wire, std::span<const std::uint8_t> encloser,
                     Found& found) const;
  bool exists(const Node& node, std::span<const std::uint8_t> host, bool placed, Derived name,
              Found& found) const;
  // False when `wire` is nothing to the host at `node`, whose name is `host`.
  bool derive(const Node& node, std::span<const std::uint8_t> wire,
              std::span<const std::uint8_t> host, Found& found) const;

  std::shared_ptr<const discovery::view::Resolution> resolution_;
  Index index_;
  bool nested_ = false;     // some host may have names below it that are no derived ones
  bool wildcards_ = false;  // some host is one
  std::shared_ptr<const std::vector<Zone>> zones_;
  std::shared_ptr<const Narrower> narrower_;
  std::vector<base::Cidr> trusted_forwarders_;
  base::Bytes chaos_version_, chaos_identity_;
  std::shared_ptr<const PassOnRules> pass_on_;
  std::vector<std::string> problems_;
};

}  // namespace dns
