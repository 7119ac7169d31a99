#include "agent/object_states.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using discovery::sources::kubernetes::CustomTexts;
using discovery::sources::kubernetes::StatedState;
using resources::Severity;

namespace {

const std::string kTable = "kubernetes: RouteTable shop/r";

resources::Problem problem(Severity severity, std::string message, std::string place = kTable) {
  return {severity, {std::move(place), 0, 0}, "RouteTable shop/r", "spec.http", message, "mend it"};
}

struct Scene {
  AcceptedDocuments documents;
  Served served;
  CustomTexts texts{{{kTable, "{}", false}, 3, true}};

  StatedState state() {
    served.documents = std::make_shared<const AcceptedDocuments>(documents);
    served.texts = std::make_shared<const CustomTexts>(texts);
    const auto states = states_of(served);
    REQUIRE(states.size() == 1);
    return states.at(kTable);
  }
};

}  // namespace

TEST_CASE("an object with nothing to say of it is accepted, at its generation", "[agent]") {
  Scene scene;
  CHECK(scene.state() == StatedState{3, "ACCEPTED", ""});
  scene.served.routing_problems = {problem(Severity::error, "not of it", "r.yaml")};
  CHECK(scene.state() == StatedState{3, "ACCEPTED", ""});
}

TEST_CASE("an object that is held back is invalid, and says what serves", "[agent]") {
  Scene scene;
  scene.documents.held_back = {kTable};
  scene.documents.problems = {problem(Severity::error, "wrong"), problem(Severity::warning, "odd")};
  CHECK(scene.state() == StatedState{3, "INVALID",
                                     "its last good state serves:\nspec.http: wrong; mend it\n"
                                     "spec.http: odd; mend it"});
  scene.documents.never_good = {kTable};
  CHECK(scene.state().message.starts_with("nothing of it serves:"));
  scene.documents.problems.clear();  // held back by what is wrong elsewhere
  CHECK(scene.state().approval == "INVALID");
}

TEST_CASE("an object that serves and is odd, or serves nobody, is a warning", "[agent]") {
  Scene scene;
  scene.served.routing_problems = {problem(Severity::warning, "odd")};
  CHECK(scene.state() == StatedState{3, "WARNING", "spec.http: odd; mend it"});
  scene.served.routing_problems.clear();
  scene.served.routing.push_back(
      {"RouteTable shop/r", forwarder::DocumentStatus::State::unused, {"it has no hosts"}});
  CHECK(scene.state() == StatedState{3, "WARNING", "it has no hosts"});
  scene.served.routing = {{"RouteTable shop/r",
                           forwarder::DocumentStatus::State::invalid,
                           {kTable + " is held back: what it said before serves"}}};
  CHECK(scene.state() == StatedState{3, "INVALID", ""});
}

TEST_CASE("a long message ends with how much more there is", "[agent]") {
  Scene scene;
  for (int i = 0; i < 100; ++i)
    scene.documents.problems.push_back(
        problem(Severity::error, std::to_string(i) + std::string(90, 'x')));
  const auto state = scene.state();
  CHECK(state.message.size() < kMaxStateMessage + 100);
  CHECK(state.message.ends_with("\nand 91 more: see nearmost status"));
}

TEST_CASE("of what is not ours nothing is to be written", "[agent]") {
  Scene scene;
  scene.texts.push_back(
      {{"kubernetes networking.gloo.solo.io: RouteTable shop/r", "{}", false}, 1, false});
  CHECK(scene.state().approval == "ACCEPTED");
  scene.served.texts = nullptr;
  CHECK(states_of(scene.served).empty());
}

TEST_CASE("what comes and goes elsewhere is no other state of what is accepted", "[agent]") {
  Scene scene;
  scene.served.routing.push_back({"RouteTable shop/r",
                                  forwarder::DocumentStatus::State::accepted,
                                  {"it applies to 57 destinations"}});
  CHECK(scene.state() == StatedState{3, "ACCEPTED", ""});
  scene.served.routing = {{"RouteTable shop/r",
                           forwarder::DocumentStatus::State::warning,
                           {"it applies to 57 destinations"}}};
  CHECK(scene.state() == StatedState{3, "WARNING", ""});
}

TEST_CASE("nothing is stated before what others have is known", "[agent]") {
  Scene scene;
  scene.state();
  base::Published<Served> published;
  JudgedStates judged(published);
  const auto serve = [&](std::uint64_t version, bool synced) {
    auto publication = std::make_shared<discovery::Publication>();
    publication->synced = synced;
    auto served = std::make_unique<Served>(scene.served);
    served->version = version;
    served->publication = std::move(publication);
    published.publish(std::move(served));
  };
  CHECK_FALSE(judged());
  serve(1, false);
  CHECK_FALSE(judged());
  serve(2, true);
  REQUIRE(judged());
  CHECK_FALSE(judged());
}
