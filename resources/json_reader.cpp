#include "resources/json_reader.hpp"

#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "resources/tree_builder.hpp"

namespace resources {
namespace {

// nlohmann's events carry no positions. This iterator tells how far the text has been read: when an
// event comes, that is the end of its token, and the token is found backwards from there.
class Reader {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reader(const char* at, const char** seen) : at_(at), seen_(seen) {}
  reference operator*() const { return *at_; }
  Reader& operator++() {
    *seen_ = ++at_;
    return *this;
  }
  Reader operator++(int) {
    Reader before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Reader& a, const Reader& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** seen_;
};

// Lines and columns for places that only ever move forward.
class Ruler {
 public:
  explicit Ruler(std::string_view text) : text_(text) {}

  Mark mark(std::size_t offset) {
    for (; at_ < offset; ++at_) {
      if (text_[at_] == '\n') ++line_, line_start_ = at_ + 1;
    }
    return {line_, static_cast<std::uint32_t>(offset - std::min(line_start_, offset) + 1)};
  }

 private:
  const std::string_view text_;
  std::size_t at_ = 0, line_start_ = 0;
  std::uint32_t line_ = 1;
};

class Events final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Events(TreeBuilder& builder, std::string_view text, Ruler& ruler, const char*& seen)
      : builder_(builder), text_(text), ruler_(ruler), seen_(seen) {}

  bool null() override { return word(Node::Kind::null, ""); }
  bool boolean(bool value) override { return word(Node::Kind::boolean, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool binary(binary_t&) override { return false; }
  bool string(string_t& value) override {
    return builder_.scalar(string_mark(), std::move(value), Node::Kind::string, true);
  }
  bool key(string_t& value) override { return string(value); }
  bool start_object(std::size_t) override {
    return builder_.open(mark(here() - 1), Node::Kind::map);
  }
  bool end_object() override { return builder_.close(); }
  bool start_array(std::size_t) override {
    return builder_.open(mark(here() - 1), Node::Kind::list);
  }
  bool end_array() override { return builder_.close(); }
  bool parse_error(std::size_t, const std::string& last,
                   const nlohmann::json::exception& error) override {
    if (here() >= text_.size() &&
        std::string_view(error.what()).find("unexpected end of input") != std::string_view::npos) {
      builder_.fail(mark(text_.size()), "not JSON: the text ends too early", "close what is open");
    } else {
      const auto start = text_.substr(0, here()).rfind(last);
      builder_.fail(mark(start == std::string_view::npos ? here() : start),
                    "not JSON: " + reason(error.what()));
    }
    return false;
  }

 private:
  std::size_t here() const { return static_cast<std::size_t>(seen_ - text_.data()); }
  Mark mark(std::size_t offset) { return ruler_.mark(offset); }

  // The start of the string that ends just before here(): the nearest quote that is not escaped.
  Mark string_mark() {
    auto start = here() - 1;
    const auto escaped = [&](std::size_t at) {
      std::size_t slashes = 0;
      while (slashes < at && text_[at - 1 - slashes] == '\\') ++slashes;
      return slashes % 2 == 1;
    };
    do {
      start = text_.rfind('"', start - 1);
    } while (escaped(start));
    return mark(start);
  }
  bool word(Node::Kind kind, std::string text) {
    const std::size_t length = kind == Node::Kind::null ? 4 : text.size();
    return builder_.scalar(mark(here() - length), std::move(text), kind, false);
  }
  // A number's end is known one character late, unless the text ends with it.
  bool number(std::string text) {
    constexpr std::string_view kNumber = "0123456789+-.eE";
    auto start = here();
    if (start > 0 && kNumber.find(text_[start - 1]) == std::string_view::npos) --start;
    while (start > 0 && kNumber.find(text_[start - 1]) != std::string_view::npos) --start;
    return builder_.scalar(mark(start), std::move(text), Node::Kind::number, false);
  }
  // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while …":
  // without the preamble.
  static std::string reason(std::string_view what) {
    for (const std::string_view before : {"syntax error ", ": "}) {
      if (const auto at = what.find(before); at != std::string_view::npos) {
        return std::string(what.substr(at + before.size()));
      }
    }
    return std::string(what);
  }

  TreeBuilder& builder_;
  const std::string_view text_;
  Ruler& ruler_;
  const char*& seen_;
};

}  // namespace

Problems read_json(std::string_view file_name, std::string_view text,
                   const std::function<void(Tree&&)>& each) {
  const char* seen = text.data();
  const char* const end = text.data() + text.size();
  Ruler ruler(text);
  const auto rest = [&] { return text.substr(static_cast<std::size_t>(seen - text.data())); };
  while (rest().find_first_not_of(" \t\r\n") != std::string_view::npos) {
    TreeBuilder builder{std::string(file_name)};
    Events events(builder, text, ruler, seen);
    const bool whole = nlohmann::json::sax_parse(Reader(seen, &seen), Reader(end, &seen), &events,
                                                 nlohmann::json::input_format_t::json, false);
    Tree tree = builder.take();
    if (!whole) return std::move(tree.problems);
    if (!tree.root.is_null()) each(std::move(tree));
  }
  return {};
}

}  // namespace resources
