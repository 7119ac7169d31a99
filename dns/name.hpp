// A domain name in lower-case wire form: length-prefixed labels and the root byte (RFC 1035 §3.1).
//
// Invariant: at most kMaxName bytes, labels of 1 to kMaxLabel bytes, ends in the root, no A to Z.
// So two names are equal when their bytes are (RFC 4343), and a parent is a suffix of its children.
// Thread: a value; allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dns/message.hpp"

namespace dns {

class Name {
 public:
  Name() { bytes_[0] = 0; }  // the root
  Name(const Name& other) : length_(other.length_) { copy(other); }
  Name& operator=(const Name& other) {
    length_ = other.length_;
    return copy(other), *this;
  }
  // "ratings.mesh.internal", with or without the dot at the end. No escapes: hosts of documents
  // have none.
  static base::Result<Name> parse(std::string_view text);
  // An uncompressed name at the start of `wire`; nothing when it is cut short, too long, or holds a
  // pointer.
  static std::optional<Name> read(std::span<const std::uint8_t> wire);

  std::span<const std::uint8_t> wire() const { return {bytes_.data(), length_}; }
  bool is_root() const { return length_ == 1; }
  bool is_wildcard() const { return bytes_[0] == 1 && bytes_[1] == '*'; }
  // `label` in front; nothing when label or name would be too long.
  std::optional<Name> child(std::string_view label) const;
  Name parent() const;  // the root's is the root
  bool is_within(const Name& ancestor) const;
  std::string to_string() const;  // without the dot at the end; odd bytes as \DDD

  friend bool operator==(const Name& a, const Name& b) {
    return std::string_view(a.text()) == std::string_view(b.text());
  }
  friend bool operator<(const Name& a, const Name& b) { return a.text() < b.text(); }

 private:
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), length_}; }
  void copy(const Name& other) { std::memmove(bytes_.data(), other.bytes_.data(), other.length_); }
  void make_lower(std::size_t size);
  void take_lower(std::span<const std::uint8_t> from, std::size_t size);

  std::array<std::uint8_t, kMaxName + 9> bytes_;  // room for whole words; not set behind the name
  std::uint8_t length_ = 1;
};

// The next suffix of a name in wire form: "mesh.internal" of "ratings.mesh.internal". Not for the
// root.
inline std::span<const std::uint8_t> parent_of(std::span<const std::uint8_t> wire) {
  return wire.subspan(wire[0] + std::size_t{1});
}

// Where the name at `at` ends, when it may hold or be a compression pointer; 0 when it is not one.
std::size_t skip_name(std::span<const std::uint8_t> message, std::size_t at);

}  // namespace dns
