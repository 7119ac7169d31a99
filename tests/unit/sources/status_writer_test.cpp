#include "discovery/sources/kubernetes/status_writer.hpp"

#include <catch2/catch.hpp>

using namespace discovery::sources::kubernetes;
using namespace std::chrono_literals;

namespace {

const std::string kPlace = "kubernetes: RouteTable shop/r";

// One writer, the clock it is told, and the objects as the API server has them.
struct Story {
  StatusWriter writer{base::Random(1)};
  base::TimePoint now{1h};
  std::map<std::string, CustomObject> objects{{kPlace, {"{}", 1, {}}}};
  States states;

  void want(const std::string& approval, std::int64_t generation = 1, std::string place = kPlace) {
    states[place] = {generation, approval, ""};
    writer.want(now, std::make_shared<States>(states), find);
  }
  StatusWriter::Find find =
      [this](const std::string& place) -> std::optional<StatusWriter::Target> {
    const auto found = objects.find(place);
    if (found == objects.end()) return std::nullopt;
    return StatusWriter::Target{"/status-of/" + place.substr(23), "7", &found->second};
  };
  // What is asked for now; "" = nothing.
  std::string asked() {
    const auto request = writer.next(now, find);
    return request ? request->target + " " + request->body : "";
  }
  std::string asked_later() {
    if (writer.deadline() != base::TimePoint::max()) now = std::max(now, writer.deadline());
    return asked();
  }
  void answered(int status, std::string reason = "") {
    writer.ended(now, {status, std::move(reason), Ending::Fault::none, {}});
  }
  void heard(const std::string& approval, const std::string& place = kPlace) {
    objects[place].state = {1, approval, ""};
  }
};

}  // namespace

TEST_CASE("a state is written once, as a merge patch of the status", "[status_writer]") {
  Story story;
  story.want("ACCEPTED");
  CHECK(story.asked() == "");  // it may be another one in a moment
  CHECK(story.asked_later() ==
        R"(/status-of/shop/r {"metadata": {"resourceVersion": "7"},"status": {"common": )"
        R"({"State": {"observedGeneration": 1,"approval": "ACCEPTED","message": ""}}}})");
  CHECK(story.asked() == "");  // one at a time
  story.answered(200);
  story.heard("ACCEPTED");
  story.want("ACCEPTED");
  CHECK(story.asked_later() == "");
  CHECK(story.writer.status().written == 1);
}

TEST_CASE("what the object says already is not written", "[status_writer]") {
  Story story;
  story.heard("ACCEPTED");
  story.want("ACCEPTED");
  CHECK(story.asked_later() == "");
  CHECK(story.writer.deadline() == base::TimePoint::max());
}

TEST_CASE("agents that differ write once each and not in turn", "[status_writer]") {
  Story story;
  story.want("WARNING");
  CHECK(story.asked_later() != "");
  story.answered(200);
  for (int i = 0; i < 10; ++i) {
    story.now += 1min;
    story.heard("ACCEPTED");  // by another
    story.want("WARNING");
    CHECK(story.asked_later() == "");
  }
  story.want("INVALID");
  CHECK(story.asked_later() != "");
}

TEST_CASE("a state that changes and changes back is written as it is last, at its pace",
          "[status_writer]") {
  Story story;
  story.want("ACCEPTED");
  story.asked_later();
  story.answered(200);
  const auto first = story.now;
  story.want("WARNING");
  story.want("INVALID");
  CHECK(story.asked_later().find("INVALID") != std::string::npos);
  CHECK(story.now >= first + StatusWriter::kRest);
  story.answered(200);
  story.heard("ACCEPTED");  // of the first: the second is not heard of yet
  story.want("ACCEPTED");
  CHECK(story.asked_later().find("ACCEPTED") != std::string::npos);
}

TEST_CASE("of a text that is not judged yet nothing is written", "[status_writer]") {
  Story story;
  story.objects[kPlace].generation = 2;
  story.want("ACCEPTED", 1);
  CHECK(story.asked_later() == "");
  story.want("INVALID", 2);
  CHECK(story.asked_later().find("\"observedGeneration\": 2") != std::string::npos);
  story.answered(200);
  story.objects.clear();
  story.want("ACCEPTED", 2);
  CHECK(story.asked_later() == "");
}

