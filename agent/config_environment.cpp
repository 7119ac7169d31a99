#include "agent/config_environment.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace agent {
namespace {

using resources::Node;
using resources::Value;

constexpr std::string_view kOpening = "${";

bool is_variable(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// What cannot be filled in is as if it were not written: one complaint is enough.
void fill_in(Node& scalar, const Value& value) {
  std::string out;
  const auto text = std::exchange(scalar.text, "");
  const auto kind = std::exchange(scalar.kind, Node::Kind::null);
  std::string_view rest = text;
  for (auto at = rest.find(kOpening); at != rest.npos; at = rest.find(kOpening)) {
    out += rest.substr(0, at);
    rest.remove_prefix(at + kOpening.size());
    const auto end = rest.find('}');
    const auto name = std::string(rest.substr(0, end));
    if (end == rest.npos || !is_variable(name))
      return value.error("\"${\" without the name of a variable",
                         "write ${NAME}, of A-Z, 0-9 and _");
    const char* held = std::getenv(name.c_str());
    if (!held)
      return value.error("the environment has no " + name,
                         "set it for this process, or write the value itself");
    out += held;
    rest.remove_prefix(end + 1);
  }
  scalar.kind = kind;
  scalar.text = out += rest;
}

void fill_in_below(Node& node, const Value& value) {
  if (node.is_scalar() && node.text.find(kOpening) != node.text.npos) fill_in(node, value);
  for (auto& child : node.children) fill_in_below(child, Value(child, value));
}

}  // namespace

void fill_in_variables(Node& root, resources::Report& report) {
  fill_in_below(root, Value(root, report));
}

}  // namespace agent
