// Messages of a benchmark's own two ends: their bodies have a Content-Length or are none.
//
// Thread: a value.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace bench {

// What a field of a head says; "" where there is none. Its name in lower case.
inline std::string_view field(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at)) {
    at += 2;
    const auto line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    bool same = true;
    for (std::size_t i = 0; i < name.size(); ++i) same = same && (line[i] | 0x20) == name[i];
    if (!same) continue;
    const auto value = line.substr(name.size() + 1);
    return value.substr(std::min(value.find_first_not_of(' '), value.size()));
  }
  return {};
}

struct Message {
  std::string_view head, body;  // the head with its empty line

  std::size_t size() const { return head.size() + body.size(); }
};

// What has come on a connection and was not taken yet.
class Incoming {
 public:
  static constexpr std::size_t kLongest = 32 * 1024;  // of a message

  bool empty() const { return size_ == 0; }
  std::span<char> room() { return std::span(bytes_).subspan(size_); }  // empty: too long a message
  void came(std::size_t bytes) { size_ += bytes; }
  // The first message; one with no head while it is not whole.
  Message message() const {
    const std::string_view all(bytes_.data(), size_);
    const auto end = all.find("\r\n\r\n");
    if (end == all.npos) return {};
    const auto head = all.substr(0, end + 4);
    const auto length = field(head, "content-length");
    std::size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    if (all.size() - head.size() < size) return {};
    return {head, all.substr(head.size(), size)};
  }
  void take(std::size_t bytes) {
    size_ -= bytes;
    std::memmove(bytes_.data(), bytes_.data() + bytes, size_);
  }

 private:
  std::array<char, kLongest> bytes_;
  std::size_t size_ = 0;
};

}  // namespace bench
