// Where protobuf ends: frames to messages of proto/gossip.proto and back.
//
// Invariant: what from_proto() accepts is a Frame that encodes to the same meaning again, with
// every size within its limit. What needs state to be judged (a version in the right place, a name
// that is the sender's own) is the node's. Errors: Code::invalid, naming the field:
// "delta.rows[3].key: 513 bytes, at most 512". Thread: pure functions.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "discovery/message.hpp"

namespace nearmost::gossip::v1 {
class Frame;
}

namespace discovery::rpc {

namespace pb = nearmost::gossip::v1;

// The longest message we read. Twice what a bulk stream's frame may carry: names, tags and lengths
// come on top of what that counts.
inline constexpr std::size_t kMaxWireBytes = 2 * kBulkFrame * kMaxFrameBytes;

// Replaces what `message` held. Durations are cut to whole milliseconds between 0 and 49 days.
void to_proto(const Frame& frame, pb::Frame& message);
// Takes the rows' bytes out of `message`, at most so many.
base::Result<Frame> from_proto(pb::Frame&& message, std::size_t most = kMaxFrameBytes);

// The same with bytes on the far side, for tables and fuzzers.
base::Bytes encode(const Frame& frame);
base::Result<Frame> decode(std::string_view bytes, std::size_t most = kMaxFrameBytes);

}  // namespace discovery::rpc
