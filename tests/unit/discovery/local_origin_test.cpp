// To say what changed comes to the same as to say everything anew.
#include "discovery/local_origin.hpp"

#include "discovery/node.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

using Said = std::map<base::Bytes, base::Bytes>;

std::vector<EncodedRow> listed(const Said& rows) {
  std::vector<EncodedRow> list;
  for (const auto& [key, value] : rows) list.push_back({key, value});
  return list;
}

RowChanges between(const Said& before, const Said& after) {
  RowChanges changes;
  for (const auto& [key, value] : after)
    if (const auto at = before.find(key); at == before.end() || at->second != value)
      changes.written.push_back({key, value});
  for (const auto& [key, value] : before)
    if (!after.contains(key)) changes.gone.push_back(key);
  return changes;
}

Said published(const LocalOrigin& origin) {
  Said rows;
  origin.state().rows().for_each(
      [&](const RowView& row) { rows.emplace(row.key, base::Bytes(row.value)); });
  return rows;
}

}  // namespace

TEST_CASE("changes make the versions that a listing of everything makes", "[discovery]") {
  base::Random random(3);
  LocalOrigin by_changes(0, base::Random(1), 64), by_listing(0, base::Random(1), 64);
  const NodeConfig config;
  std::map<std::string, Said> said;
  auto now = base::TimePoint(std::chrono::hours(1));
  for (int step = 0; step < 3'000; ++step, now += std::chrono::seconds(1)) {
    const std::string source = random.chance(0.7) ? "files" : "other";
    const auto before = said[source];
    auto& rows = said[source];
    for (auto edits = 1 + random.below(8); edits > 0; --edits) {
      const auto key = "e/a/b/" + std::to_string(random.below(40));
      if (random.chance(0.5))
        rows[key] = base::Bytes(1 + random.below(3), 'v');
      else
        rows.erase(key);
    }
    if (random.chance(0.1)) rows.clear();
    auto listing = Listing::change;
    if (random.chance(0.1)) listing = Listing::relist;
    const auto expected = by_listing.replace(now, config, source, listed(rows), listing);
    const auto made = listing == Listing::change
                          ? by_changes.change(source, between(before, rows))
                          : by_changes.replace(now, config, source, listed(rows), listing);
    CHECK(made.changed == expected.changed);
    CHECK(made.hold_ended == expected.hold_ended);
    CHECK(made.held == expected.held);
    by_changes.tend(now, config);
    by_listing.tend(now, config);
    REQUIRE(by_changes.state().hash() == by_listing.state().hash());
    if (by_changes.holds(now).empty()) {
      auto expected_rows = said["files"];
      expected_rows.insert(said["other"].begin(), said["other"].end());
      REQUIRE(published(by_changes) == expected_rows);
    }
  }
}

TEST_CASE("a row for which there was no room comes as soon as there is some", "[discovery]") {
  LocalOrigin origin(0, base::Random(1), 64);
  RowChanges all;
  for (std::size_t n = 0; n <= kMaxRowsPerOrigin; ++n)
    all.written.push_back({"e/a/b/" + std::to_string(1'000'000 + n), ""});
  const auto last = all.written.back().key;
  CHECK(origin.change("files", all).refused ==
        std::vector<std::string>{last + ": more than an origin may have"});
  CHECK_FALSE(origin.state().rows().find(last));
  CHECK(origin.change("files", {{}, {all.written.front().key}}).refused.empty());
  CHECK(origin.state().rows().find(last));
}

TEST_CASE("a row that is too large is refused, and what was of its key is gone", "[discovery]") {
  LocalOrigin origin(0, base::Random(1), 64);
  origin.change("files", {{{"e/a/b/1", "small"}}, {}});
  CHECK(
      origin.change("files", {{{"e/a/b/1", base::Bytes(kMaxRowBytes, 'x')}}, {}}).refused.size() ==
      1);
  CHECK(origin.size() == 0);
}
