// What the tests of resources share: documents in, one line per problem out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/documents.hpp"
#include "resources/tree.hpp"

inline std::vector<std::string> lines(const resources::Problems& problems) {
  std::vector<std::string> all;
  for (const auto& problem : problems) all.push_back(problem.to_string());
  return all;
}

inline resources::Loaded load_text(std::string text, std::string name = "a.yaml") {
  return resources::load({{std::move(name), std::move(text)}});
}

// The documents of a text as one line each: {a: "quoted", b: [1, true], c: null}.
inline std::string shape(const resources::Node& node) {
  using Kind = resources::Node::Kind;
  std::string text;
  switch (node.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
    case Kind::number:
      return node.text;
    case Kind::string:
      return '"' + node.text + '"';
    case Kind::list:
      for (const auto& item : node.children) text += (text.empty() ? "" : ", ") + shape(item);
      return '[' + text + ']';
    case Kind::map:
      for (const auto& item : node.children) {
        text += (text.empty() ? "" : ", ") + item.key + ": " + shape(item);
      }
      return '{' + text + '}';
  }
  return text;
}
