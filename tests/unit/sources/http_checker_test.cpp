#include "discovery/sources/http_checker.hpp"

#include <catch2/catch.hpp>

using namespace discovery::sources;
using namespace std::string_literals;

TEST_CASE("of HTTP 200 to 399 is well", "[sources]") {
  CHECK(http_fault(200).empty());
  CHECK(http_fault(399).empty());
  CHECK(http_fault(199) == "answers 199");
  CHECK(http_fault(400) == "answers 400");
  CHECK(http_fault(503) == "answers 503");
}

TEST_CASE("a gRPC question is a framed HealthCheckRequest", "[sources]") {
  CHECK(grpc_question("") == "\0\0\0\0\0"s);
  CHECK(grpc_question("web") == "\0\0\0\0\5\x0a\3web"s);
}

TEST_CASE("of gRPC SERVING is well", "[sources]") {
  const auto says = [](int state) { return "\0\0\0\0\2\x08"s + static_cast<char>(state); };
  CHECK(grpc_fault(200, 0, says(1)).empty());
  CHECK(grpc_fault(200, -1, says(1)).empty());
  CHECK(grpc_fault(200, 0, says(2)) == "says NOT_SERVING");
  CHECK(grpc_fault(200, 0, says(3)) == "says SERVICE_UNKNOWN");
  CHECK(grpc_fault(200, 0, says(9)) == "says state 9");
  CHECK(grpc_fault(200, 0, "\0\0\0\0\0"s) == "says UNKNOWN");
  CHECK(grpc_fault(200, 5, "") == "answers gRPC status 5");
  CHECK(grpc_fault(200, 0, "") == "answers no health");
  CHECK(grpc_fault(200, 0, "\0\0\0\0\2\x08"s) == "answers what is no health");
  CHECK(grpc_fault(404, -1, "<html>") == "answers 404, which is no gRPC");
}
