// The datagrams of one turn of a worker: received with one system call, answered each in the
// buffer it came in, sent with one system call.
//
// Answers to one peer leave together as one message that the kernel cuts into datagrams
// (UDP_SEGMENT, udp(7)): half of an answer's cost is the way through the network stack. Such a
// message has segments of one size and one shorter at its end, so a peer's answers go by falling
// size; nobody may rely on the order of datagrams. Where the kernel or the interface cannot do it,
// every answer is a message of its own.
//
// Each query says when the kernel had it (SO_TIMESTAMPNS), so that who has been too slow can leave
// the oldest unanswered. Invariant: allocates nothing after its construction. Thread: one, the
// worker's. Source: performance.md §1g.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/time.hpp"

namespace dns::net {

class Batch {
 public:
  static constexpr std::size_t kSize = 64;
  // More than any answer over UDP has; a query that is longer is cut and so malformed.
  static constexpr std::size_t kBufferSize = 2048;

  // Of a bound socket, which it does not own.
  explicit Batch(int socket);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Blocks for the first query and takes what else waits. Their count; 0: errno says why.
  std::size_t receive();
  std::span<std::uint8_t> buffer(std::size_t query) { return buffers_[query]; }
  std::size_t length(std::size_t query) const { return received_[query].msg_len; }
  const sockaddr_storage& peer(std::size_t query) const { return peers_[query]; }
  // How long it has waited; zero where the kernel does not say.
  base::Duration age(std::size_t query) const;

  // The buffer of `query` holds an answer now.
  void put_answer(std::size_t query, std::size_t length);
  struct Sent {
    std::size_t answers = 0;  // that left
    std::size_t grouped = 0;  // of these, behind another in one message
    std::size_t failed = 0;   // dropped like any datagram: a send that would block among them
  };
  // Those that were put since the last receive().
  Sent send();

 private:
  struct Answer {
    std::uint64_t peer = 0;  // equal for equal peers
    std::uint16_t length = 0;
    std::uint8_t query = 0;
  };
  struct alignas(cmsghdr) Control {
    std::array<char, CMSG_SPACE(sizeof(timespec))> bytes;
  };

  bool is_peer(std::size_t one, std::size_t other) const;
  std::size_t make_messages(bool grouping);
  void add_segment(std::size_t message, const Answer& answer, std::size_t place);

  const int socket_;
  bool grouping_;
  std::array<std::array<std::uint8_t, kBufferSize>, kSize> buffers_;
  std::array<sockaddr_storage, kSize> peers_;
  std::array<Control, kSize> stamps_, segment_sizes_;
  std::array<iovec, kSize> queries_, pieces_;
  std::array<mmsghdr, kSize> received_, sent_;
  std::array<Answer, kSize> answers_;
  std::size_t answer_count_ = 0;
  timespec now_{};  // the wall clock, which the kernel's stamps are by
};

}  // namespace dns::net
