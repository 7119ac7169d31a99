#include "resources/problem.hpp"

#include <algorithm>

namespace resources {

std::string Problem::to_string() const {
  std::string text = place.file;
  if (place.line != 0) text += ':' + std::to_string(place.line);
  if (place.line != 0 && place.column != 0) text += ':' + std::to_string(place.column);
  if (!text.empty()) text += ": ";
  text += severity == Severity::error ? "error: " : "warning: ";
  if (!object.empty()) text += object + ": ";
  if (!field.empty()) text += field + ": ";
  text += message;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

bool has_errors(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.severity == Severity::error; });
}

}  // namespace resources
