// sim --seeds A..B: runs them, prints "N seeds, M violations" and how to repeat each that failed;
// exit 1 if any did. sim --seed N: prints the transcript of one. sim --finds A..B: for builds with
// a bug planted; exit 0 as soon as one run shows it.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include "tests/sim/weather.hpp"

namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int usage() {
  std::fputs("usage: sim --seeds A..B | --seed N | --finds A..B\n", stderr);
  return 2;
}

int run_many(std::uint64_t first, std::uint64_t last) {
  std::size_t violations = 0;
  for (auto seed = first; seed <= last; ++seed) {
    const auto outcome = sim::run(seed);
    for (const auto& what : outcome.violations)
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), what.c_str());
    if (!outcome.violations.empty())
      std::printf("  repeat with: scripts/sim --seed %llu\n",
                  static_cast<unsigned long long>(seed));
    violations += outcome.violations.size();
    std::fflush(stdout);
  }
  std::printf("%llu seeds, %zu violations\n", static_cast<unsigned long long>(last - first + 1),
              violations);
  return violations == 0 ? 0 : 1;
}

int find(std::uint64_t first, std::uint64_t last) {
  for (auto seed = first; seed <= last; ++seed) {
    const auto outcome = sim::run(seed);
    if (outcome.violations.empty()) continue;
    std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed),
                outcome.violations.front().c_str());
    return 0;
  }
  std::puts("not found");
  return 1;
}

int run_one(std::uint64_t seed) {
  const auto outcome = sim::run(seed, [](const std::string& line) { std::puts(line.c_str()); });
  for (const auto& what : outcome.violations) std::printf("VIOLATION: %s\n", what.c_str());
  std::printf("%zu frames, %zu faults, %zu violations\n", outcome.frames, outcome.faults,
              outcome.violations.size());
  return outcome.violations.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return usage();
  const std::string_view option = arguments[1], value = arguments[2];
  if (option == "--seed") {
    const auto seed = number(value);
    return seed ? run_one(*seed) : usage();
  }
  const auto dots = value.find("..");
  if ((option != "--seeds" && option != "--finds") || dots == std::string_view::npos)
    return usage();
  const auto first = number(value.substr(0, dots)), last = number(value.substr(dots + 2));
  if (!first || !last || *first > *last) return usage();
  return option == "--seeds" ? run_many(*first, *last) : find(*first, *last);
}
