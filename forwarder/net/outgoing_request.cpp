#include "forwarder/net/outgoing_request.hpp"

#include <algorithm>
#include <array>

#include "forwarder/http/field.hpp"
#include "forwarder/http/forwarded.hpp"

namespace forwarder::net {

bool is_idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 6> kIdempotent{"GET",    "HEAD",  "OPTIONS",
                                                               "DELETE", "TRACE", "PUT"};
  return std::find(kIdempotent.begin(), kIdempotent.end(), method) != kIdempotent.end();
}

void OutgoingRequest::note(const http::RequestHead& head) {
  body_ = http::BodyReader(head.framing, head.content_length);
  framing_ = head.framing;
  content_length_ = head.content_length;
  minor_version_ = head.minor_version;
  idempotent_ = is_idempotent(head.method);
  head_only_ = head.method == "HEAD";
  keep_alive_ = head.keep_alive;
  takes_trailers_ = head.takes_trailers;
  if (head.upgrade) protocol_ = http::find_header(head.headers, "upgrade")->value;
}

void OutgoingRequest::render(const http::RequestHead& head, const Forward& forward,
                             std::string_view client, const http::Edits& edits) {
  const http::ForwardedFields fields(head, {client, "http", forward.host}, work_.rendered);
  auto all = fields.edits();
  all.then = &edits;
  http::render_request(head, {forward.target, forward.host}, all, bytes_.bytes());
}

Reframed OutgoingRequest::start_body(std::string_view input) {
  const auto reframed = reframe(input);
  append(work_.reframer.pieces());
  replayable_ = bytes_.view().size() <= work_.limits.replay;
  return reframed;
}

bool OutgoingRequest::stays_replayable() const {
  if (whole_) return replayable_;
  const auto room = work_.limits.replay - std::min(bytes_.view().size(), work_.limits.replay);
  return framing_ == http::Framing::length && content_length_ <= room;
}

Reframed OutgoingRequest::continue_body(std::string_view input) {
  const auto reframed = reframe(input);
  const auto pieces = work_.reframer.pieces();
  std::size_t size = bytes_.view().size();
  for (const auto& piece : pieces) size += piece.iov_len;
  replayable_ = replayable_ && (idempotent_ || kept_) && size <= work_.limits.replay;
  if (replayable_)
    append(pieces);
  else
    bytes_.release();
  return reframed;
}

Reframed OutgoingRequest::reframe(std::string_view input) {
  work_.reframer.begin();
  const auto reframed = work_.reframer.add(body_, input, framing_);
  if (reframed.done && !whole_) whole_at_ = work_.loop.now();
  whole_ = reframed.done;
  taken_ += reframed.consumed;
  return reframed;
}

void OutgoingRequest::append(std::span<const iovec> pieces) {
  for (const auto& piece : pieces)
    bytes_.bytes().append(static_cast<const char*>(piece.iov_base), piece.iov_len);
}

}  // namespace forwarder::net
