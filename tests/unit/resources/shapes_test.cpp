#include "resources/kinds/shapes.hpp"

#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>
#include <cctype>

#include "resources/kinds/gloo_shapes.hpp"

using Lines = std::vector<std::string>;

namespace {

Lines complaints(const std::string& shape, std::string_view text) {
  resources::Problems problems;
  resources::read_trees("a.yaml", text, [&](resources::Tree&& tree) {
    resources::Report report("a.yaml", problems, resources::UnknownFields::warn);
    check_shape(resources::Value(tree.root, report), shape);
  });
  CHECK_FALSE(has_errors(problems));
  Lines all;
  for (const auto& problem : problems) all.push_back(problem.field + ": " + problem.message);
  return all;
}

}  // namespace

TEST_CASE("every name that a shape uses is defined", "[resources]") {
  const std::string text(resources::kGlooShapes);
  std::size_t used = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (std::string_view(":[<").find(text[i - 1]) == std::string_view::npos ||
        !std::isupper(text[i]))
      continue;
    const auto name = text.substr(i, text.find_first_of(" \n|]}>", i) - i);
    if (text[i + name.size()] == '|') continue;
    INFO(name);
    CHECK(text.find("\n" + name + " = ") != std::string::npos);
    ++used;
  }
  CHECK(used > 50);
}

TEST_CASE("brackets of the shapes are closed: every kind is found", "[resources]") {
  const auto kinds = resources::unsupported_kinds();
  CHECK(kinds.size() > 40);
  const std::string text(resources::kGlooShapes);
  std::size_t defined = 0;
  for (auto at = text.find("\nkind "); at != std::string::npos; at = text.find("\nkind ", at + 1))
    ++defined;
  CHECK(kinds.size() == defined);
  for (const auto kind : kinds) CHECK(kind.find_first_of(" \n{}=") == std::string_view::npos);
}

TEST_CASE("a shape names fields and values that do not belong", "[resources]") {
  CHECK(complaints("kind FaultInjectionPolicy", "{config: {delay: {fixedDelay: 1s}}}").empty());
  CHECK(complaints("kind FaultInjectionPolicy",
                   "{config: {delay: {fixedDelay: soon, percent: 2}}, applyToRoutes: {}}") ==
        Lines{"applyToRoutes: expected a list, found a map",
              "config.delay.fixedDelay: expected a duration such as \"5s\", found \"soon\"",
              "config.delay.percent: unknown field"});
  CHECK(complaints("GatewayTls", "{mode: SIMPLE, secretName: x}").empty());
  CHECK(complaints("GatewayTls", "{mode: SIMPEL}") ==
        Lines{"mode: expected one of PASSTHROUGH, SIMPLE, MUTUAL, AUTO_PASSTHROUGH, ISTIO_MUTUAL, "
              "found \"SIMPEL\""});
  CHECK(complaints("kind Portal", "{what: ever}").empty());
}
