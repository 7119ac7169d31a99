// Byte buffers that requests borrow and give back, so that a request costs no allocation and an
// idle connection holds no bytes.
//
// Thread: one worker's. A Buffer must not outlive its Buffers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forwarder::net {

class Buffers {
 public:
  static constexpr std::size_t kKept = 256;                // buffers, and
  static constexpr std::size_t kLargestKept = 128 * 1024;  // bytes of each

  std::string borrow() {
    if (free_.empty()) return {};
    std::string buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give_back(std::string&& buffer) {
    if (buffer.capacity() > kLargestKept || free_.size() == kKept) return;
    buffer.clear();
    free_.push_back(std::move(buffer));
  }

 private:
  std::vector<std::string> free_;
};

// Borrows when first written to, gives back when released or destroyed.
class Buffer {
 public:
  explicit Buffer(Buffers& buffers) : buffers_(buffers) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  std::string& bytes() {
    if (!std::exchange(held_, true)) bytes_ = buffers_.borrow();
    return bytes_;
  }
  std::string_view view() const { return held_ ? std::string_view(bytes_) : std::string_view(); }
  bool empty() const { return view().empty(); }
  // Holds `text` and nothing else; `text` may lie in this buffer.
  void keep(std::string_view text) {
    if (text.empty()) return release();
    auto& held = bytes();
    const bool ours = std::less_equal<>{}(held.data(), text.data()) &&
                      std::less_equal<>{}(text.data() + text.size(), held.data() + held.size());
    if (ours) {
      const auto at = static_cast<std::size_t>(text.data() - held.data());
      held.resize(at + text.size());
      held.erase(0, at);
    } else {
      held.assign(text);
    }
  }
  void release() {
    if (!std::exchange(held_, false)) return;
    buffers_.give_back(std::move(bytes_));
    bytes_ = {};
  }

 private:
  Buffers& buffers_;
  bool held_ = false;
  std::string bytes_;
};

}  // namespace forwarder::net
