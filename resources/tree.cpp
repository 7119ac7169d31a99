#include "resources/tree.hpp"

#include <algorithm>

#include "resources/json_reader.hpp"
#include "resources/utf8.hpp"
#include "resources/yaml_reader.hpp"

namespace resources {
namespace {

constexpr std::size_t kMaxQuoted = 80;  // longer texts are cut in messages
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Mark mark_at(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<std::uint32_t>(1 + offset - line_start)};
}

// Where the text stops being text, or npos.
std::size_t first_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') return i;
    const auto length = sequence_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

bool is_json(std::string_view file_name, std::string_view text) {
  if (file_name.ends_with(".json")) return true;
  if (file_name.ends_with(".yaml") || file_name.ends_with(".yml")) return false;
  const auto start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && (text[start] == '{' || text[start] == '[');
}

Problems whole_file(std::string_view file_name, Mark mark, std::string message, std::string hint) {
  return {{Severity::error,
           {std::string(file_name), mark.line, mark.column},
           "",
           "",
           std::move(message),
           std::move(hint)}};
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  if (!is_map()) return nullptr;
  const auto found = std::find_if(children.begin(), children.end(),
                                  [name](const Node& member) { return member.key == name; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::boolean:
      return "true or false";
    case Node::Kind::number:
      return "a number";
    case Node::Kind::string:
      return "a string";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "nothing";
}

std::string quoted(const Node& node) {
  if (!node.is_scalar() || node.is_null()) return std::string(to_string(node.kind));
  return quoted(std::string_view(node.text));
}

std::string quoted(std::string_view text) {
  const auto shown = cut(text, kMaxQuoted);
  return '"' + printable(shown, kMaxQuoted) + (shown.size() < text.size() ? "…\"" : "\"");
}

Problems read_trees(std::string_view file_name, std::string_view text,
                    const std::function<void(Tree&&)>& each) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.size() > kMaxFileBytes) {
    return whole_file(file_name, {}, "larger than " + std::to_string(kMaxFileBytes) + " bytes",
                      "split it into several files");
  }
  if (const auto bad = first_bad_byte(text); bad != std::string_view::npos) {
    return whole_file(file_name, mark_at(text, bad),
                      text[bad] == '\0' ? "a NUL byte" : "not UTF-8 text",
                      "save the file as UTF-8");
  }
  return is_json(file_name, text) ? read_json(file_name, text, each)
                                  : read_yaml(file_name, text, each);
}

}  // namespace resources
