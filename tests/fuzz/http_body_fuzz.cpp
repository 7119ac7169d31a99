// Any bytes as a chunked body: the same payload and verdict however they are cut; and payload that
// is rendered as chunks again reads back as it was.
#include <algorithm>

#include "forwarder/http/body.hpp"
#include "forwarder/http/render.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/forwarder_http/chunk_cases.hpp"

namespace {

using namespace forwarder::http;

struct Outcome {
  Piece::State state = Piece::State::more;
  std::string payload;
  std::size_t consumed = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read_in(std::string_view bytes, std::size_t size) {
  BodyReader reader(Framing::chunked, 0);
  Outcome outcome;
  while (outcome.state == Piece::State::more && outcome.consumed < bytes.size()) {
    const auto piece = reader.read(bytes.substr(outcome.consumed, size));
    outcome.payload += piece.payload;
    outcome.consumed += piece.consumed;
    outcome.state = piece.state;
  }
  return outcome;
}

std::string rendered(std::string_view payload, std::size_t size) {
  std::string chunks;
  for (std::size_t at = 0; at < payload.size(); at += size) {
    const auto piece = payload.substr(at, size);
    chunks.append(ChunkHeader(piece.size()).text()).append(piece).append(kChunkEnd);
  }
  return chunks.append(kLastChunk);
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  const auto whole = read_in(input, std::max<std::size_t>(input.size(), 1));
  if (whole.consumed > input.size()) return "consumed more than there was";
  for (const std::size_t size : {1u, 2u, 7u}) {
    if (read_in(input, size) != whole) return "a cut changes the outcome";
  }
  for (const std::size_t size : {1u, 10u, 4096u}) {
    const auto chunks = rendered(whole.payload, size);
    const Outcome expected{Piece::State::done, whole.payload, chunks.size()};
    if (read_in(chunks, chunks.size()) != expected) return "rendered chunks read otherwise";
  }
  return {};
}

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> seeds;
  for (auto& row : all_chunk_cases()) seeds.push_back(std::move(row.bytes));
  return seeds;
}
