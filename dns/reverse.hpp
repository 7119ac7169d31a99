// What the addresses of endpoints are called, for PTR where a reverse zone is ours (RFC 1035 §3.5,
// RFC 3596 §2.5).
//
// An address leads to the names that lead to it: `<dashed-ip>.<host>` or
// `<hostname>.<cluster>.<host>` of every host that has it in an answer to anybody. Thread: the
// builder's. Memory: nothing where no reverse zone is ours, else a Host for each address and
// its names once more. Cost of a change: the host's addresses, twice sorted.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "dns/host.hpp"
#include "dns/name.hpp"

namespace dns {

// "4.3.2.10.in-addr.arpa" of 10.2.3.4; 32 labels below ip6.arpa of an IPv6 address.
Name reverse_name(const base::IpAddress& ip);

class Reverse {
 public:
  using Names = std::set<base::Bytes>;  // in wire form

  // Of the zones, those that hold reverse names count.
  explicit Reverse(const std::vector<Name>& zones);

  bool owns(const Name& name) const;
  // The host called `name` is `after` now; null: it is not, or was not, there.
  void change(const Host* before, const Host* after, const Name& name);

  const std::map<base::IpAddress, Names>& all() const { return names_; }
  // Since the last time: each address, and what it is called now, if anything.
  std::map<base::IpAddress, Names> take_changes();

 private:
  using Called = std::pair<base::IpAddress, base::Bytes>;
  std::vector<Called> called(const Host* host, const Name& name) const;

  std::vector<Name> zones_;
  std::map<base::IpAddress, Names> names_;
  std::set<base::IpAddress> changed_;
};

}  // namespace dns
