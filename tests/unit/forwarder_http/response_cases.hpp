// Responses as bytes with their verdict and framing; the fuzzers start from the same table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forwarder/http/parser.hpp"

namespace forwarder::http {

struct ResponseCase {
  std::string_view says;
  std::string bytes;
  bool accepted;
  Framing framing = Framing::none;
  bool keep_alive = true;
  Asked asked = {};
};

inline std::vector<ResponseCase> accepted_responses() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n";
  const Asked head{"HEAD", {}};
  const Asked websocket{"GET", "websocket"};
  return {
      {"a length", ok + "Content-Length: 5\r\n\r\n", true, Framing::length},
      {"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n", true, Framing::chunked},
      {"neither", ok + "\r\n", true, Framing::until_close, false},
      {"no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", true, Framing::length},
      {"no reason and no space", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", true,
       Framing::length},
      {"close", ok + "Connection: close\r\nContent-Length: 0\r\n\r\n", true, Framing::length,
       false},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", true, Framing::length, false},
      {"HTTP/1.0 kept alive",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", true,
       Framing::length, true},
      {"HTTP/1.0 with chunks: read, then closed",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", true,
       Framing::chunked, false},
      {"length and chunks: chunks, then closed",
       ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", true, Framing::chunked,
       false},
      {"the answer to HEAD", ok + "Content-Length: 5\r\n\r\n", true, Framing::none, true, head},
      {"the answer to HEAD with chunks", ok + "Transfer-Encoding: chunked\r\n\r\n", true,
       Framing::none, true, head},
      {"204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", true, Framing::none},
      {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", true, Framing::none},
      {"100", "HTTP/1.1 100 Continue\r\n\r\n", true, Framing::none},
      {"103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", true, Framing::none},
      {"101 as asked for", "HTTP/1.1 101 Switching Protocols\r\n" + upgrade, true, Framing::none,
       true, websocket},
      {"101 as asked for, in capitals",
       "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n",
       true, Framing::none, true, websocket},
      {"a status of its own", "HTTP/1.1 999 Own\r\nContent-Length: 0\r\n\r\n", true,
       Framing::length},
  };
}

inline std::vector<ResponseCase> refused_responses() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string end = "Content-Length: 0\r\n\r\n";
  const Asked websocket{"GET", "websocket"};
  return {
      {"101 unasked",
       "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
       false},
      {"101 without Upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, Framing::none,
       true, websocket},
      {"101 to another protocol",
       "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n", false,
       Framing::none, true, websocket},
      {"two lengths", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", false},
      {"a list of lengths", ok + "Content-Length: 5, 5\r\n\r\n", false},
      {"a negative length", ok + "Content-Length: -1\r\n\r\n", false},
      {"another coding", ok + "Transfer-Encoding: gzip\r\n\r\n", false},
      {"a coding before chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", false},
      {"a space before a colon", ok + "X : y\r\n" + end, false},
      {"a folded line", ok + "X: y\r\n z\r\n" + end, false},
      {"a bare LF", "HTTP/1.1 200 OK\n" + end, false},
      {"a bare CR in a value", ok + "X: a\rb\r\n" + end, false},
      {"NUL in a value", ok + "X: a" + std::string(1, '\0') + "\r\n" + end, false},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n" + end, false},
      {"a status of four digits", "HTTP/1.1 2000 OK\r\n" + end, false},
      {"a status below 100", "HTTP/1.1 099 OK\r\n" + end, false},
      {"HTTP/2", "HTTP/2.0 200 OK\r\n" + end, false},
      {"another protocol", "ICY 200 OK\r\n" + end, false},
      {"an empty line before it", "\r\n" + ok + end, false},
      {"a body without a head", "hello", false},
  };
}

inline std::vector<ResponseCase> all_response_cases() {
  auto all = accepted_responses();
  for (auto& row : refused_responses()) all.push_back(std::move(row));
  return all;
}

}  // namespace forwarder::http
