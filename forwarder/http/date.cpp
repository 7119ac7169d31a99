#include "forwarder/http/date.hpp"

#include <array>
#include <cstdio>

namespace forwarder::http {

void append_date(std::string& out, std::chrono::sys_seconds moment) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  std::array<char, 64> text;
  const auto size = std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                                  kDays[std::chrono::weekday(day).c_encoding()],
                                  unsigned(date.day()), kMonths[unsigned(date.month()) - 1],
                                  int(date.year()), int(time.hours().count()),
                                  int(time.minutes().count()), int(time.seconds().count()));
  out.append(text.data(), static_cast<std::size_t>(size));
}

}  // namespace forwarder::http
