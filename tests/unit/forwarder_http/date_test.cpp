#include "forwarder/http/date.hpp"

#include <catch2/catch.hpp>

namespace forwarder::http {
namespace {

TEST_CASE("a moment is written as Date fields are", "[http]") {
  struct Row {
    std::int64_t seconds;
    std::string_view text;
  };
  const Row rows[] = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},  // RFC 9110's own
      {1709251199, "Thu, 29 Feb 2024 23:59:59 GMT"},
      {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
  };
  for (const Row& row : rows) {
    std::string text = "Date: ";
    append_date(text, std::chrono::sys_seconds(std::chrono::seconds(row.seconds)));
    CHECK(text == "Date: " + std::string(row.text));
  }
}

}  // namespace
}  // namespace forwarder::http
