// Figures beside their targets: a table on stdout, and JSON for who compares runs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace bench {

inline double ms(base::Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

class Report {
 public:
  // `most` (or least) is the issue's target; 0 = none.
  void at_most(const std::string& what, double value, double most, const char* unit) {
    add({what, value, most, unit, most == 0 || value <= most});
  }
  void at_least(const std::string& what, double value, double least, const char* unit) {
    add({what, value, least, unit, value >= least});
  }
  void title(const char* text) { std::printf("\n%s\n", text); }
  bool write(const char* bench, const char* path) const {
    std::ofstream out(path);
    out << R"({"bench":")" << bench << R"(","cases":[)";
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      const auto& line = lines_[at];
      out << (at ? ",\n" : "\n") << R"({"name":")" << line.what << R"(","value":)" << line.value
          << R"(,"target":)" << line.target << R"(,"unit":")" << line.unit << R"(","met":)"
          << (line.met ? "true}" : "false}");
    }
    out << "]}\n";
    return out.good();
  }

 private:
  struct Line {
    std::string what;
    double value, target;
    std::string unit;
    bool met;
  };
  void add(Line line) {
    if (line.target == 0)
      std::printf("  %-62s %12.6g %s\n", line.what.c_str(), line.value, line.unit.c_str());
    else
      std::printf("  %-62s %12.6g %-9s target %8g  %s\n", line.what.c_str(), line.value,
                  line.unit.c_str(), line.target, line.met ? "met" : "NOT MET");
    std::fflush(stdout);
    lines_.push_back(std::move(line));
  }
  std::vector<Line> lines_;
};

inline double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return -1;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

}  // namespace bench
