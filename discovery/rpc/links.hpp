// All gossip links of this agent, dialled or accepted, as the control thread sees them: numbers and
// events.
//
// gRPC's threads never touch the node. What happens on a stream is posted as a LinkEvent; what goes
// out is pulled, one frame at a time: pump() asks for a frame only when the last one has left, and
// LinkWritable says that it has. What comes in is bounded the same way: a link reads on only while
// fewer than kMaxUnhandledFrames of its frames wait for consumed(), so a busy control thread slows
// its peers down and neither drops frames nor piles them up.
//
// Invariant: for each link one LinkUp, then frames, then one LinkDown; or one DialFailed alone.
// Thread: pump, consumed, close, tick, stop from control; the rest from gRPC's threads and the
// dialling one. Limits: kMaxLinks streams; each holds one frame being read, one being written,
// kMaxUnhandledFrames waiting.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/inbox.hpp"
#include "base/time.hpp"
#include "discovery/message.hpp"
#include "discovery/node.hpp"

namespace discovery::rpc {

inline constexpr std::size_t kMaxLinks = 4096;
inline constexpr std::uint32_t kMaxUnhandledFrames = 4;
// A link that is told to close may still write what it has begun; then it is cut.
inline constexpr base::Duration kClosePatience = std::chrono::seconds(1);

struct LinkUp {
  LinkId link = 0;
  LinkPeer peer;
};
struct LinkFrame {
  LinkId link = 0;
  Frame frame;
};
// The frame handed over last has left; pump() takes another.
struct LinkWritable {
  LinkId link = 0;
};
struct LinkDown {
  LinkId link = 0;
  Node::LinkEnd end = Node::LinkEnd::closed;
  std::string reason;
};
// A dialled stream that never came up.
struct DialFailed {
  enum class Fault { connection, certificate };
  // Who did not want whom, where it is about certificates.
  enum class By { nobody, us, them };
  LinkId link = 0;
  Fault fault = Fault::connection;
  std::string reason;
  By refused_by = By::nobody;
  std::string address = {};  // dialled
};
// An accepted stream that was turned away before it became a link. May be dropped: for the log.
struct PeerRefused {
  std::string address, reason;
};
using LinkEvent = std::variant<LinkUp, LinkFrame, LinkWritable, LinkDown, DialFailed, PeerRefused>;

class Link;

class Links {
 public:
  using NextFrame = std::function<std::optional<Frame>()>;

  // `inbox` outlives this. Its capacity bounds PeerRefused only; the rest is bounded by the links.
  explicit Links(base::Inbox<LinkEvent>& inbox) : inbox_(inbox) {}
  ~Links() { stop(); }
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // Writes what `next_frame` gives, if the link can be written now; otherwise it is not called, and
  // LinkWritable comes when it can. An unknown link is one that has just gone: nothing happens.
  void pump(LinkId link, const NextFrame& next_frame);
  // A LinkFrame of it has been handled.
  void consumed(LinkId link);
  // Ends the stream when what is being written has left, or after kClosePatience. The other side
  // hears `reason`.
  void close(base::TimePoint now, LinkId link, std::string reason);
  // Cuts the links whose patience is over. True while such links are left: call again within
  // kClosePatience.
  bool tick(base::TimePoint now);
  // Cuts every link and waits until gRPC has let go of all; no link can be opened any more.
  void stop();

  struct Counters {
    std::atomic<std::uint64_t> frames_received = 0, frames_sent = 0, malformed = 0, refused = 0;
  };
  const Counters& counters() const { return counters_; }
  std::size_t size() const;

  // For the streams themselves (client, server). Numbers start at 1 and are never used again.
  LinkId next_id() { return next_id_.fetch_add(1, std::memory_order_relaxed) + 1; }
  base::Result<void> admit(const std::shared_ptr<Link>& link);
  std::shared_ptr<Link> find(LinkId link) const;
  // The link of this key with an agent of this cluster, where it stands; else 0.
  LinkId find_key(const std::string& key, const std::string& proven_cluster) const;
  // `remains`: what must not be freed on gRPC's threads; a channel joins them when it is the last.
  void release(LinkId link, std::optional<LinkEvent> last_word, std::shared_ptr<void> remains);
  void bury();  // frees what remains; control only
  void post(LinkEvent event) { inbox_.post(std::move(event), base::Delivery::must_deliver); }
  void refuse(PeerRefused refusal);
  Counters& counting() { return counters_; }

 private:
  base::Inbox<LinkEvent>& inbox_;
  std::atomic<LinkId> next_id_ = 0;
  Counters counters_;
  std::map<LinkId, base::TimePoint> closing_;  // control only: when to cut

  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::map<LinkId, std::shared_ptr<Link>> links_;
  std::vector<std::shared_ptr<void>> remains_;  // at most one for each link since the last burial
  bool stopped_ = false;
};

}  // namespace discovery::rpc
