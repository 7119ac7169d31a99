// One structured line per event: `warn gossip "link down" peer=west reason="connection reset"`.
//
// A Logger is passed by reference or pointer, never found by name. spdlog does the writing, in log.cpp alone.
// Thread-safe.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace base {

enum class LogLevel { debug, info, warn, error, off };
enum class LogFormat { text, json };

struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  template <class N>
    requires std::is_arithmetic_v<N>
  Field(std::string_view k, N v) : key(k), value(std::to_string(v)) {}
};

class Logger {
 public:
  // Writes to standard error.
  Logger(LogLevel level, LogFormat format);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void debug(std::string_view component, std::string_view event, std::initializer_list<Field> fields = {});
  void info(std::string_view component, std::string_view event, std::initializer_list<Field> fields = {});
  void warn(std::string_view component, std::string_view event, std::initializer_list<Field> fields = {});
  void error(std::string_view component, std::string_view event, std::initializer_list<Field> fields = {});

  // May be changed at run time.
  void set_level(LogLevel level);

 private:
  void write(LogLevel level, std::string_view component, std::string_view event,
             std::initializer_list<Field> fields);
  struct Sink;
  const std::unique_ptr<Sink> sink_;
};

}  // namespace base
