#include "base/result.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace base {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid:
      return "invalid";
    case Code::not_found:
      return "not found";
    case Code::unavailable:
      return "unavailable";
    case Code::timeout:
      return "timeout";
    case Code::exhausted:
      return "exhausted";
    case Code::internal:
      return "internal";
  }
  return "unknown";
}

Error from_errno(std::string_view doing, int error_number) {
  std::string message(doing);
  message += ": ";
  message += std::generic_category().message(error_number);
  switch (error_number) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EADDRNOTAVAIL:
      return {Code::exhausted, std::move(message)};  // ours, not the other side's
    default:
      return unavailable(std::move(message));
  }
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace base
