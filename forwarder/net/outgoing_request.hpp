// A request as it goes upstream, kept from its first byte for as long as it might have to be sent
// again.
//
// Invariant: bytes() starts with the rendered head and holds all of the body that has been read
// from the client so far, re-framed, while `replayable`; what follows from the client goes behind
// it. What is not idempotent is kept only until some of it was sent: continue_body() comes behind
// that; where it may be sent again all the same (keep()) it is kept, too. Thread: the worker's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "forwarder/http/body.hpp"
#include "forwarder/http/message.hpp"
#include "forwarder/net/workspace.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

class OutgoingRequest {
 public:
  explicit OutgoingRequest(Workspace& work) : work_(work), bytes_(work.buffers) {}

  // The facts of the head that outlive it.
  void note(const http::RequestHead& head);
  // Renders the head as `forward` wants it, with what a gateway adds (http/forwarded.hpp), and then
  // as `edits` do.
  void render(const http::RequestHead& head, const Forward& forward, std::string_view client,
              const http::Edits& edits = {});
  // Takes the part of the body that came with the head; it belongs to bytes().
  Reframed start_body(std::string_view input);
  // Takes what came later; leaves work.reframer with the pieces to send.
  Reframed continue_body(std::string_view input);

  std::string_view bytes() const { return bytes_.view(); }
  bool whole() const { return whole_; }
  base::TimePoint whole_at() const { return whole_at_; }  // since when
  // What was sent, whatever the method, as long as it fits.
  void keep() { kept_ = true; }
  // It says or has shown that it exceeds Limits::body.
  bool too_large() const { return std::max(content_length_, taken_) > work_.limits.body; }
  std::uint64_t body_bytes() const { return taken_; }  // as they came
  bool replayable() const { return replayable_; }
  // What is still to come, if anything, is known to leave it so.
  bool stays_replayable() const;
  bool idempotent() const { return idempotent_; }
  http::Asked asked() const { return {head_only_ ? "HEAD" : "GET", protocol_}; }
  bool head_only() const { return head_only_; }
  bool takes_trailers() const { return takes_trailers_; }
  std::uint8_t minor_version() const { return minor_version_; }
  bool keep_alive() const { return keep_alive_; }

 private:
  Reframed reframe(std::string_view input);
  void append(std::span<const iovec> pieces);
  Workspace& work_;
  Buffer bytes_;
  http::BodyReader body_;
  http::Framing framing_ = http::Framing::none;
  std::uint64_t content_length_ = 0;
  std::uint64_t taken_ = 0;  // of the body, as it came
  std::uint8_t minor_version_ = 1;
  bool whole_ = false, replayable_ = true, kept_ = false;
  base::TimePoint whole_at_;
  bool idempotent_ = false, head_only_ = false, keep_alive_ = false, takes_trailers_ = false;
  std::string protocol_;  // of an upgrade
};

// RFC 9110 §9.2.2; TRACE has no body and no effect.
bool is_idempotent(std::string_view method);

}  // namespace forwarder::net
