#include "resources/problem.hpp"

#include <algorithm>

#include "resources/utf8.hpp"

namespace resources {

namespace {

std::string where(const Place& place) {
  std::string text = shown(place.file);
  if (place.line != 0) text += ':' + std::to_string(place.line);
  if (place.line != 0 && place.column != 0) text += ':' + std::to_string(place.column);
  return text.empty() ? text : text + ": ";
}

std::string what(const Problem& problem) {
  std::string text;
  // A place may be the object itself.
  if (!problem.place.file.ends_with(problem.object)) text += shown(problem.object) + ": ";
  if (!problem.field.empty()) text += shown(problem.field) + ": ";
  text += shown(problem.message);
  if (!problem.hint.empty()) text += "; " + shown(problem.hint);
  return text;
}

}  // namespace

std::string shown(std::string_view part) { return printable(part, kMaxShown); }

std::string Problem::to_string() const {
  return where(place) + (severity == Severity::error ? "error: " : "warning: ") + what(*this);
}

std::string Problem::without_severity() const { return where(place) + what(*this); }

bool has_errors(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.severity == Severity::error; });
}

}  // namespace resources
