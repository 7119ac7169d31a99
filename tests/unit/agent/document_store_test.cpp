#include "agent/document_store.hpp"

#include <catch2/catch.hpp>

using namespace agent;

namespace {

std::string service(const std::string& name, int port) {
  return "service: " + name + "\nport: " + std::to_string(port) + "\nendpoints: [10.0.0.1]\n";
}

int port_of(const AcceptedDocuments& accepted, const std::string& name) {
  for (const auto& service : accepted.documents.static_services)
    if (service.metadata.name == name) return service.ports.front().number;
  return 0;
}

}  // namespace

TEST_CASE("a file that goes bad keeps serving its last good text, the others change") {
  DocumentStore store;
  store.accept({{"a.yaml", service("a", 1)}, {"b.yaml", service("b", 1)}});
  const auto accepted = store.accept({{"a.yaml", "service: [broken"}, {"b.yaml", service("b", 2)}});
  CHECK(port_of(*accepted, "a") == 1);
  CHECK(port_of(*accepted, "b") == 2);
  CHECK(accepted->held_back == std::vector<std::string>{"a.yaml"});
  REQUIRE_FALSE(accepted->problems.empty());
  CHECK(accepted->problems[0].place.file == "a.yaml");

  const auto mended = store.accept({{"a.yaml", service("a", 3)}, {"b.yaml", service("b", 2)}});
  CHECK(port_of(*mended, "a") == 3);
  CHECK(mended->held_back.empty());
}

TEST_CASE("a file that was never good serves nothing and spoils nothing") {
  DocumentStore store;
  const auto accepted = store.accept({{"a.yaml", "service: ["}, {"b.yaml", service("b", 1)}});
  CHECK(accepted->documents.static_services.size() == 1);
  CHECK(accepted->held_back == std::vector<std::string>{"a.yaml"});
  CHECK(accepted->never_good == std::vector<std::string>{"a.yaml"});
}

TEST_CASE("a file that cannot be read is held back, one that is gone is gone") {
  DocumentStore store;
  store.accept({{"a.yaml", service("a", 1)}, {"b.yaml", service("b", 1)}});
  resources::Problem unreadable;
  unreadable.place.file = "a.yaml";
  unreadable.message = "cannot be read";
  const auto held = store.accept({{"b.yaml", service("b", 1)}}, {unreadable});
  CHECK(port_of(*held, "a") == 1);
  CHECK(held->held_back == std::vector<std::string>{"a.yaml"});
  CHECK(held->never_good.empty());
  CHECK(port_of(*store.accept({{"b.yaml", service("b", 1)}}), "a") == 0);
}

TEST_CASE("when a new file clashes with one that serves, the newcomer is held back") {
  DocumentStore store;
  store.accept({{"a.yaml", service("a", 1)}});
  const auto accepted = store.accept({{"a.yaml", service("a", 1)}, {"b.yaml", service("a", 2)}});
  CHECK(port_of(*accepted, "a") == 1);
  CHECK(accepted->held_back == std::vector<std::string>{"b.yaml"});
}

TEST_CASE("whichever file the clash is blamed on, what served goes on serving") {
  DocumentStore store;
  store.accept({{"b.yaml", service("a", 1)}});
  // By the order of files the second definition, the one that serves, would be the error.
  const auto accepted = store.accept({{"a.yaml", service("a", 2)}, {"b.yaml", service("b", 1)}});
  CHECK(port_of(*accepted, "a") == 2);  // no clash: b.yaml let the name go
  const auto clashing = store.accept(
      {{"0.yaml", service("a", 3)}, {"a.yaml", service("a", 2)}, {"b.yaml", service("b", 1)}});
  CHECK(port_of(*clashing, "a") == 2);
  CHECK(clashing->held_back == std::vector<std::string>{"0.yaml"});
}

