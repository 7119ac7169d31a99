#include "resources/kinds/shapes.hpp"

#include <algorithm>
#include <string>

#include "resources/kinds/gloo_shapes.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {

constexpr std::string_view kSpace = " \n";
constexpr std::string_view kKind = "kind ";

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
}

// Cuts off the type that starts `text`: up to a space, or the bracket that closes what it stands
// in.
std::string_view take_type(std::string_view& text) {
  std::size_t depth = 0, end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '{' || c == '[' || c == '<') ++depth;
    if ((c == '}' || c == ']' || c == '>') && depth-- == 0) break;
    if (depth == 0 && kSpace.find(c) != std::string_view::npos) break;
  }
  const auto type = text.substr(0, end);
  text.remove_prefix(end);
  return type;
}

std::string_view inner(std::string_view bracketed) {
  return bracketed.substr(1, bracketed.size() - 2);
}

struct Definition {
  std::string_view name, type;
};

// Cuts off the definition that starts `text`: its line and the indented ones behind it.
Definition take_definition(std::string_view& text) {
  skip_space(text);
  const auto equals = text.find(" = ");
  if (equals == std::string_view::npos) return {};
  const auto name = text.substr(0, equals);
  text.remove_prefix(equals + 3);
  return {name, take_type(text)};
}

std::string_view definition(std::string_view name) {
  std::string_view text = kGlooShapes;
  for (auto next = take_definition(text); !next.name.empty(); next = take_definition(text)) {
    if (next.name == name) return next.type;
  }
  return "any";
}

void expect(const Value& value, std::string_view what) {
  value.warn("expected " + std::string(what) + ", found " + quoted(value.node()));
}

void check(const Value& value, std::string_view type);

void check_fields(const Value& value, std::string_view fields_text) {
  if (!value.node().is_map()) return expect(value, "a map");
  Fields fields(value);
  for (skip_space(fields_text); !fields_text.empty(); skip_space(fields_text)) {
    const auto name = fields_text.substr(0, fields_text.find_first_of(": \n"));
    fields_text.remove_prefix(name.size());
    std::string_view type = "string";
    if (fields_text.starts_with(":")) {
      fields_text.remove_prefix(1);
      type = take_type(fields_text);
    }
    if (const auto member = fields.find(name)) check(*member, type);
  }
}

// A scalar is read by the binder into a report of its own: here its complaint is a warning.
template <class T>
bool reads_as(const Value& value) {
  Problems problems;
  Report report("", problems, UnknownFields::warn);
  T ignored{};
  read(Value(value.node(), report), ignored);
  return report.errors() == 0;
}

void check_scalar(const Value& value, std::string_view type) {
  if (type == "string" && !value.node().is_scalar()) return expect(value, "a string");
  if (type == "int" && !reads_as<std::int64_t>(value)) return expect(value, "a whole number");
  if (type == "number" && !reads_as<double>(value)) return expect(value, "a number");
  if (type == "bool" && !reads_as<bool>(value)) return expect(value, "true or false");
  if (type == "duration" && !reads_as<base::Duration>(value))
    return expect(value, "a duration such as \"5s\"");
}

void check_words(const Value& value, std::string_view words) {
  std::vector<std::string_view> names;
  for (; !words.empty(); words.remove_prefix(std::min(names.back().size() + 1, words.size()))) {
    names.push_back(words.substr(0, words.find('|')));
    if (is_choice(value.node(), names.back(), static_cast<int>(names.size()) - 1)) return;
  }
  expect(value, "one of " + joined(names));
}

void check(const Value& value, std::string_view type) {
  if (type == "any") return;
  if (type.starts_with("{")) return check_fields(value, inner(type));
  if (type.starts_with("[")) {
    if (!value.node().is_list()) return expect(value, "a list");
    for (const Node& item : value.node().children) check(Value(item, value), inner(type));
  } else if (type.starts_with("<")) {
    if (!value.node().is_map()) return expect(value, "a map");
    for (const Node& member : value.node().children) check(Value(member, value), inner(type));
  } else if (type.find('|') != std::string_view::npos) {
    check_words(value, type);
  } else if (type.front() >= 'A' && type.front() <= 'Z') {
    check(value, definition(type));
  } else {
    check_scalar(value, type);
  }
}

}  // namespace

void check_shape(const Value& value, std::string_view shape) { check(value, definition(shape)); }

std::vector<std::string_view> unsupported_kinds() {
  std::vector<std::string_view> kinds;
  std::string_view text = kGlooShapes;
  for (auto next = take_definition(text); !next.name.empty(); next = take_definition(text)) {
    if (next.name.starts_with(kKind)) kinds.push_back(next.name.substr(kKind.size()));
  }
  return kinds;
}

}  // namespace resources
