// Errors as values: a Result<T> holds a T or an Error that says what went wrong and whether trying again helps.
//
// Programmer errors are not Results: CHECK aborts with the place. Exceptions never cross a folder; a skin that
// calls a throwing library converts at the call.
// Thread: values; no sharing rules of their own.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

enum class Code {
  invalid,      // the input is wrong; the same call will fail again
  not_found,    // nothing by that name
  unavailable,  // the environment refused (socket, file, peer); trying again may help
  timeout,      // the deadline passed; trying again may help
  exhausted,    // a named limit was reached
  internal,     // our own fault, not fatal
};

std::string_view to_string(Code code);

struct Error {
  Code code = Code::internal;
  std::string message;

  bool worth_retrying() const { return code == Code::unavailable || code == Code::timeout; }
  friend bool operator==(const Error&, const Error&) = default;
};

inline Error invalid(std::string message) { return {Code::invalid, std::move(message)}; }
inline Error unavailable(std::string message) { return {Code::unavailable, std::move(message)}; }
// An Error from errno: "open agent.yaml: No such file or directory".
Error from_errno(std::string_view doing, int error_number);

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return must_hold(), *std::get_if<0>(&state_); }
  const T& value() const& { return must_hold(), *std::get_if<0>(&state_); }
  T&& value() && { return must_hold(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T other) && { return ok() ? std::move(*this).value() : std::move(other); }

  const Error& error() const {
    if (ok()) check_failed("Result holds an error", __FILE__, __LINE__);
    return *std::get_if<1>(&state_);
  }

 private:
  void must_hold() const {
    if (!ok()) check_failed(error().message.c_str(), __FILE__, __LINE__);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    if (ok()) check_failed("Result holds an error", __FILE__, __LINE__);
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace base

// Aborts with the condition and the place: for what only a bug of ours can break.
#define INVARIANT(condition)                                \
  do {                                                      \
    if (!(condition)) [[unlikely]]                          \
      ::base::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
