// A query that upstreams are to answer: what its reply needs, kept apart from the buffer it came
// in.
//
// Thread: values; a Door's send() is any thread's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "dns/name.hpp"

namespace dns {

enum class Transport : std::uint8_t { udp, tcp };

// Who is asked for the names of one zone. Immutable, shared by all queries for them.
struct Upstreams {
  static constexpr std::size_t kMost = 8;
  Name zone{};
  std::vector<base::SocketAddress> servers{};
};

struct ForeignQuery {
  base::Bytes question{};  // name, type and class as the client wrote them
  std::uint16_t id = 0;
  bool edns = false, dnssec_ok = false, checking_disabled = false;
  std::size_t limit = 0;  // bytes that the reply may have
  std::shared_ptr<const Upstreams> upstreams{};
};

// Who waits for a reply, and where it leaves.
class Door;
struct Asker {
  base::SocketAddress client{};
  Transport transport = Transport::udp;
  base::TimePoint asked_at{};
  std::uint64_t connection = 0;  // over TCP: which of the door's
  std::shared_ptr<Door> door{};
};

// A listener that can be replied through as long as somebody waits, whatever has become of it.
class Door {
 public:
  virtual ~Door() = default;
  virtual void send(const Asker& asker, base::Bytes reply) = 0;
};

}  // namespace dns
