#include "agent/served.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using resources::Severity;

namespace {

using Lines = std::vector<std::string>;

resources::Problem problem(Severity severity, std::string file, std::string message) {
  return {severity, {std::move(file), 3, 1}, "RouteTable a/b", "spec", std::move(message), ""};
}

}  // namespace

TEST_CASE("what two have found is told once, in the order of who found it", "[agent]") {
  AcceptedDocuments documents;
  documents.problems = {problem(Severity::error, "a.yaml", "a route to nothing")};
  Served served;
  served.documents = std::make_shared<const AcceptedDocuments>(documents);
  served.row_problems = {problem(Severity::warning, "a.yaml", "odd")};
  served.routing_problems = {problem(Severity::error, "a.yaml", "a route to nothing"),
                             problem(Severity::error, "b.yaml", "a route to nothing")};
  Lines told;
  for (const auto& one : problems_of(served)) told.push_back(one.place.file + " " + one.message);
  CHECK(told == Lines{"a.yaml a route to nothing", "a.yaml odd", "b.yaml a route to nothing"});
}

TEST_CASE("a file that is held back is a trouble, and so is one that serves with an error",
          "[agent]") {
  AcceptedDocuments documents;
  documents.held_back = {"good-before.yaml", "new.yaml"};
  documents.never_good = {"new.yaml"};
  documents.problems = {problem(Severity::error, "new.yaml", "broken"),
                        problem(Severity::warning, "odd.yaml", "odd")};
  Served served;
  served.documents = std::make_shared<const AcceptedDocuments>(documents);
  served.routing_problems = {problem(Severity::error, "serving.yaml", "no port 81"),
                             problem(Severity::error, "serving.yaml", "no port 82")};
  CHECK(troubles_of(served) ==
        Lines{"documents: good-before.yaml has errors and is held back: its last good state serves",
              "documents: new.yaml has errors and is held back: nothing of it serves",
              "documents: serving.yaml has errors and serves with them"});
}
