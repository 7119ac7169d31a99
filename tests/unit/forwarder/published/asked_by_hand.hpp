// Requests to published tables with what they must come to, worked out by hand: a file's name, then
// its requests, a line each:
//
//   METHOD HOST TARGET | ANSWER
//   METHOD HOST TARGET | NAME: VALUE | ANSWER
//
// A header "from: selected" is none: the caller is one that the table's workloadSelectors take, and
// "from: stranger" one that they do not. ANSWER is a status where no route takes the request; else
// the route, "[1]" for the file's own table's second, and either the status that it answers itself,
// or path and query as they go upstream, with " host NAME" where the Host header changes.
//
// A table without hosts is asked through two made-up ones (tables.hpp): "whole.test" delegates all
// to it, "below.test" what begins with /team.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/forwarder/published/linear_routes.hpp"
#include "tests/unit/forwarder/published/tables.hpp"

namespace published {

struct AskedByHand {
  std::string file;
  linear::Asked asked;
  enum class From { anywhere, selected, stranger } from = From::anywhere;
  std::string answer;  // as linear::Answer::text
};

// Of all files, in their order. Throws where a row is not as above.
std::vector<AskedByHand> asked_by_hand(const std::vector<Table>& tables);

}  // namespace published
