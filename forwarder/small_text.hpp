// Room for a text whose size is known: on the stack if it is as short as nearly all are, so that
// making one costs no allocation. Thread: a value on the stack of whoever makes it.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace forwarder {

class SmallText {
 public:
  explicit SmallText(std::size_t size) : size_(size) {
    if (size > short_.size()) long_.resize(size);
  }
  SmallText(const SmallText&) = delete;
  SmallText& operator=(const SmallText&) = delete;

  char* begin() { return size_ > short_.size() ? long_.data() : short_.data(); }
  char* end() { return begin() + size_; }
  std::string_view view() { return {begin(), size_}; }

 private:
  std::array<char, 256> short_;  // a name of DNS has 253 at most
  std::string long_;
  std::size_t size_;
};

}  // namespace forwarder
