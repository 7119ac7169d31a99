// Tag-length-value fields as protobuf writes them (varint and length-delimited only): readers skip
// what they do not know, writers leave out what is empty, so rows can grow without a version
// number.
//
// Source: protobuf's encoding specification; own code because rows must not depend on generated
// classes. Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace discovery {

class FieldWriter {
 public:
  void number(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    out_.varint(std::uint64_t{field} << 3);
    out_.varint(value);
  }
  void text(std::uint32_t field, std::string_view value) {
    if (!value.empty()) entry(field, value);
  }
  // Written even when empty: an element of a list.
  void entry(std::uint32_t field, std::string_view value) {
    out_.varint(std::uint64_t{field} << 3 | 2);
    out_.text(value);
  }
  base::Bytes take() && { return std::move(out_).take(); }

 private:
  base::ByteWriter out_;
};

struct Field {
  std::uint32_t id = 0;
  std::uint64_t number = 0;  // of a varint field
  std::string_view bytes;    // of a length-delimited field
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : in_(bytes) {}

  // The next field; nothing at the end or when the bytes are broken (then ok() is false).
  std::optional<Field> next() {
    if (!in_.ok() || in_.at_end()) return std::nullopt;
    const auto tag = in_.varint();
    Field field;
    field.id = static_cast<std::uint32_t>(tag >> 3);
    switch (tag & 7) {
      case 0:
        field.number = in_.varint();
        break;
      case 1:
        in_.take(8);
        break;  // fixed64 and fixed32 are skipped: a later writer may use them
      case 2:
        field.bytes = in_.text();
        break;
      case 5:
        in_.take(4);
        break;
      default:
        in_.fail();
    }
    if (tag >> 3 == 0 || tag >> 35 != 0) in_.fail();
    if (!in_.ok()) return std::nullopt;
    return field;
  }
  bool ok() const { return in_.ok(); }
  std::size_t position() const { return in_.position(); }  // behind the last field

 private:
  base::ByteReader in_;
};

}  // namespace discovery