TEST_CASE("a folder that vanishes takes nothing with it") {
  DocumentStore store;
  store.accept({{"docs/a.yaml", service("a", 1)}, {"docs2/b.yaml", service("b", 1)}});
  resources::Problem gone;
  gone.place.file = "docs/";
  const auto held = store.accept({}, {gone});
  CHECK(port_of(*held, "a") == 1);
  CHECK(port_of(*held, "b") == 0);  // docs2 is another folder
}

TEST_CASE("a folder that holds too much spoils nothing of what was read of it") {
  DocumentStore store;
  resources::Problem too_many;
  too_many.place.file = "docs";
  const auto read = [&](int port) {
    return store.accept({{"docs/a.yaml", service("a", port)}}, {too_many});
  };
  CHECK(read(1)->never_good.empty());
  const auto accepted = read(2);
  CHECK(accepted->problems.size() == 1);  // no "defined twice"
  CHECK(port_of(*accepted, "a") == 2);
  CHECK(accepted->held_back == std::vector<std::string>{"docs"});
  CHECK(accepted->never_good.empty());
}

TEST_CASE("what only the judge finds is held back too") {
  DocumentStore store;
  const auto judge = [](const resources::Documents& documents) {
    resources::Problems problems;
    for (const auto& service : documents.static_services)
      if (service.ports.front().number == 13)
        problems.push_back(
            {resources::Severity::error, service.metadata.place, "", "", "unlucky", ""});
    return problems;
  };
  store.accept({{"a.yaml", service("a", 1)}}, {}, judge);
  const auto held = store.accept({{"a.yaml", service("a", 13)}}, {}, judge);
  CHECK(port_of(*held, "a") == 1);
  CHECK(held->held_back == std::vector<std::string>{"a.yaml"});
}

TEST_CASE("what else is wrong with a document that cannot serve is told at once, without echoes") {
  const std::string table = R"(apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: t}
spec: {hosts: [h], http: [{forwardTo: {destinations: [{ref: {name: x}, weight: 101}]}}]}
)";
  const DocumentStore::Judge judge = [](const resources::Documents& documents) {
    resources::Problems problems;
    for (const auto& one : documents.route_tables)
      for (const auto* field :
           {"spec.http[0].forwardTo.destinations[0]", "spec.http[0].forwardTo.pathRewrite"})
        problems.push_back({resources::Severity::error, one.metadata.place, "RouteTable default/t",
                            field, "wrong", ""});
    return problems;
  };
  const auto accepted = DocumentStore().accept({{"t.yaml", table}}, {}, judge);
  std::vector<std::string> fields;
  for (const auto& problem : accepted->problems) fields.push_back(problem.field);
  CHECK(fields == std::vector<std::string>{"spec.http[0].forwardTo.destinations[0].weight",
                                           "spec.http[0].forwardTo.pathRewrite"});
  CHECK(accepted->documents.route_tables.empty());
}

TEST_CASE("what was bad already holds no other change back") {
  DocumentStore store;
  // b's route needs a's service: whoever judges says so.
  const DocumentStore::Judge needs_a = [](const resources::Documents& documents) {
    resources::Problems problems;
    bool has_a = false;
    for (const auto& service : documents.static_services) has_a |= service.metadata.name == "a";
    for (const auto& service : documents.static_services)
      if (service.metadata.name == "b" && !has_a)
        problems.push_back({resources::Severity::error, {"b.yaml", 1, 1}, "", "", "no a", ""});
    return problems;
  };
  store.accept(
      {{"a.yaml", service("a", 1)}, {"b.yaml", service("b", 1)}, {"c.yaml", service("c", 1)}}, {},
      needs_a);
  auto accepted =
      store.accept({{"b.yaml", service("b", 1)}, {"c.yaml", service("c", 1)}}, {}, needs_a);
  CHECK(accepted->problems.size() == 1);
  CHECK(accepted->held_back.empty());
  accepted = store.accept({{"b.yaml", service("b", 1)}, {"c.yaml", service("c", 2)}}, {}, needs_a);
  CHECK(port_of(*accepted, "c") == 2);
  CHECK(accepted->held_back.empty());
}

