#include "agent/demo/demo.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "agent/demo/narrator.hpp"
#include "agent/demo/stage.hpp"

namespace agent::demo {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kEast = 0, kWest = 1, kEu = 2;
constexpr const char* kPage = "productpage.bookinfo.example";
constexpr const char* kRatings = "ratings.mesh.internal";
constexpr const char* kReviews = "reviews.mesh.internal";
constexpr const char* kDetails = "details.mesh.internal";  // no route table; west runs none

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool all_in(std::size_t cluster, const std::vector<std::string>& addresses) {
  const auto prefix = "127.0." + std::to_string(cluster + 1) + ".";
  return !addresses.empty() && std::all_of(addresses.begin(), addresses.end(),
                                           [&](const auto& a) { return a.starts_with(prefix); });
}

// A field of the JSON that a sample service answers with; "" when there is none.
std::string field(const client::HttpAnswer& answer, const char* name) {
  const auto json = Json::parse(answer.body, nullptr, false);
  return json.is_object() ? json.value(name, "") : "";
}

std::string state_of(const Stage& stage, std::size_t asked, std::string_view about) {
  const auto status = stage.ask(asked, "/api/v1/status");
  if (!status.contains("members")) return "unknown";
  for (const auto& member : status["members"])
    if (member.value("member", "") == about) return member.value("state", "");
  return "unknown";
}

bool converged(const Stage& stage) {
  for (std::size_t i = 0; i < kClusters.size(); ++i) {
    for (const char* other : kClusters)
      if (state_of(stage, i, other) != "fresh") return false;
    if (stage.resolve(i, kDetails).empty() || stage.resolve(i, kRatings).empty()) return false;
    if (stage.request(i, kPage, 8080, "/alive").status != 200) return false;
  }
  return true;
}

void names(Stage& stage, Narrator& tell) {
  tell.act("One name, three answers: each cluster's DNS gives its nearest endpoints");
  for (std::size_t i = 0; i < kClusters.size(); ++i) {
    const auto addresses = stage.resolve(i, "ratings.bookinfo.mesh.internal");
    tell.check("ratings.bookinfo.mesh.internal asked in " + std::string(kClusters[i]) + ": " +
                   joined(addresses),
               all_in(i, addresses));
  }
  const auto details = stage.resolve(kWest, kDetails);
  tell.check("details.mesh.internal asked in west, which runs none: " + joined(details) +
                 " (east, the same region)",
             all_in(kEast, details));
  const auto door = stage.resolve(kEast, kReviews);
  tell.check("reviews.mesh.internal asked in east: " + joined(door) +
                 " (the forwarder: a route table names it)",
             door == std::vector<std::string>{stage.address(kEast).to_string()});
}

void routes(Stage& stage, Narrator& tell) {
  tell.act("Route tables: each forwarder follows the same documents");
  for (std::size_t i = 0; i < kClusters.size(); ++i) {
    const std::string in = std::string(" through ") + kClusters[i];
    const auto jason = stage.request(i, kReviews, 9080, "/reviews/1", {"end-user: jason"});
    tell.check("header match" + in + ": jason gets reviews " + field(jason, "version") + " in " +
                   field(jason, "cluster"),
               field(jason, "version") == "v2" && field(jason, "cluster") == kClusters[i]);
  }
  std::map<std::string, int> versions;
  constexpr int kRequests = 200;
  for (int n = 0; n < kRequests; ++n)
    ++versions[field(stage.request(kEast, kReviews, 9080, "/reviews/1"), "version")];
  tell.check(
      "weights 80:20 over 200 requests: v1 " + std::to_string(versions["v1"]) + ", v3 " +
          std::to_string(versions["v3"]),
      versions["v1"] + versions["v3"] == kRequests && versions["v3"] > 15 && versions["v3"] < 75);
  const auto delegated = stage.request(kWest, kPage, 8080, "/api/v1/ratings/7");
  tell.check("delegation and rewrite: /api/v1/ratings/7 reaches " + field(delegated, "service") +
                 " as " + field(delegated, "path"),
             field(delegated, "service") == "ratings" && field(delegated, "path") == "/ratings/7");
  const auto moved = stage.request(kEu, kPage, 8080, "/catalogue");
  tell.check("redirect: /catalogue leads to " + moved.location,
             moved.status == 302 && moved.location.ends_with("/productpage"));
  const auto none = stage.request(kEu, kRatings, 9080, "/ratings/best");
  tell.check("regex and direct response: /ratings/best is answered " + std::to_string(none.status) +
                 " on the spot",
             none.status == 404);
}

// Asks a name that leads to east through west's forwarder and west's DNS, all the time, and notes
// what comes back.
struct Watch {
  int requests = 0, failures = 0;
  std::string last_failure;
  std::set<std::string> served_by;

