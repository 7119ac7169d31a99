// saved_mesh FOLDER ORIGINS SERVICES ENDPOINTS: writes the state folder of agent "east" as it was
// when it knew so many other origins, each with so many services of its own and so many endpoints
// in each.
#include "tests/bench/saved_mesh.hpp"

#include <charconv>
#include <cstdio>
#include <string_view>

#include "discovery/sources/state_folder.hpp"

namespace {

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::fputs("usage: saved_mesh FOLDER ORIGINS SERVICES ENDPOINTS\n", stderr);
    return 2;
  }
  auto opened = discovery::sources::StateFolder::open(arguments[1], "east");
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 1;
  }
  discovery::Publication publication;
  for (std::size_t n = 0; n < number(arguments[2]); ++n)
    publication.origins.push_back(bench::origin_of(n, number(arguments[3]), number(arguments[4])));
  opened->folder->save(publication);
  for (const auto& trouble : opened->folder->status().troubles)
    std::fprintf(stderr, "%s\n", trouble.c_str());
  return opened->folder->failing() ? 1 : 0;
}
