// Published route tables, asked with requests whose routes and rewrites are known otherwise: by a
// matcher that reads the documents itself and tries all in order, and by hand.
#include "forwarder/explain.hpp"
#include "tests/unit/forwarder/published/asked_by_hand.hpp"
#include "tests/unit/forwarder/published/made_up_mesh.hpp"
#include "tests/unit/forwarder/published/requests.hpp"
#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>
#include <map>

namespace {

using namespace published;
using linear::Asked;

// What the folder holds at least. Ten of its tables have no route that is supported, or none with
// an action, and two delegate to tables that it does not hold: those answer 500.
constexpr std::size_t kTables = 90, kServing = 78, kRequests = 5900;
constexpr std::size_t kByHand = 40, kRowsByHand = 260, kFewestRequests = 5;

scene::Incoming incoming(const Asked& asked) {
  std::vector<forwarder::http::Header> headers;
  for (const auto& [name, value] : asked.headers) headers.push_back({name, value});
  return scene::Incoming(asked.method, asked.host, asked.target, std::move(headers));
}

// As linear::Answer::text, but for the names of routes, which end with their index here.
std::string text_of(const forwarder::Decision& decision, const scene::Incoming& request) {
  auto text = std::string(decision.route.substr(0, decision.route.find(']') + 1));
  if (!text.empty()) text += ' ';
  if (const auto* reply = std::get_if<forwarder::Reply>(&decision.action))
    return text + std::to_string(reply->status) +
           (reply->location.empty() ? "" : ' ' + reply->location);
  const auto& forward = std::get<forwarder::Forward>(decision.action);
  text += forwarder::target_sent(forward, *request.value.head);
  return forward.host.empty() ? text : text + " host " + forward.host;
}

// Of a name like "reviews.shop.service:9080{version=v1} in west" the destination and its port.
bool leads_to(const forwarder::Decision& decision, const linear::Answer& answer) {
  const auto* forward = std::get_if<forwarder::Forward>(&decision.action);
  if (!forward) return answer.destinations.empty();
  if (!forward->upstream || forward->upstream->tiers.empty()) return false;
  const auto& name = forward->upstream->name;
  return std::ranges::any_of(answer.destinations, [&](const auto& ref) {
    return name.substr(0, name.find_first_of("{ ")) == upstream_of(ref, answer.home);
  });
}

struct Counts {
  std::size_t requests = 0, taken = 0,
              served = 0;  // by some route; by one that does not answer 500
};

forwarder::Decision ask(const Mesh& mesh, const Asked& asked, const linear::Answer& expected,
                        std::uint64_t seed) {
  INFO(asked.to_string());
  auto request = incoming(asked);
  if (asked.from) request.value.client = asked.from->ip;
  const auto& table = *mesh.compiled.table;
  const auto decision = scene::decide(table, request, seed);
  CHECK(text_of(decision, request) == expected.text);
  CHECK(leads_to(decision, expected));
  CHECK(forwarder::explain(table, request.value).route == decision.route);
  return decision;
}

void ask_all(const Scene& scene, Counts& counts) {
  const auto mesh = made_up_mesh(scene);
  const linear::Routes routes(*scene.root, scene.all);
  for (const auto& asked : derived_requests(scene, routes, mesh)) {
    const auto decision = ask(mesh, asked, routes.answer(asked), ++counts.requests);
    if (decision.route.empty()) continue;
    ++counts.taken;
    const auto* reply = std::get_if<forwarder::Reply>(&decision.action);
    if (!reply || reply->status != 500) ++counts.served;
  }
  const bool broken = std::ranges::any_of(routes.flat(), &linear::FlatRoute::broken);
  CHECK(resources::has_errors(mesh.compiled.problems) == broken);
}

void ask_by_hand(const AskedByHand& row, const Scene& scene) {
  using From = AskedByHand::From;
  const auto mesh = made_up_mesh(scene);
  auto asked = row.asked;
  if (row.from == From::selected) asked.from = &mesh.selected.at(0);
  if (row.from == From::stranger) asked.from = &mesh.strangers.at(0);
  // The reader above is held to them, too.
  auto expected = linear::Routes(*scene.root, scene.all).answer(asked);
  CHECK(expected.text == row.answer);
  expected.text = row.answer;
  ask(mesh, asked, expected, 1);
}

}  // namespace

TEST_CASE("published route tables take each request as their documents, read line by line, say",
          "[forwarder][vectors]") {
  const auto all = tables();
  if (all.empty()) return;
  std::size_t serving = 0, requests = 0;
  for (const auto& table : all) {
    INFO(table.file);
    Counts counts;
    for (const auto& scene : scenes(table, all)) ask_all(scene, counts);
    CHECK(counts.requests >= kFewestRequests);
    CHECK(counts.taken > 0);
    if (counts.served > 0) ++serving;
    requests += counts.requests;
  }
  CHECK(all.size() >= kTables);
  CHECK(serving >= kServing);
  CHECK(requests >= kRequests);
}

TEST_CASE("published route tables take requests as worked out by hand", "[forwarder][vectors]") {
  const auto all = tables();
  if (all.empty()) return;
  std::map<std::string, std::size_t> rows;
  const auto asked = asked_by_hand(all);
  for (const auto& row : asked) {
    INFO(row.file);
    ++rows[row.file];
    const auto& table = *std::ranges::find(all, row.file, &Table::file);
    // Of two made-up roots the one that is meant.
    for (const auto& scene : scenes(table, all))
      if (scene.root == table.table || scene.root->hosts.front() == row.asked.host)
        ask_by_hand(row, scene);
  }
  for (const auto& [file, count] : rows) {
    INFO(file);
    CHECK(count >= kFewestRequests);
  }
  CHECK(rows.size() >= kByHand);
  CHECK(asked.size() >= kRowsByHand);
}
