#include "forwarder/http/body.hpp"

#include <algorithm>
#include <limits>

#include "forwarder/http/characters.hpp"

namespace forwarder::http {
namespace {

constexpr std::uint64_t kMaxChunk = std::numeric_limits<std::int64_t>::max();
constexpr int kMaxSizeDigits = 16;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char folded = lower(c);
  return folded >= 'a' && folded <= 'f' ? folded - 'a' + 10 : -1;
}

std::size_t bounded(std::uint64_t left, std::size_t available) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(left, available));
}

}  // namespace

Piece ChunkedReader::read(std::string_view input) {
  Piece piece;
  auto trailers_at = std::string_view::npos;
  while (state_ != State::done && state_ != State::malformed && piece.consumed < input.size()) {
    if (state_ == State::data) {
      piece.payload = input.substr(piece.consumed, bounded(left_, input.size() - piece.consumed));
      piece.consumed += piece.payload.size();
      left_ -= piece.payload.size();
      if (left_ == 0) state_ = State::data_cr;
      return piece;
    }
    if (in_trailers()) trailers_at = std::min(trailers_at, piece.consumed);
    state_ = after(input[piece.consumed]);
    if (state_ != State::malformed) ++piece.consumed;
  }
  if (trailers_at < piece.consumed)
    piece.trailers = input.substr(trailers_at, piece.consumed - trailers_at);
  if (state_ == State::done) piece.state = Piece::State::done;
  if (state_ == State::malformed) {
    piece.state = Piece::State::malformed;
    piece.reason = reason_;
  }
  return piece;
}

ChunkedReader::State ChunkedReader::refuse(std::string_view reason) {
  reason_ = reason;
  return State::malformed;
}

ChunkedReader::State ChunkedReader::after(char byte) {
  switch (state_) {
    case State::size_start:
    case State::size:
      return after_size(byte);
    case State::extension_name:
      if (!is(byte, kToken)) return refuse("chunk extension without a name");
      [[fallthrough]];
    case State::extension:
      if (++extension_bytes_ > kMaxChunkExtensions) return refuse("chunk extensions too long");
      if (byte == '\r') return State::size_lf;
      return is(byte, kFieldByte) ? State::extension : refuse("control byte in a chunk extension");
    case State::size_lf:
      if (byte != '\n') return refuse("bare CR behind a chunk size");
      return left_ > 0 ? State::data : State::trailer_start;
    case State::data_cr:
      return byte == '\r' ? State::data_lf : refuse("chunk longer than its size");
    case State::data_lf:
      return byte == '\n' ? State::size_start : refuse("bare CR behind a chunk");
    default:
      return after_trailer(byte);
  }
}

ChunkedReader::State ChunkedReader::after_size(char byte) {
  if (state_ == State::size_start) {
    left_ = 0;
    size_digits_ = 0;
  }
  const int digit = hex_value(byte);
  if (digit >= 0) {
    if (++size_digits_ > kMaxSizeDigits || left_ > kMaxChunk >> 4)
      return refuse("chunk size overflows");
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return State::size;
  }
  if (size_digits_ == 0) return refuse("chunk size is not a number");
  if (byte == '\r') return State::size_lf;
  return byte == ';' ? State::extension_name : refuse("chunk size is not a number");
}

// Trailer fields are held to the syntax of fields: none may change what was decided by the head.
ChunkedReader::State ChunkedReader::after_trailer(char byte) {
  if (++trailer_bytes_ > kMaxTrailers) return refuse("trailers too long");
  switch (state_) {
    case State::trailer_start:
      if (byte == '\r') return State::final_lf;
      return is(byte, kToken) ? State::trailer_name : refuse("malformed trailer");
    case State::trailer_name:
      if (byte == ':') return State::trailer_value;
      return is(byte, kToken) ? State::trailer_name : refuse("malformed trailer");
    case State::trailer_value:
      if (byte == '\r') return State::trailer_lf;
      return is(byte, kFieldByte) ? State::trailer_value : refuse("malformed trailer");
    case State::trailer_lf:
      return byte == '\n' ? State::trailer_start : refuse("bare CR in a trailer");
    case State::final_lf:
      return byte == '\n' ? State::done : refuse("bare CR behind trailers");
    default:
      return state_;
  }
}

bool BodyReader::done() const {
  switch (framing_) {
    case Framing::none:
      return true;
    case Framing::length:
      return left_ == 0;
    case Framing::chunked:
      return chunks_.done();
    case Framing::until_close:
      return false;
  }
  return true;
}

Piece BodyReader::read(std::string_view input) {
  if (framing_ == Framing::chunked) return chunks_.read(input);
  if (framing_ == Framing::until_close) return {Piece::State::more, input.size(), input, {}, {}};
  const auto payload = input.substr(0, bounded(left_, input.size()));
  left_ -= payload.size();
  return {left_ == 0 ? Piece::State::done : Piece::State::more, payload.size(), payload, {}, {}};
}

}  // namespace forwarder::http