  void ask(Stage& stage) {
    const auto answer = stage.request(kWest, kDetails, 9080, "/details/0");
    ++requests;
    if (answer.status != 200) {
      ++failures;
      last_failure = answer.error + " " + std::to_string(answer.status) + " " + answer.body;
    }
    served_by.insert(field(answer, "cluster"));
  }
};

void lose_a_cluster(Stage& stage, Narrator& tell) {
  tell.act("Lose a cluster: SIGKILL to east's agent and all its services");
  const auto killed_at = tell.now();
  stage.kill_agent(kEast);
  stage.kill_services(kEast);
  Watch watch;
  const auto dns_moved = tell.wait(5s, [&] {
    watch.ask(stage);
    return all_in(kEu, stage.resolve(kWest, kDetails));
  });
  const auto took = base::to_string(tell.now() - killed_at);
  tell.check("west's DNS stopped giving east's endpoints after " + took + ": " +
                 joined(stage.resolve(kWest, kDetails)),
             dns_moved);
  for (int n = 0; n < 50; ++n) watch.ask(stage);
  tell.check(std::to_string(watch.requests) + " requests through west's forwarder in that time, " +
                 std::to_string(watch.failures) + " failed" +
                 (watch.failures ? ": " + watch.last_failure : ""),
             watch.failures == 0 && watch.served_by.contains("eu"));
  tell.check("west calls east " + state_of(stage, kWest, "east"),
             state_of(stage, kWest, "east") != "fresh");
}

void heal(Stage& stage, Narrator& tell) {
  tell.act("East comes back");
  const auto began = tell.now();
  tell.require(stage.start_services(kEast));
  tell.require(stage.start_agent(kEast));
  const bool healed = tell.wait(
      20s, [&] { return converged(stage) && all_in(kEast, stage.resolve(kWest, kDetails)); });
  tell.check("all fresh, and west's DNS gives east's endpoints again, after " +
                 base::to_string(tell.now() - began),
             healed);
}

void lose_an_agent(Stage& stage, Narrator& tell) {
  tell.act("Lose an agent alone: SIGKILL to east's agent; its services go on");
  const auto before = stage.resolve(kWest, kDetails);
  stage.kill_agent(kEast);
  bool moved = false;
  Watch watch;
  const auto noticed = tell.wait(8s, [&] {
    watch.ask(stage);
    moved |= stage.resolve(kWest, kDetails) != before;
    return state_of(stage, kWest, "east") == "stale";
  });
  for (int n = 0; n < 20; ++n) {
    watch.ask(stage);
    moved |= stage.resolve(kWest, kDetails) != before;
  }
  tell.check("west notices (east is " + state_of(stage, kWest, "east") +
                 ": silent, but its endpoints answer)",
             noticed);
  tell.check(
      "no answer changes: details.mesh.internal is still " + joined(stage.resolve(kWest, kDetails)),
      !moved);
  tell.check(std::to_string(watch.requests) + " requests, " + std::to_string(watch.failures) +
                 " failed, all served by " +
                 joined({watch.served_by.begin(), watch.served_by.end()}),
             watch.failures == 0 && watch.served_by == std::set<std::string>{"east"});
  tell.require(stage.start_agent(kEast));
  tell.check("the agent is back and fresh", tell.wait(20s, [&] { return converged(stage); }));
}

void epilogue(const Stage& stage, Narrator& tell, bool goes_on) {
  const auto west = stage.address(kWest).to_string();
  tell.act(goes_on ? "It goes on running. Try by hand:"
                   : "To try by hand: nearmost demo --keep, then");
  const auto config = goes_on ? stage.config(kWest) : std::string("FOLDER/west/agent.yaml");
  tell.say("dig @" + west + " -p 7753 details.mesh.internal");
  tell.say("dig @" + west + " -p 7753 _explain.details.mesh.internal TXT +short");
  tell.say("curl -H 'Host: reviews.mesh.internal' -H 'end-user: jason' http://" + west +
           ":9080/reviews/1");
  tell.say("nearmost explain details -c " + config);
  tell.say(
      "nearmost route GET http://reviews.mesh.internal:9080/reviews/1 -H 'end-user: jason' -c " +
      config);
  tell.say("nearmost status -c " + config);
}

}  // namespace

bool play(Afterwards afterwards, Form form) {
  auto made = Stage::make();
  Narrator tell(std::cout, form);
  if (!made) {
    tell.require(made.error());
    tell.end();
    return false;
  }
  auto& stage = *made;
  tell.watch([&stage] { return stage.casualty(); });
  tell.act("Three clusters on loopback (logs and documents in " + stage.folder() + ")");
  const auto began = tell.now();
  for (std::size_t i = 0; i < kClusters.size(); ++i) {
    tell.require(stage.start_services(i));
    tell.require(stage.start_agent(i));
  }
  const bool found = tell.wait(20s, [&] { return converged(stage); });
  tell.check("east, west and eu found each other over mutual TLS in " +
                 base::to_string(tell.now() - began),
             found);
  if (tell.good()) names(stage, tell);
  if (tell.good()) routes(stage, tell);
  if (tell.good()) lose_a_cluster(stage, tell);
  if (tell.good()) heal(stage, tell);
  if (tell.good()) lose_an_agent(stage, tell);
  const bool goes_on = afterwards == Afterwards::keep_running && tell.good();
  epilogue(stage, tell, goes_on);
  if (goes_on || !tell.good()) stage.keep();
  if (goes_on) tell.say("\nCtrl-C ends it.");
  tell.end();
  if (goes_on) stage.wait_for_signal();
  return tell.good();
}

}  // namespace agent::demo
