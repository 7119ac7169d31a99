// Reads a head from left to right: runs of one class of bytes, and whole field lines.
//
// Invariant: what is refused in a prefix is refused in every longer text, for the same reason; so
// the way a head was cut into reads can't change its verdict. Thread: a value on the parser's
// stack.
#pragma once

#include <string_view>
#include <vector>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field_facts.hpp"
#include "forwarder/http/message.hpp"

namespace forwarder::http {

enum class Step : std::uint8_t { done, need_more, refused };

class HeadReader {
 public:
  explicit HeadReader(std::string_view text)
      : begin_(text.data()), position_(text.data()), end_(text.data() + text.size()) {}

  bool at_end() const { return position_ == end_; }
  char peek() const { return *position_; }
  void skip() { ++position_; }
  std::size_t consumed() const { return static_cast<std::size_t>(position_ - begin_); }

  // The longest run of that class from here; at_end() tells whether it may go on.
  std::string_view run(Class wanted) {
    const char* const start = position_;
    const char* at = start;
    const char* const end = end_;
    while (at != end && is(*at, wanted)) ++at;
    position_ = at;
    return {start, static_cast<std::size_t>(at - start)};
  }

  // Exactly `text`; need_more where the buffer ends inside it.
  Step literal(std::string_view text) {
    for (const char expected : text) {
      if (at_end()) return Step::need_more;
      if (*position_ != expected) return Step::refused;
      ++position_;
    }
    return Step::done;
  }

  // All field lines and the empty line behind them; refused: why() says so, too_many() that it was
  // their number.
  Step fields(std::size_t most, std::vector<Header>& headers, FieldFacts& facts);
  std::string_view why() const { return why_; }
  bool too_many() const { return too_many_; }

 private:
  Step refuse(std::string_view why) {
    why_ = why;
    return Step::refused;
  }
  Step field(Header& header, std::string_view& raw);

  const char* begin_;
  const char* position_;
  const char* end_;
  std::string_view why_;
  bool too_many_ = false;
};

}  // namespace forwarder::http
