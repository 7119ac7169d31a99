#include "agent/subset_labels.hpp"

#include "discovery/row_check.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using namespace std::chrono_literals;
using Keys = SubsetLabels::Keys;

namespace {

// One agent's, the clock, and what the others say.
struct Story {
  SubsetLabels labels;
  SubsetLabels::Rule rule{true, {}};
  base::TimePoint now{1h};
  discovery::Publication publication;
  SubsetLabels::News news;

  void looks_at(const Keys& keys) {
    resources::Documents documents;
    for (const auto& key : keys) {
      resources::DestinationRef destination;
      destination.subset = {{key, "v1"}};
      resources::ForwardTo forward;
      forward.destinations = {destination};
      resources::RouteTable table;
      table.http.push_back({"", {}, {}, std::move(forward), {}, {}});
      documents.route_tables.push_back(std::move(table));
    }
    labels.look_at(documents);
  }
  void peer_says(const std::string& cluster, Keys named, std::optional<Keys> told) {
    discovery::OriginPublication origin;
    origin.id.cluster = cluster;
    const discovery::SubsetsRow row{std::move(named), std::move(told)};
    auto encoded = discovery::encode(discovery::RowValue(row));
    origin.rows = discovery::Rows().with(discovery::changes_at(1, {{std::move(encoded)}, {}}));
    std::erase_if(publication.origins, [&](auto& one) { return one.id.cluster == cluster; });
    publication.origins.push_back(std::move(origin));
  }
  void update() { news = labels.update(now, rule, &publication); }
  std::optional<Keys> wanted() {
    update();
    return news.wanted;
  }
  // What the row says that is to be said; nothing where it is said.
  std::optional<discovery::SubsetsRow> row() {
    update();
    if (!news.rows || news.rows->empty()) return std::nullopt;
    const auto& encoded = news.rows->front();
    return std::get<discovery::SubsetsRow>(*discovery::decode(encoded.key, encoded.value));
  }
  void told(Keys keys) {
    discovery::sources::PodLabels pods;
    pods.keys = std::move(keys);
    labels.told(&pods);
  }
};

}  // namespace

TEST_CASE("Pods are read with what subsets look at here, elsewhere and by agent.yaml", "[agent]") {
  Story story;
  CHECK_FALSE(story.wanted());  // nobody looks at any: no Pods are read
  story.looks_at({"version"});
  CHECK(story.wanted() == Keys{"version"});
  CHECK_FALSE(story.wanted());
  story.peer_says("west", {"track", "version"}, std::nullopt);
  CHECK(story.wanted() == Keys{"track", "version"});
  story.rule.keys = {"stage"};
  CHECK(story.wanted() == Keys{"stage", "track", "version"});
  story.rule.reads_pods = false;
  CHECK_FALSE(story.wanted());
}

TEST_CASE("what nobody names any more is read for a while, for routes come and go", "[agent]") {
  Story story;
  story.looks_at({"version"});
  story.update();
  story.looks_at({});
  story.now += SubsetLabels::kKept - 1s;
  CHECK_FALSE(story.wanted());
  story.now += 1s;
  CHECK(story.wanted() == Keys{});
}

TEST_CASE("a peer that names ever more keys moves nobody else's", "[agent]") {
  Story story;
  story.looks_at({"version"});
  story.peer_says("west", {"track"}, std::nullopt);
  story.update();
  Keys many;
  for (int i = 10; i < 10 + int(discovery::kMaxSubsetKeysInRow); ++i)
    many.push_back("a" + std::to_string(i));
  story.peer_says("mad", many, std::nullopt);
  const auto wanted = story.wanted();
  REQUIRE(wanted);
  CHECK(wanted->size() == discovery::kMaxSubsetKeysInRow);
  CHECK(std::ranges::count(*wanted, "version") == 1);
  CHECK(std::ranges::count(*wanted, "track") == 1);
}

TEST_CASE("others are told what is looked at, and what is told of Pods once it is", "[agent]") {
  Story story;
  CHECK(story.row() == discovery::SubsetsRow{{}, Keys{}});
  story.looks_at({"version"});
  CHECK(story.row() == discovery::SubsetsRow{{"version"}, Keys{}});
  CHECK_FALSE(story.row());
  story.told({"version"});
  CHECK(story.row() == discovery::SubsetsRow{{"version"}, Keys{"version"}});
  story.rule.reads_pods = false;  // as where there is no Kubernetes
  CHECK(story.row() == discovery::SubsetsRow{{"version"}, std::nullopt});
  story.looks_at({});
  CHECK_FALSE(story.row());
  CHECK_FALSE(story.labels.update(story.now, story.rule, &story.publication).rows);
}

TEST_CASE("documents with a new key wait for those who could tell it and do not yet", "[agent]") {
  Story story;
  story.told({});
  story.update();
  const auto are_missing = [&] { return story.labels.are_missing(&story.publication); };
  CHECK_FALSE(are_missing());
  story.looks_at({"version"});
  CHECK(are_missing());
  story.told({"version"});
  CHECK_FALSE(are_missing());
  story.peer_says("west", {}, Keys{});
  CHECK(are_missing());
  story.peer_says("west", {}, Keys{"version"});
  CHECK_FALSE(are_missing());
  story.peer_says("machines", {}, std::nullopt);  // has no Pods
  CHECK_FALSE(are_missing());
  story.peer_says("west", {}, Keys{});
  story.publication.origins.back().freshness = discovery::view::Freshness::stale;
  CHECK_FALSE(are_missing());
  story.publication.origins.back().freshness = discovery::view::Freshness::fresh;
  CHECK(are_missing());
  story.labels.wait_no_more();
  CHECK_FALSE(are_missing());
  story.looks_at({"version"});  // the same documents, read again
  CHECK_FALSE(are_missing());
}

TEST_CASE("the first rows wait until others can be heard and Pods are read as they ask",
          "[agent]") {
  Story story;
  story.update();
  discovery::sources::PodLabels pods;
  const auto may_begin = [&] {
    return story.labels.may_begin(story.now, &story.publication, &pods);
  };
  CHECK_FALSE(may_begin());
  story.now += SubsetLabels::kPeersPatience;
  CHECK(may_begin());
  story.publication.heard = true;
  story.peer_says("west", {"version"}, std::nullopt);
  story.update();
  CHECK_FALSE(may_begin());
  pods.keys = {"version"};
  CHECK(may_begin());
  pods.keys = {};
  CHECK_FALSE(may_begin());
  story.now += SubsetLabels::kPodsPatience;
  CHECK(may_begin());
}
