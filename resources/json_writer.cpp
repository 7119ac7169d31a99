#include "resources/json_writer.hpp"

#include <nlohmann/json.hpp>

namespace resources {
namespace {

void write(const std::string& text, std::string& out) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write(const Node& node, std::string& out) {
  using Kind = Node::Kind;
  if (node.kind == Kind::null) {
    out += "null";
  } else if (node.kind == Kind::string) {
    write(node.text, out);
  } else if (node.is_scalar()) {
    out += node.text;
  } else {
    out += node.is_map() ? '{' : '[';
    for (const Node& child : node.children) {
      if (&child != &node.children.front()) out += ',';
      if (node.is_map()) {
        write(child.key, out);
        out += ": ";  // the space makes it YAML, too
      }
      write(child, out);
    }
    out += node.is_map() ? '}' : ']';
  }
}

}  // namespace

std::string to_json(const Node& node) {
  std::string out;
  write(node, out);
  return out;
}

}  // namespace resources
