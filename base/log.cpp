#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace base {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      static constexpr char kHex[] = "0123456789abcdef";
      line += "\\u00";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
  return true;
}

}  // namespace

struct Logger::Sink {
  LogFormat format;
  std::atomic<LogLevel> level;
  spdlog::logger log;
};

Logger::Logger(LogLevel level, LogFormat format)
    : sink_(new Sink{format, level, spdlog::logger("", std::make_shared<spdlog::sinks::stderr_sink_mt>())}) {
  sink_->log.set_level(spdlog::level::trace);
  sink_->log.flush_on(spdlog::level::trace);
  sink_->log.set_pattern(format == LogFormat::text ? "%Y-%m-%dT%H:%M:%S.%e %v"
                                                   : "{\"ts\":\"%Y-%m-%dT%H:%M:%S.%e%z\",%v}");
}

Logger::~Logger() = default;

void Logger::set_level(LogLevel level) { sink_->level = level; }

void Logger::debug(std::string_view component, std::string_view event, std::initializer_list<Field> fields) {
  write(LogLevel::debug, component, event, fields);
}
void Logger::info(std::string_view component, std::string_view event, std::initializer_list<Field> fields) {
  write(LogLevel::info, component, event, fields);
}
void Logger::warn(std::string_view component, std::string_view event, std::initializer_list<Field> fields) {
  write(LogLevel::warn, component, event, fields);
}
void Logger::error(std::string_view component, std::string_view event, std::initializer_list<Field> fields) {
  write(LogLevel::error, component, event, fields);
}

void Logger::write(LogLevel level, std::string_view component, std::string_view event,
                   std::initializer_list<Field> fields) {
  if (level < sink_->level.load(std::memory_order_relaxed)) return;
  static constexpr std::string_view kNames[] = {"debug", "info", "warn", "error", "off"};
  const auto name = kNames[static_cast<std::size_t>(level)];
  std::string line;
  if (sink_->format == LogFormat::text) {
    line.append(name).append(" ").append(component).append(" ");
    append_quoted(line, event);
    for (const auto& field : fields) {
      line.append(" ").append(field.key).append("=");
      if (plain(field.value))
        line += field.value;
      else
        append_quoted(line, field.value);
    }
  } else {
    line.append("\"level\":\"").append(name).append("\",\"component\":");
    append_quoted(line, component);
    line += ",\"msg\":";
    append_quoted(line, event);
    for (const auto& field : fields) {
      line += ',';
      append_quoted(line, field.key);
      line += ':';
      append_quoted(line, field.value);
    }
  }
  sink_->log.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace base
