// Bounds-checked readers and writers of byte strings, with a sticky error: read on, ask once at the end.
//
// Integers are big-endian (network order) unless they are varints (LEB128, as protobuf writes them).
// Invariant: after the first failure every read returns zero or empty and `ok()` stays false.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace base {

using Bytes = std::string;  // owned bytes; std::string for its small-buffer and its use as a map key

inline std::span<const std::uint8_t> as_span(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  explicit ByteReader(std::string_view bytes) : bytes_(as_span(bytes)) {}

  bool ok() const { return ok_; }
  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    return fail(), 0;
  }
  // `count` raw bytes; empty on failure. The view is into the reader's input.
  std::span<const std::uint8_t> take(std::size_t count) {
    if (!ok_ || count > remaining()) return fail(), std::span<const std::uint8_t>{};
    position_ += count;
    return bytes_.subspan(position_ - count, count);
  }
  // A varint length, then that many bytes.
  std::string_view text() { return as_text(take(varint_length())); }
  void fail() { ok_ = false; }

 private:
  std::size_t varint_length() {
    const auto length = varint();
    if (length > remaining()) fail();
    return ok_ ? static_cast<std::size_t>(length) : 0;
  }
  std::uint64_t fixed(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(width)) value = value << 8 | byte;
    return value;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { fixed(value, 2); }
  void u32(std::uint32_t value) { fixed(value, 4); }
  void u64(std::uint64_t value) { fixed(value, 8); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
  }
  void put(std::span<const std::uint8_t> bytes) { bytes_.append(as_text(bytes)); }
  void text(std::string_view value) {
    varint(value.size());
    bytes_.append(value);
  }

  const Bytes& bytes() const& { return bytes_; }
  Bytes take() && { return std::move(bytes_); }

 private:
  void fixed(std::uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) u8(static_cast<std::uint8_t>(value >> shift));
  }
  Bytes bytes_;
};

}  // namespace base
