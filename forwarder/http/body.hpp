// Where a body's bytes are in what was read, and where the body ends.
//
// The caller shows what it has; the reader takes a piece: payload to pass on, or framing to forget.
// Chunk headers and extensions are checked and dropped, never passed on (RFC 9112 §7.1 allows it);
// a body that is passed on gets new chunk headers (render.hpp), and trailers only go to who takes
// them (trailers.hpp).
//
// Invariant: consumed bytes are never shown again; after `done` or `malformed` nothing more is
// consumed. A cut into reads changes where pieces end, never the payload nor the verdict.
//
// Errors: `malformed` with a static reason; the connection must be closed. Limits: named below.
// Thread: values.
#pragma once

#include <cstdint>
#include <string_view>

#include "forwarder/http/message.hpp"

namespace forwarder::http {

constexpr std::size_t kMaxChunkExtensions = 4 * 1024;  // bytes in all of one message
constexpr std::size_t kMaxTrailers = 8 * 1024;         // bytes in all

struct Piece {
  enum class State : std::uint8_t { more, done, malformed };
  State state = State::more;  // more: show what follows `consumed`, when there is some
  std::size_t consumed = 0;   // of the input, the payload included
  std::string_view payload;   // into the input; may be empty
  std::string_view trailers;  // into the input: what it has of the trailer section, with its last,
                              // empty line
  std::string_view reason;    // of malformed
};

class ChunkedReader {
 public:
  // Returns at the latest behind the first run of payload.
  Piece read(std::string_view input);
  bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    extension_name,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,
    done,
    malformed,
  };
  // The state behind one byte of framing; `malformed` sets reason_.
  State after(char byte);
  State after_size(char byte);
  State after_trailer(char byte);
  State refuse(std::string_view reason);
  bool in_trailers() const { return state_ >= State::trailer_start && state_ <= State::final_lf; }

  State state_ = State::size_start;
  std::uint8_t size_digits_ = 0;
  std::uint64_t left_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string_view reason_;
};

// A body of any framing.
class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(Framing framing, std::uint64_t content_length)
      : framing_(framing), left_(framing == Framing::length ? content_length : 0) {}

  Piece read(std::string_view input);
  bool done() const;
  // The peer closed its side: is that a whole body? If not, the truncation must show downstream
  // (RFC 9112 §8).
  bool complete_at_close() const { return framing_ == Framing::until_close || done(); }

 private:
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;
  ChunkedReader chunks_;
};

}  // namespace forwarder::http
