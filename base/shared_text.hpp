// A text that many objects have, kept once: two words each where a string is four.
//
// Thread: values; the text is immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace base {

class SharedText {
 public:
  SharedText() = default;  // ""
  SharedText(std::string_view text)
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(text)) {}
  SharedText(const char* text) : SharedText(std::string_view(text)) {}

  std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.text_ == b.text_ || a.view() == b.view();
  }

 private:
  std::shared_ptr<const std::string> text_;  // null: ""
};

}  // namespace base
