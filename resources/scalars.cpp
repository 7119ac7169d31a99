// The binder's readers of scalars: what the text of a node means to the type that asks.
#include <charconv>

#include "base/ascii.hpp"
#include "resources/binder.hpp"
#include "resources/duration.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {}  // namespace

void read(const Value& value, std::string& out) {
  if (!value.node().is_scalar()) return value.expected("a string");
  out = value.node().text;
}

void read(const Value& value, bool& out) {
  const Node& node = value.node();
  if (node.is_scalar() && !node.quoted) {
    for (const auto yes : {"true", "yes", "on"}) {
      if (base::equal_ignoring_case(node.text, yes)) return void(out = true);
    }
    for (const auto no : {"false", "no", "off"}) {
      if (base::equal_ignoring_case(node.text, no)) return void(out = false);
    }
  }
  value.expected("true or false");
}

void read(const Value& value, double& out) {
  const Node& node = value.node();
  const char* const end = node.text.data() + node.text.size();
  double number = 0;
  const auto [stop, failure] = std::from_chars(node.text.data(), end, number);
  if (!node.is_scalar() || failure != std::errc{} || stop != end || !(number - number == 0)) {
    return value.expected("a number");
  }
  out = number;
}

void read(const Value& value, base::Duration& out) {
  if (!value.node().is_scalar()) return value.expected("a duration such as \"5s\"");
  const auto duration = parse_duration(value.node().text);
  if (!duration) return value.error(duration.error().message, "write it like 500ms, 5s or 1h30m");
  out = *duration;
}

void read(const Value& value, base::Duration& out, const Range<base::Duration>& range) {
  base::Duration duration = range.min;
  read(value, duration);
  if (duration < range.min) return value.error("shorter than " + base::to_string(range.min));
  if (duration > range.max) return value.error("longer than " + base::to_string(range.max));
  out = duration;
}

std::optional<std::int64_t> read_integer(const Value& value, Range<std::int64_t> range) {
  const Node& node = value.node();
  const auto refuse = [&](std::string_view what, std::string hint) -> std::optional<std::int64_t> {
    value.error("expected " + std::string(what) + ", found " + quoted(node), std::move(hint));
    return std::nullopt;
  };
  const std::string text = node.is_scalar() ? node.text : "";
  const char* const end = text.data() + text.size();
  std::int64_t number = 0;
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (stop != end || failure == std::errc::invalid_argument) {
    return refuse("a whole number",
                  node.kind == Node::Kind::number ? "write it with digits only" : "");
  }
  const auto digits = std::string_view(text).substr(text.starts_with("-") ? 1 : 0);
  if (digits.size() > 1 && digits.starts_with("0")) {
    return refuse("a whole number",
                  "write it without leading zeros: some readers take it as octal");
  }
  if (failure != std::errc{} || number < range.min || number > range.max) {
    if (range.max == std::numeric_limits<std::int64_t>::max()) {
      return refuse("a number of at least " + std::to_string(range.min), "");
    }
    return refuse("a number from " + std::to_string(range.min) + " to " + std::to_string(range.max),
                  "");
  }
  return number;
}

bool is_choice(const Node& node, std::string_view name, int number) {
  if (!node.is_scalar() || node.is_null()) return false;
  return base::equal_ignoring_case(node.text, name) ||
         (number >= 0 && node.text == std::to_string(number));
}

void refuse_choice(const Value& value, std::span<const std::string_view> names) {
  const Node& node = value.node();
  std::string hint = node.is_scalar() ? did_you_mean(node.text, names) : "";
  if (hint.empty()) hint = "one of " + joined(names);
  value.error(quoted(node) + " is not a known value", std::move(hint));
}

}  // namespace resources
