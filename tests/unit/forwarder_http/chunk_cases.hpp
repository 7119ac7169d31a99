// Chunked bodies as bytes: what they carry, or that they are refused; the fuzzers start from the
// same table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forwarder::http {

struct ChunkCase {
  std::string_view says;
  std::string bytes;
  bool accepted;
  std::string payload = {};
};

inline std::vector<ChunkCase> accepted_bodies() {
  return {
      {"nothing", "0\r\n\r\n", true, ""},
      {"two chunks", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", true, "hello!"},
      {"capitals and leading zeros", "00A\r\n0123456789\r\n000\r\n\r\n", true, "0123456789"},
      {"payload that looks like framing", "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", true, "0\r\n\r\n\r\n"},
      {"an extension", "1;a\r\nx\r\n0\r\n\r\n", true, "x"},
      {"an extension with a value", "1;a=\"b c\";d\r\nx\r\n0;e\r\n\r\n", true, "x"},
      {"trailers", "1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\nC:\r\n\r\n", true, "x"},
      {"the longest extension", "1;a" + std::string(4094, 'b') + "\r\nx\r\n0\r\n\r\n", true, "x"},
  };
}

inline std::vector<ChunkCase> refused_bodies() {
  const std::string nul(1, '\0');
  return {
      {"no size", "\r\nx\r\n", false},
      {"no size at the end", "\r\n\r\n", false},
      {"an extension without a size", ";a\r\n\r\n", false},
      {"a space before the size", " 1\r\nx\r\n", false},
      {"a space behind the size", "1 \r\nx\r\n", false},
      {"a tab behind the size", "1\t\r\nx\r\n", false},
      {"a space before an extension", "1 ;a\r\nx\r\n", false},
      {"0x", "0x1\r\nx\r\n", false},
      {"a plus sign", "+1\r\nx\r\n", false},
      {"a minus sign", "-1\r\nx\r\n", false},
      {"an underscore", "1_0\r\nx\r\n", false},
      {"a letter behind f", "g\r\nx\r\n", false},
      {"more than 63 bits", "8000000000000000\r\nx", false},
      {"more than 64 bits", "10000000000000001\r\nx", false},
      {"seventeen digits", "00000000000000001\r\nx", false},
      {"a bare LF behind the size", "1\nx\r\n", false},
      {"a bare CR behind the size", "1\rx\r\n", false},
      {"no line end behind the data", "1\r\nx0\r\n\r\n", false},
      {"data longer than its size", "1\r\nxy\r\n", false},
      {"a bare LF behind the data", "1\r\nx\n0\r\n\r\n", false},
      {"a bare CR behind the data", "1\r\nx\r0\r\n\r\n", false},
      {"an extension without a name", "1;\r\nx\r\n", false},
      {"a bare CR in an extension", "1;a\rb\r\nx\r\n", false},
      {"a bare LF in an extension", "1;a\nx\r\n", false},
      {"NUL in an extension", "1;a" + nul + "\r\nx\r\n", false},
      {"BEL in an extension", "1;a\a\r\nx\r\n", false},
      {"DEL in an extension's value", "1;a=b\x7f\r\nx\r\n", false},
      {"extensions too long together",
       "1;a" + std::string(2047, 'b') + "\r\nx\r\n1;a" + std::string(2047, 'b') + "\r\nx\r\n",
       false},
      {"an extension too long", "1;a" + std::string(4095, 'b') + "\r\nx\r\n", false},
      {"a trailer without a colon", "0\r\nA\r\n\r\n", false},
      {"a trailer without a name", "0\r\n: a\r\n\r\n", false},
      {"a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", false},
      {"a space before a trailer's colon", "0\r\nA : b\r\n\r\n", false},
      {"NUL in a trailer", "0\r\nA: " + nul + "\r\n\r\n", false},
      {"a bare LF behind a trailer", "0\r\nA: b\n\r\n", false},
      {"a bare LF at the end", "0\r\n\n", false},
      {"a bare CR at the end", "0\r\n\rx", false},
      {"trailers too long", "0\r\nA: " + std::string(8192, 'b') + "\r\n\r\n", false},
  };
}

inline std::vector<ChunkCase> all_chunk_cases() {
  auto all = accepted_bodies();
  for (auto& row : refused_bodies()) all.push_back(std::move(row));
  return all;
}

}  // namespace forwarder::http
