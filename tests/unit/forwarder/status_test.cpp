#include "forwarder/status.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace scene;

TEST_CASE("the status of a document says what is wrong with it and why nothing reaches it") {
  auto gateway = table("gateway", {"shop.example"}, {route({}, says(""))});
  gateway.virtual_gateways.resize(1);
  const auto compiled =
      Mesh()
          .alone()
          .has("east", "ratings", {"10.0.0.1"})
          .has_virtual("ratings.mesh.internal", "ratings")
          .has_virtual("db.mesh.internal", "ratings", 5432, "TCP")
          .compile({table("good", {"ratings.mesh.internal"}, {route({}, delegate_to({"child"}))}),
                    table("broken", {"*"}, {route({}, to("gone"))}),
                    table("elsewhere", {"ratings.shop.svc.cluster.local"}, {}), gateway,
                    table("child", {}, {}), table("orphan", {}, {})});
  std::vector<std::string> lines;
  for (const auto& status : compiled.statuses) {
    auto line = status.object + ' ' + std::string(to_string(status.state));
    for (const auto& note : status.notes) line += "; " + note.substr(0, note.find(':'));
    lines.push_back(line);
  }
  CHECK(
      lines ==
      std::vector<std::string>{
          "RouteTable shop/good accepted",
          "RouteTable shop/broken invalid; host * captures no destination",
          "RouteTable shop/elsewhere accepted; host ratings.shop.svc.cluster.local is not captured",
          "RouteTable shop/gateway unused; it serves virtual gateways only, and none is served "
          "here",
          "RouteTable shop/child accepted",
          "RouteTable shop/orphan unused; it has no hosts, and no table delegates to it",
          "VirtualDestination east/shop/ratings accepted; port 5432 (TCP) of "
          "db.mesh.internal is not forwarded"});
  CHECK(outcome(*compiled.table, Incoming("GET", "shop.example", "/")).starts_with("500 "));
}

TEST_CASE("a table that names a headless host is warned that it captures nothing") {
  const auto compiled = Mesh()
                            .has("east", "db", {"10.0.0.1"})
                            .headless("db.shop.mesh.internal")
                            .compile({table("main", {"db.shop.mesh.internal"}, {})});
  CHECK(compiled.statuses.at(0).state == forwarder::DocumentStatus::State::warning);
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].message ==
        "host db.shop.mesh.internal is not captured: callers get its endpoints (headless: the "
        "endpoints themselves)");
}

TEST_CASE("tables of one name in two clusters each answer for their own mistakes") {
  auto theirs = table("main", {"theirs"}, {route({regex("/(")}, says(""))});
  theirs.metadata.cluster = "west";
  const auto compiled = Mesh().compile({table("main", {"ours"}, {route({}, says(""))}), theirs});
  REQUIRE(compiled.statuses.size() == 2);
  CHECK(compiled.statuses[0].object == "RouteTable shop/main");
  CHECK(compiled.statuses[0].state == forwarder::DocumentStatus::State::accepted);
  CHECK(compiled.statuses[1].object == "RouteTable west/shop/main");
  CHECK(compiled.statuses[1].state == forwarder::DocumentStatus::State::invalid);
}

TEST_CASE("what became of a table is shared with the list before while it is the same") {
  resources::SharedList<resources::RouteTable> tables;
  for (const auto* name : {"a", "b", "c", "d"}) tables.push_back(table(name, {name}, {}));
  const discovery::view::Resolution nothing;
  const auto list = [&](const resources::Problems& problems, const forwarder::Statuses& before) {
    return forwarder::statuses(
        tables, nothing, {}, [](const auto&) { return std::vector<std::string>(); }, problems,
        before);
  };
  const auto first = list({}, {});
  const auto with_error =
      list({{resources::Severity::error, {}, "RouteTable shop/b", "", "x", ""}}, first);
  CHECK(with_error[1].state == forwarder::DocumentStatus::State::invalid);
  for (const auto same : {0, 2, 3}) CHECK(&with_error[same] == &first[same]);

  erase_if(tables, [](const auto& table) { return table.metadata.name == "b"; });
  const auto without = list({}, with_error);
  REQUIRE(without.size() == 3);
  for (const auto same : {0, 1, 2}) CHECK(&without[same] == &first[same == 0 ? 0 : same + 1]);

  tables.push_back(table("e", {"e"}, {}));
  const auto more = list({}, without);
  REQUIRE(more.size() == 4);
  CHECK(&more[2] == &without[2]);
  CHECK(more[3].object == "RouteTable shop/e");
}

TEST_CASE("what reading found shows in the status, and that the file is held back") {
  using forwarder::DocumentStatus;
  using resources::Severity;
  forwarder::Statuses statuses{{"RouteTable a/typo", DocumentStatus::State::accepted, {}},
                               {"RouteTable a/bad", DocumentStatus::State::warning, {}},
                               {"RouteTable a/lost", DocumentStatus::State::accepted, {}},
                               {"RouteTable a/good", DocumentStatus::State::unused, {}}};
  const auto found = [](Severity severity, const char* file, const char* object) {
    return resources::Problem{severity, {file, 1, 1}, object, "", "x", ""};
  };
  add_findings(statuses,
               {found(Severity::warning, "typo.yaml", "RouteTable a/typo"),
                found(Severity::error, "bad.yaml", "RouteTable a/bad"),
                found(Severity::error, "bad.yaml", "RouteTable a/bad"),
                found(Severity::error, "serving.yaml", "RouteTable a/lost"),
                found(Severity::error, "bad.yaml", "RouteTable a/of-no-status"),
                found(Severity::warning, "good.yaml", "RouteTable a/good")},
               {"bad.yaml"});
  std::vector<std::string> lines;
  for (const auto& status : statuses) {
    lines.emplace_back(to_string(status.state));
    for (const auto& note : status.notes) lines.back() += ": " + note;
  }
  CHECK(lines == std::vector<std::string>{
                     "warning", "invalid: bad.yaml is held back: what it said before serves",
                     "invalid", "unused"});
}
