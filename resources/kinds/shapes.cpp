#include "resources/kinds/shapes.hpp"

#include <algorithm>
#include <string>

#include "resources/duration.hpp"
#include "resources/kinds/gloo_shapes.hpp"

namespace resources {
namespace {

// The type that starts `text`, up to a space or the bracket that closes what it stands in.
std::string_view first_type(std::string_view text) {
  std::size_t depth = 0, end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '{' || c == '[' || c == '<') ++depth;
    if (c == '}' || c == ']' || c == '>') {
      if (depth == 0) break;
      --depth;
    }
    if (c == ' ' && depth == 0) break;
  }
  return text.substr(0, end);
}

std::string_view inner(std::string_view bracketed) {
  return bracketed.substr(1, bracketed.size() - 2);
}

// The definition of a name: what follows "name = " on a line of its own.
std::string_view definition(std::string_view name) {
  for (std::string_view rest = kGlooShapes; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1);
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(" = ")) {
      return line.substr(name.size() + 3);
    }
  }
  return "any";
}

void expect(const Value& value, std::string_view what) {
  const Node& node = value.node();
  value.warn("expected " + std::string(what) + ", found " +
             (node.is_scalar() ? '"' + node.text + '"' : std::string(to_string(node.kind))));
}

void check(const Value& value, std::string_view type);

void check_fields(const Value& value, std::string_view fields_text) {
  if (!value.node().is_map()) return expect(value, "a map");
  Fields fields(value);
  while (!fields_text.empty()) {
    const auto name = fields_text.substr(0, fields_text.find_first_of(": "));
    fields_text.remove_prefix(name.size());
    std::string_view type = "string";
    if (fields_text.starts_with(":")) {
      fields_text.remove_prefix(1);
      type = first_type(fields_text);
      fields_text.remove_prefix(type.size());
    }
    if (fields_text.starts_with(" ")) fields_text.remove_prefix(1);
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
  return !report.failed();
}

void check_scalar(const Value& value, std::string_view type) {
  if (type == "string" && !value.node().is_scalar()) return expect(value, "a string");
  if (type == "int" && !reads_as<std::int64_t>(value)) return expect(value, "a whole number");
  if (type == "number" && !reads_as<double>(value)) return expect(value, "a number");
  if (type == "bool" && !reads_as<bool>(value)) return expect(value, "true or false");
  if (type == "duration" && !reads_as<base::Duration>(value))
    return expect(value, "a duration such as \"5s\"");
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
  } else if (type.front() >= 'A' && type.front() <= 'Z') {
    check(value, definition(type));
  } else {
    check_scalar(value, type);
  }
}

}  // namespace

void check_shape(const Value& value, std::string_view shape) { check(value, definition(shape)); }

}  // namespace resources
