#include "resources/duration.hpp"

#include <array>
#include <cstdint>
#include <string>

#include "resources/tree.hpp"

namespace resources {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names before those they start with.
constexpr std::array kUnits = {Unit{"ns", 1},
                               Unit{"us", 1000},
                               Unit{"µs", 1000},
                               Unit{"μs", 1000},
                               Unit{"ms", 1'000'000},
                               Unit{"s", 1'000'000'000},
                               Unit{"m", 60'000'000'000},
                               Unit{"h", 3'600'000'000'000}};
constexpr double kMaxNanoseconds = 9.2e18;  // just under 2^63

}  // namespace

base::Result<base::Duration> parse_duration(std::string_view text) {
  const auto refuse = [whole = std::string(text)](std::string_view why) {
    return base::invalid(quoted(whole) + " is no duration: " + std::string(why));
  };
  const bool negative = text.starts_with("-");
  if (negative || text.starts_with("+")) text.remove_prefix(1);
  if (text == "0") return base::Duration{};
  if (text.empty()) return refuse("no number");

  double total = 0;  // exact to a nanosecond up to 100 days, which is as far as it matters
  while (!text.empty()) {
    double number = 0, scale = 1;
    std::size_t digits = 0;
    bool fraction = false;
    for (; !text.empty(); text.remove_prefix(1)) {
      if (text[0] == '.' && !fraction) {
        fraction = true;
      } else if (text[0] >= '0' && text[0] <= '9') {
        number = number * 10 + (text[0] - '0');
        if (fraction) scale *= 10;
        if (++digits > 18) return refuse("too many digits");
      } else {
        break;
      }
    }
    if (digits == 0) return refuse("no number");
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits) {
      if (!unit && text.starts_with(known.name)) unit = &known;
    }
    if (!unit) return refuse("a number needs its unit: ms, s, m or h");
    text.remove_prefix(unit->name.size());
    total += number / scale * static_cast<double>(unit->nanoseconds);
    if (total > kMaxNanoseconds) return refuse("longer than 292 years");
  }
  return base::Duration{
      static_cast<std::int64_t>((negative ? -total : total) + (negative ? -0.5 : 0.5))};
}

}  // namespace resources
