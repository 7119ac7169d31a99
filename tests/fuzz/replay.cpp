// Runs a fuzzer's seeds and mutations of them (no arguments), given inputs (FILE…), or writes the
// seeds (--seeds DIR).
//
// The mutations are few and always the same: this is the test; exploring is libFuzzer's work.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/random.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

constexpr int kMutationsPerSeed = 200;
constexpr std::uint64_t kSeed = 1;

bool holds(std::string_view input) {
  const auto what = fuzz::broken(input);
  if (what.empty()) return true;
  std::fprintf(stderr, "broken: %.*s\ninput:", static_cast<int>(what.size()), what.data());
  for (const char byte : input) std::fprintf(stderr, " %02x", static_cast<unsigned char>(byte));
  std::fputc('\n', stderr);
  return false;
}

// One to four edits: a byte changed, taken out or doubled, the rest cut off, a piece of another
// seed put in.
std::string mutated(std::string input, const std::string& other, base::Random& random) {
  for (std::uint64_t edits = 1 + random.below(4); edits > 0 && !input.empty(); --edits) {
    const auto at = static_cast<std::size_t>(random.below(input.size()));
    switch (random.below(6)) {
      case 0:
        input[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << random.below(8)));
        break;
      case 2:
        input.erase(at, 1);
        break;
      case 3:
        input.insert(at, 1, input[at]);
        break;
      case 4:
        input.resize(at);
        break;
      default:
        if (other.empty()) break;
        input.insert(at, other, static_cast<std::size_t>(random.below(other.size())), 16);
    }
  }
  return input;
}

bool replay_seeds() {
  const auto seeds = fuzz::seeds();
  base::Random random(kSeed);
  for (const std::string& seed : seeds) {
    if (!holds(seed)) return false;
    for (int i = 0; i < kMutationsPerSeed; ++i) {
      const auto& other = seeds[static_cast<std::size_t>(random.below(seeds.size()))];
      if (!holds(mutated(seed, other, random))) return false;
    }
  }
  return true;
}

bool replay_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::fprintf(stderr, "cannot read %s\n", path), false;
  return holds(std::string(std::istreambuf_iterator<char>(file), {}));
}

bool write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const std::string& seed : fuzz::seeds()) {
    std::ofstream file(folder / std::to_string(number++), std::ios::binary);
    if (!(file << seed)) return false;
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 1) return replay_seeds() ? 0 : 1;
  if (count == 3 && std::string_view(arguments[1]) == "--seeds") {
    return write_seeds(arguments[2]) ? 0 : 1;
  }
  bool all = true;
  for (int i = 1; i < count; ++i) all = replay_file(arguments[i]) && all;
  return all ? 0 : 1;
}