TEST_CASE("what is forbidden is asked for again after a while, and said", "[status_writer]") {
  Story story;
  const std::string other = "kubernetes: RouteTable shop/s";
  story.objects[other] = {"{}", 1, {}};
  story.want("ACCEPTED");
  story.want("ACCEPTED", 1, other);
  CHECK(story.asked_later() != "");
  story.answered(403, "403: forbidden");
  const auto refused = story.now;
  CHECK(story.writer.status().trouble == "403: forbidden");
  CHECK(story.writer.status().waiting == 2);
  CHECK(story.asked_later() != "");
  CHECK(story.now >= refused + StatusWriter::kForbidden);
  story.answered(200);
  CHECK(story.writer.status().trouble == "");
  CHECK(story.asked_later() != "");
}

TEST_CASE("a server that is away is tried again, one that cannot take the state is not",
          "[status_writer]") {
  Story story;
  story.want("ACCEPTED");
  for (int i = 0; i < 10; ++i) {
    CHECK(story.asked_later() != "");
    story.answered(0, "no route to host");
    CHECK(story.writer.deadline() <= story.now + StatusWriter::kMaxDelay);
  }
  CHECK(story.asked_later() != "");
  story.answered(422, "422: no such field");
  CHECK(story.asked_later() == "");
  CHECK(story.writer.status().failures == 11);
  story.want("WARNING");
  CHECK(story.asked_later() != "");
  story.answered(404, "404: not found");  // it has gone meanwhile
  CHECK(story.writer.status().failures == 11);
}

TEST_CASE("what another one wrote meanwhile is no trouble any more", "[status_writer]") {
  Story story;
  story.want("ACCEPTED");
  story.asked_later();
  story.answered(503, "503: overloaded");
  CHECK(story.writer.status().trouble == "503: overloaded");
  story.heard("ACCEPTED");
  CHECK(story.asked_later() == "");
  CHECK(story.writer.status().trouble == "");
}

TEST_CASE("an object that is made anew under its name gets its state again", "[status_writer]") {
  Story story;
  story.objects[kPlace].uid = "1";
  story.want("ACCEPTED");
  story.asked_later();
  story.answered(200);
  story.heard("ACCEPTED");
  story.objects[kPlace] = {"{}", 1, {}, "2"};
  story.want("ACCEPTED");
  CHECK(story.asked_later() != "");
}

TEST_CASE("a kind that may not be written keeps no other waiting", "[status_writer]") {
  Story story;
  const std::string gateway = "kubernetes: VirtualGateway shop/g";
  story.objects[gateway] = {"{}", 1, {}};
  story.want("ACCEPTED");
  CHECK(story.asked_later() != "");
  story.answered(403, "403: forbidden");
  const auto refused = story.now;
  story.want("ACCEPTED", 1, gateway);
  CHECK(story.asked_later() != "");
  CHECK(story.now < refused + StatusWriter::kForbidden);
  story.answered(200);
  CHECK(story.writer.status().trouble == "403: forbidden");
}

TEST_CASE("a status that is not found though its object is there is said", "[status_writer]") {
  Story story;
  story.want("ACCEPTED");
  CHECK(story.asked_later() != "");
  story.answered(404, "404: not found");
  CHECK(story.writer.status().trouble == "");
  CHECK(story.asked_later() != "");
  story.answered(404, "404: not found");
  CHECK(story.writer.status().failures == 1);
  CHECK(story.writer.status().trouble.starts_with("404: not found (does its definition"));
  CHECK(story.asked_later() == "");
}

TEST_CASE("a judgement of an older version is not written, nor trouble", "[status_writer]") {
  Story story;
  story.want("ACCEPTED");
  CHECK(story.asked_later().find(R"("resourceVersion": "7")") != std::string::npos);
  story.answered(409, "409: the object has been modified");
  CHECK(story.writer.status().trouble == "");
  story.heard("ACCEPTED");
  CHECK(story.asked_later() == "");
}