namespace {

resources::File object(const std::string& name, const std::string& host, int age) {
  return {
      "kubernetes: VirtualDestination shop/" + name,
      R"({"apiVersion": "networking.gloo.solo.io/v2", "kind": "VirtualDestination", "metadata": )"
      R"({"namespace": "shop", "name": ")" +
          name + R"(", "creationTimestamp": "200)" + std::to_string(age) +
          R"(-01-01T00:00:00Z"}, "spec": {"hosts": [")" + host +
          R"("], "services": [{"name": "s"}], "ports": [{"number": 80}]}})",
      false};
}

}  // namespace

TEST_CASE("while one change clashes with what serves, the others change as written") {
  DocumentStore store;
  const auto place = [](const std::string& name) {
    return "kubernetes: VirtualDestination shop/" + name;
  };
  store.accept({object("b", "b.x", 5), {"s.yaml", service("s", 1)}});
  // The older one is the winner by itself, so that the error stands at what serves.
  std::vector<resources::File> files{object("a", "b.x", 1), object("b", "b.x", 5)};
  std::vector<std::string> clashing{place("a")};
  for (int round = 1; round <= 3; ++round) {
    auto now = files;
    now.push_back({"s.yaml", service("s", round)});
    for (int i = 0; i < round; ++i)
      now.push_back({std::to_string(i) + ".yaml", service("n" + std::to_string(i), round)});
    const auto accepted = store.accept(now);
    CHECK(accepted->held_back == clashing);
    CHECK(accepted->documents.virtual_destinations.size() == 1);
    CHECK(port_of(*accepted, "s") == round);
    CHECK(port_of(*accepted, "n0") == round);
    CHECK(port_of(*accepted, "n" + std::to_string(round - 1)) == round);
  }
}

TEST_CASE("files that hand a name over do so while something else clashes") {
  DocumentStore store;
  store.accept({object("z", "z.x", 5), {"2.yaml", service("n", 1)}});
  const auto accepted = store.accept({object("a", "z.x", 1),
                                      {"1.yaml", service("n", 2)},
                                      object("z", "z.x", 5),
                                      {"2.yaml", service("other", 1)}});
  CHECK(accepted->held_back == std::vector{object("a", "", 1).name});
  CHECK(port_of(*accepted, "n") == 2);
  CHECK(port_of(*accepted, "other") == 1);
}

TEST_CASE("a host that a file has is not an object's, however old that is") {
  DocumentStore store;
  const resources::File file{"d.yaml", R"(apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: ours}
spec: {hosts: [d.x], services: [{name: s}], ports: [{number: 80}]}
)"};
  const bool at_once = GENERATE(true, false);
  if (!at_once) store.accept({file});
  const auto accepted = store.accept({file, object("theirs", "d.x", 1)});
  REQUIRE(accepted->documents.virtual_destinations.size() == 1);
  CHECK(accepted->documents.virtual_destinations[0].metadata.name == "ours");
  CHECK(accepted->held_back == std::vector{object("theirs", "", 1).name});
  for (const auto& problem : accepted->problems)
    if (problem.severity == resources::Severity::error)
      CHECK(problem.place.file == object("theirs", "", 1).name);
}

TEST_CASE("the error of a clash is the change's, whichever is named as wrong") {
  DocumentStore store;
  const auto serving = object("b", "b.x", 5), change = object("a", "b.x", 1);
  store.accept({serving});
  const auto accepted = store.accept({change, serving});
  std::string said;
  for (const auto& problem : accepted->problems)
    if (problem.severity == resources::Severity::error)
      said += problem.place.file + ": " + problem.message + "\n";
  CHECK(said == change.name + ": it clashes with what serves of " + serving.name + "\n");
}
