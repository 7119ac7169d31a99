// Records on their way from one worker to the access log's thread.
//
// A ring of bytes with one writer and one reader, neither of which waits for the other: when it is
// full a record is dropped and counted. Texts are cut at kMostText. Allocates once, when made.
// Thread: push() from the worker, pop() from the log's thread, dropped() from any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "forwarder/net/access_record.hpp"
#include "forwarder/net/counters.hpp"

namespace forwarder::net {

class AccessRing {
 public:
  static constexpr std::size_t kBytes = 4 * 1024 * 1024;  // a power of two
  static constexpr std::size_t kMostText = 4 * 1024;      // bytes of each

  void push(const AccessRecord& record);
  // The oldest; its texts stay until the next call.
  std::optional<AccessRecord> pop();
  std::uint64_t dropped() const { return dropped_.read(); }

 private:
  struct Header;
  std::byte* at(std::uint64_t place) const { return bytes_.get() + place % kBytes; }

  const std::unique_ptr<std::byte[]> bytes_ = std::make_unique_for_overwrite<std::byte[]>(kBytes);
  std::atomic<std::uint64_t> head_{0};  // written up to here
  std::atomic<std::uint64_t> tail_{0};  // read up to here
  std::uint64_t popped_ = 0;            // the reader's: the record it has ends here
  Counter dropped_;
};

}  // namespace forwarder::net
