// What is wrong or odd in an operator's documents, said so that it can be mended without reading
// our code.
//
// A document with an error serves nothing; a document with only warnings serves. All problems of
// all documents are collected and reported at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resources {

struct Place {
  std::string file;          // as given; "" for documents that came another way
  std::uint32_t line = 0;    // from 1; 0 = the whole file
  std::uint32_t column = 0;  // from 1
  friend bool operator==(const Place&, const Place&) = default;
};

enum class Severity { warning, error };

inline constexpr std::size_t kMaxShown = 600;  // bytes of each part of a problem that are shown

// A part of a problem as it is shown: on one line, without its middle where it is too long. What
// operators write is in it, whatever that is.
std::string shown(std::string_view part);

struct Problem {
  Severity severity = Severity::error;
  Place place;
  std::string object;  // "RouteTable bookinfo/reviews"; "" when the document has no readable name
  std::string
      field;  // "spec.http[0].matchers[1].uri.prefx"; "" when it is about the whole document
  std::string message;  // "unknown field"
  std::string hint;     // "did you mean \"prefix\"?"; "" when there is none

  // "reviews.yaml:12:9: error: RouteTable bookinfo/reviews: spec.http[0]…: unknown field; did you
  // mean \"prefix\"?"
  std::string to_string() const;
  // The same without its severity, for a log that has levels.
  std::string without_severity() const;
  friend bool operator==(const Problem&, const Problem&) = default;
};

using Problems = std::vector<Problem>;

bool has_errors(const Problems& problems);

}  // namespace resources
