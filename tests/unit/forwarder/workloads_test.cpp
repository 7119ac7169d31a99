#include "forwarder/workloads.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace scene;

namespace {

// A mesh whose callers are the endpoints of "web" (10.0.0.1) and "batch" (10.0.0.2).
Mesh callers() {
  Mesh mesh;
  mesh.has("east", "web", {"10.0.0.1"}, {{"app", "web"}})
      .has("east", "batch", {"10.0.0.2"}, {{"app", "batch"}})
      .has_virtual("ratings.mesh.internal", "web");
  return mesh;
}

resources::RouteTable for_app(resources::RouteTable table, std::string app) {
  resources::ObjectSelector selector;
  selector.labels = {{"app", std::move(app)}};
  table.workload_selectors.push_back(std::move(selector));
  return table;
}

std::string asked_by(const forwarder::Table& table, const char* caller, std::string_view path) {
  Incoming request("GET", "ratings.mesh.internal", path);
  request.value.client = base::IpAddress::parse(caller).value();
  return outcome(table, request);
}

}  // namespace

TEST_CASE("a table with workload selectors is for the callers it selects and for unknown ones") {
  const auto compiled = callers().compile({for_app(
      table("main", {"ratings.mesh.internal"}, {route({exact("/x")}, says("x"))}), "web")});
  CHECK(asked_by(*compiled.table, "10.0.0.1", "/x") == "200 x");
  CHECK(asked_by(*compiled.table, "10.0.0.9", "/x") == "200 x");
  CHECK(asked_by(*compiled.table, "10.0.0.1", "/y") == "404 no route matches\n");
}

TEST_CASE("a caller whom no table of the host is for gets the destination itself") {
  const auto compiled = callers().compile(
      {for_app(table("main", {"ratings.mesh.internal"},
                     {route({}, says("all")), route({exact("/x")}, says("never"))}),
               "web")});
  CHECK(asked_by(*compiled.table, "10.0.0.2", "/x") ==
        "destination ratings.mesh.internal:80 -> ratings.mesh.internal:80 /x");
  CHECK(asked_by(*compiled.table, "10.0.0.1", "/x") == "200 all");
}

TEST_CASE("tables of one host for different callers do not stand in each other's way") {
  const auto compiled = callers().compile(
      {for_app(table("a", {"ratings.mesh.internal"}, {route({}, says("web"))}), "web"),
       for_app(table("b", {"ratings.mesh.internal"}, {route({}, says("batch"))}), "batch")});
  CHECK(asked_by(*compiled.table, "10.0.0.1", "/") == "200 web");
  CHECK(asked_by(*compiled.table, "10.0.0.2", "/") == "200 batch");
}

TEST_CASE("children inherit their parents' selectors and narrow them") {
  const auto compiled =
      callers().compile({table("main", {"ratings.mesh.internal"},
                               {route({}, delegate_to({"child"})), route({}, says("rest"))}),
                         for_app(table("child", {}, {route({}, says("child"))}), "web")});
  CHECK(asked_by(*compiled.table, "10.0.0.1", "/") == "200 child");
  CHECK(asked_by(*compiled.table, "10.0.0.2", "/") == "200 rest");
}

TEST_CASE("an empty selector selects every caller") {
  auto main = table("main", {"ratings.mesh.internal"}, {route({}, says("all"))});
  main.workload_selectors.resize(1);
  CHECK(asked_by(*callers().compile({main}).table, "10.0.0.2", "/") == "200 all");
}
