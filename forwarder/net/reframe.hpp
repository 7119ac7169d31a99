// A piece of a body as it came from one side, made into the pieces that go to the other side:
// payload stays where it is, chunk headers are written anew (forwarder.md §5.2), and trailers once
// all of them have come.
//
// Invariant: the pieces point into the input and into this object; both must stay until they are
// written. Thread: a worker's; one object serves all its bodies, one piece at a time.
#pragma once

#include <sys/uio.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forwarder/http/body.hpp"
#include "forwarder/http/render.hpp"
#include "forwarder/net/buffers.hpp"

namespace forwarder::net {

struct Reframed {
  std::size_t consumed = 0;  // of the input; less than all of it only behind the end of the body
  bool done = false;
  bool malformed = false;
  std::string_view reason;  // of malformed
};

class Reframer {
 public:
  // Starts a new piece, behind `head` (a rendered message head, or nothing).
  void begin(std::string_view head = {});
  // `trailers`: where those of this body are kept until they are whole; null: they end here.
  Reframed add(http::BodyReader& reader, std::string_view input, http::Framing to,
               Buffer* trailers = nullptr);
  // The body of an until_close message has ended with the connection.
  void end(http::Framing to);

  std::span<iovec> pieces() { return pieces_; }

 private:
  void put(std::string_view text);
  std::vector<iovec> pieces_;
  std::optional<http::ChunkHeader> header_;
  std::string last_chunk_;  // with trailers
};

}  // namespace forwarder::net
