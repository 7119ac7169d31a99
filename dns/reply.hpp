// The answer to one query, written behind the question in the query's own buffer.
//
// Records come prebuilt and are copied whole or not at all; the header and the OPT record are
// written last, by finish(). Invariants: the message never grows beyond `limit`; a query with OPT
// gets a reply with OPT, whatever else is dropped (dns.md §3 rows 8, 9, 26); TC is set only by a
// record of the answer or authority that did not fit. Thread: a value on the worker's stack;
// allocates nothing.
#pragma once

#include <cstdint>
#include <span>

#include "dns/decode.hpp"
#include "dns/message.hpp"

namespace dns {

enum class Section : std::uint8_t { answer, authority, additional };

class Reply {
 public:
  // `buffer` begins with the query's header and question. `limit` counts from its start.
  Reply(std::span<std::uint8_t> buffer, const Query& query, std::size_t limit);

  void set_rcode(Rcode rcode) { rcode_ = rcode; }
  void set_authoritative() { authoritative_ = true; }
  void set_recursion_available() { recursion_available_ = true; }
  // An extended error as option bytes that outlive the reply; shown when the client speaks EDNS and
  // there is room.
  void explain(std::span<const std::uint8_t> ede_option) { ede_ = ede_option; }

  // Repeats whom a forwarder asks for, and for how many bits of the address the answer holds; 0,
  // for everybody, unless it is called again.
  void hold_for(const ClientSubnet& subnet, std::uint8_t scope_bits) {
    subnet_ = &subnet;
    scope_bits_ = scope_bits;
  }

  // Copies a record; its place in the message, or 0 when it does not fit (then TC is set, but for
  // additional ones).
  std::size_t add(Section section, std::span<const std::uint8_t> record);
  // Room for a record of `size` bytes, all of which the caller writes; its place, or 0 as above.
  std::size_t claim(Section section, std::size_t size);
  std::span<std::uint8_t> at(std::size_t place) { return buffer_.subspan(place); }

  Rcode rcode() const { return rcode_; }
  bool truncated() const { return truncated_; }
  std::size_t finish();

 private:
  std::size_t room(Section section) const;
  void write_opt();

  std::span<std::uint8_t> buffer_;
  const Query& query_;
  std::size_t limit_;
  std::size_t position_;
  std::uint16_t counts_[3] = {};
  Rcode rcode_ = Rcode::noerror;
  bool authoritative_ = false;
  bool recursion_available_ = false;
  bool truncated_ = false;
  std::span<const std::uint8_t> ede_;
  const ClientSubnet* subnet_ = nullptr;
  std::uint8_t scope_bits_ = 0;
};

}  // namespace dns
