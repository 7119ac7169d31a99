#include "forwarder/net/reframe.hpp"

#include "forwarder/http/trailers.hpp"

namespace forwarder::net {

void Reframer::begin(std::string_view head) {
  pieces_.clear();
  put(head);
}

Reframed Reframer::add(http::BodyReader& reader, std::string_view input, http::Framing to,
                       Buffer* trailers) {
  const bool chunked = to == http::Framing::chunked;
  const auto header_at = pieces_.size();
  if (chunked) pieces_.push_back({});  // filled in when the size is known
  Reframed result;
  std::uint64_t size = 0;
  while (!result.done && (result.consumed < input.size() || reader.done())) {
    const auto piece = reader.read(input.substr(result.consumed));
    if (piece.state == http::Piece::State::malformed) {
      result.malformed = true;
      result.reason = piece.reason;
      break;
    }
    result.consumed += piece.consumed;
    put(piece.payload);
    if (trailers && !piece.trailers.empty()) trailers->bytes().append(piece.trailers);
    size += piece.payload.size();
    result.done = piece.state == http::Piece::State::done;
    if (piece.consumed == 0) break;
  }
  if (!chunked) return result;
  if (size == 0) {
    pieces_.resize(header_at);
  } else {
    header_.emplace(size);
    pieces_[header_at] = {const_cast<char*>(header_->text().data()), header_->text().size()};
    put(http::kChunkEnd);
  }
  if (result.done && trailers && !trailers->empty()) {
    last_chunk_.clear();
    http::render_trailers(trailers->view(), last_chunk_);
    trailers->release();
    put(last_chunk_);
  } else if (result.done) {
    put(http::kLastChunk);
  }
  return result;
}

void Reframer::end(http::Framing to) {
  if (to == http::Framing::chunked) put(http::kLastChunk);
}

void Reframer::put(std::string_view text) {
  if (!text.empty()) pieces_.push_back({const_cast<char*>(text.data()), text.size()});
}

}  // namespace forwarder::net
