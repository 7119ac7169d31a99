// One gossip stream: the states of reading, writing and ending, the same whichever side dialled. A
// link, or the bulk stream of one, which is a stream like any other with a number of its own.
//
// The gRPC reactors (client.cpp, server.cpp) derive from this, translate reactions into opened /
// read_done / write_done / ended, and carry out start_read / start_write / finish.
//
// Invariant: at most one read and one write are under way (gRPC aborts the process otherwise), none
// is started after finish(), and finish() is called once. Thread: any; all state is under one
// mutex, which is held while operations are started. That is safe because gRPC runs reactions on
// its own threads, never inside Start*. Ownership: the registry and the reactor's own `self` keep
// it; both let go in ended().
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/address.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/wire.hpp"
#include "proto/gossip.pb.h"

namespace discovery::rpc {

class Link {
 public:
  enum class Side { dialled, accepted };
  // `of`: the link whose bulk stream this is; 0: it is a link.
  Link(Links& links, Side side, LinkId of)
      : links_(links), id_(links.next_id()), side_(side), bulk_of_(of) {}
  virtual ~Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  LinkId id() const { return id_; }
  LinkId bulk_of() const { return bulk_of_; }
  void pump(const Links::NextFrame& next_frame);
  void consumed();
  void close(std::string reason);
  // Ends it now; what is being written is lost.
  void cut(std::string reason);
  // By which its bulk stream is known; "" = it can have none. Set before it is admitted.
  const std::string& key() const { return key_; }
  // The proven cluster at its other end, once it is open.
  std::string cluster() const;
  virtual std::optional<base::SocketAddress> dialled() const { return std::nullopt; }

 protected:
  enum class Writing { yes, no };

  void known_by(std::string key) { key_ = std::move(key); }
  // The stream can be used: tells the node and begins to read.
  void opened(LinkPeer peer);
  void read_done(bool ok);
  void write_done(bool ok);
  // The other side cancelled or went away.
  void broken();
  // First in OnDone: from here on nobody touches the reactor or its context any more.
  void gone();
  // Last in OnDone: the last word on this link, and the transport's view of why it ended.
  struct Ending {
    Node::LinkEnd end = Node::LinkEnd::closed;
    std::string detail;
    DialFailed::Fault fault = DialFailed::Fault::connection;
    DialFailed::By refused_by = DialFailed::By::nobody;
    std::string address = {};
    std::shared_ptr<void> remains = nullptr;  // see Links::release
  };
  void ended(Ending ending);

 private:
  virtual void start_read(pb::Frame* frame) = 0;
  virtual void start_write(const pb::Frame* frame) = 0;
  // Begins the stream's end. A dialling side has a read under way then: it hears the end only
  // behind the last frame.
  virtual void finish(Writing writing, const std::string& reason) = 0;
  virtual void cancel() = 0;

  void finish_locked(std::string reason);

  Links& links_;
  const LinkId id_;
  const Side side_;
  const LinkId bulk_of_;
  std::string key_;

  mutable std::mutex mutex_;
  enum class State { opening, open, closing, finished, gone } state_ = State::opening;
  std::string cluster_;
  bool opened_ = false, reading_ = false, writing_ = false;
  std::uint32_t unhandled_ = 0;  // frames posted and not yet consumed
  std::string reason_;           // why we ended it; "" = the other side did
  bool malformed_ = false;       // it sent a frame that cannot be read
  pb::Frame incoming_, outgoing_;
};

}  // namespace discovery::rpc
