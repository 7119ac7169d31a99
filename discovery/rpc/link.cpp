#include "discovery/rpc/link.hpp"

namespace discovery::rpc {

void Link::pump(const Links::NextFrame& next_frame) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::open || writing_) return;
  const auto frame = next_frame();
  if (!frame) return;
  to_proto(*frame, outgoing_);
  writing_ = true;
  links_.counting().frames_sent.fetch_add(1, std::memory_order_relaxed);
  start_write(&outgoing_);
}

void Link::consumed() {
  const std::lock_guard lock(mutex_);
  if (unhandled_ > 0) --unhandled_;
  if (state_ != State::open || reading_) return;
  reading_ = true;
  start_read(&incoming_);
}

void Link::close(std::string reason) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::opening && state_ != State::open) return;
  state_ = State::closing;
  reason_ = std::move(reason);
  if (!writing_) finish_locked(reason_);
}

void Link::cut(std::string reason) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::gone) return;
  cancel();
  finish_locked(std::move(reason));
}

void Link::opened(LinkPeer peer) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::opening) return;
  state_ = State::open;
  opened_ = true;
  cluster_ = peer.proven_cluster;
  links_.post(LinkUp{id_, std::move(peer)});
  reading_ = true;
  start_read(&incoming_);
}

std::string Link::cluster() const {
  const std::lock_guard lock(mutex_);
  return cluster_;
}

void Link::read_done(bool ok) {
  const std::lock_guard lock(mutex_);
  if (!ok) return finish_locked("");  // still `reading_`: no read can be started any more
  reading_ = false;
  if (state_ == State::open) {
    auto frame =
        from_proto(std::move(incoming_), (bulk_of_ == 0 ? 1 : kBulkFrame) * kMaxFrameBytes);
    if (!frame) {
      links_.counting().malformed.fetch_add(1, std::memory_order_relaxed);
      malformed_ = true;
      if (side_ == Side::dialled) cancel();  // who speaks so need not mean to end either
      return finish_locked("malformed frame: " + frame.error().message);
    }
    links_.counting().frames_received.fetch_add(1, std::memory_order_relaxed);
    ++unhandled_;
    // Posted before the next read begins, so frames stay in order.
    links_.post(LinkFrame{id_, std::move(*frame)});
    pb::Frame().Swap(&incoming_);  // an idle link holds no buffers
    if (unhandled_ >= kMaxUnhandledFrames) return;
  }
  if (state_ == State::finished && side_ == Side::accepted) return;
  reading_ = true;  // while the link ends, what still comes is thrown away
  start_read(&incoming_);
}

void Link::write_done(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  pb::Frame().Swap(&outgoing_);
  if (!ok) return finish_locked("");
  if (state_ == State::open) links_.post(LinkWritable{id_});
  if (state_ == State::closing) finish_locked(reason_);
}

void Link::broken() {
  const std::lock_guard lock(mutex_);
  finish_locked("");
}

void Link::finish_locked(std::string reason) {
  if (state_ == State::finished || state_ == State::gone) return;
  state_ = State::finished;
  if (reason_.empty()) reason_ = std::move(reason);
  if (side_ == Side::dialled && !reading_) {
    reading_ = true;
    start_read(&incoming_);
  }
  finish(writing_ ? Writing::yes : Writing::no, reason_);
}

void Link::gone() {
  const std::lock_guard lock(mutex_);
  state_ = State::gone;
}

void Link::ended(Ending ending) {
  bool opened = false;
  {
    const std::lock_guard lock(mutex_);
    opened = opened_;
    if (!reason_.empty()) {
      ending.end = malformed_ ? Node::LinkEnd::malformed : Node::LinkEnd::closed;
      ending.detail = reason_;
    }
  }
  std::optional<LinkEvent> word;
  if (opened)
    word = LinkDown{id_, ending.end, std::move(ending.detail)};
  else if (side_ == Side::dialled)
    word = DialFailed{id_, ending.fault, std::move(ending.detail), ending.refused_by,
                      std::move(ending.address)};
  links_.release(id_, std::move(word), std::move(ending.remains));
}

}  // namespace discovery::rpc
