// The usual stories of the protocol as text, compared with the reviewed files beside this one.
// transcripts DIR [--rewrite]: rewrites them; then read the difference, and keep it only if you
// understand it.
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/origin_state.hpp"
#include "discovery/row.hpp"
#include "tests/sim/describe.hpp"
#include "tests/unit/discovery/story.hpp"

namespace {

using namespace std::chrono_literals;
using discovery::Goodbye;

enum class Beacons { told, left_out };

// A Story that writes down what happens.
class Transcript {
 public:
  explicit Transcript(Beacons beacons) {
    story.hears_frame = [this, beacons](const auto& from, const auto& to, const auto& frame) {
      const auto* verdicts = std::get_if<discovery::Verdicts>(&frame);
      const bool beacon = (std::holds_alternative<discovery::Beacons>(frame) && from != "leaf") ||
                          std::holds_alternative<discovery::Still>(frame) ||
                          (verdicts && verdicts->verdicts.empty());
      if (beacons == Beacons::told || !beacon)
        line("  " + from + " -> " + to + ": " + sim::describe(frame));
    };
    story.hears_event = [this](const auto& who, const auto& event) {
      line("  " + who + " notes: " + sim::describe(event));
    };
  }
  void say(const std::string& what) { line("# " + what); }
  void show(const std::string& who, const std::string& of) {
    static constexpr const char* kStates[] = {"fresh",   "suspect", "stale",
                                              "demoted", "dead",    "returning"};
    const auto member = story.member(who, of);
    std::string rows;
    for (const auto& [key, value] : story.knows(who, of)) rows += " " + key;
    line("= " + who + " has " + of + " at " + sim::describe(member.stamp) + ", " +
         kStates[static_cast<std::size_t>(member.state)] + ":" +
         (rows.empty() ? " nothing" : rows) +
         (member.via == "direct" ? "" : ", via " + (member.via.empty() ? "nobody" : member.via)));
  }
  std::string text() const { return text_.str(); }
  Story story;

 private:
  void line(const std::string& what) {
    char time[32];
    std::snprintf(time, sizeof time, "%8.3f ",
                  static_cast<double>(base::to_ms(story.now - start_)) / 1000);
    text_ << time << what << "\n";
  }
  std::ostringstream text_;
  base::TimePoint start_ = story.now;
};

base::SocketAddress address() { return *base::SocketAddress::parse("10.0.0.5:9080"); }

Story::Contents endpoint() {
  discovery::EndpointRow row{"shop", "web", "10.0.0.5", {}};
  row.ip = address().ip;
  row.traits.ports = {{"http", address().port}};
  const auto encoded = discovery::encode(row);
  return {{encoded.key, encoded.value}};
}

std::string join() {
  Transcript transcript(Beacons::told);
  auto& story = transcript.story;
  transcript.say("east and west meet; east dials");
  story.start("east", {{"s/shop/web", "1"}, {"s/shop/db", "1"}});
  story.start("west", {{"s/shop/web", "1"}});
  story.connect("east", "west");
  transcript.say("eu joins through west alone and gets the rest from there");
  story.start("eu", {{"s/shop/pay", "1"}});
  story.connect("eu", "west");
  story.run(1100ms);
  transcript.show("eu", "east");
  transcript.show("east", "eu");
  return transcript.text();
}

std::string suspicion() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  story.answering = {address()};
  story.start("east", endpoint());
  story.start("west");
  story.connect("east", "west");
  story.run(2s);
  transcript.say("east's agent is killed; its endpoint lives");
  story.kill("east");
  story.run(20s);
  transcript.show("west", "east");
  transcript.say("now the endpoint dies too");
  story.answering.clear();
  story.run(2s);
  transcript.show("west", "east");
  story.run(15s);
  transcript.show("west", "east");
  transcript.say("the agent comes back, without a disk");
  story.start("east", endpoint());
  story.connect("east", "west");
  story.run(1s);
  transcript.show("west", "east");
  return transcript.text();
}

std::string refutation() {
  Transcript transcript(Beacons::told);
  auto& story = transcript.story;
  story.start("west");
  story.start("east", {{"s/shop/web", "1"}, {"s/shop/old", "1"}});
  story.connect("west", "east");
  transcript.show("west", "east");
  transcript.say("east loses its agent and its disk; meanwhile a service went");
  story.kill("east");
  story.start("east", {{"s/shop/web", "2"}});
  transcript.say("west's hello tells east what it was: it rises above that");
  story.connect("west", "east");
  story.run(100ms);
  transcript.show("west", "east");
  return transcript.text();
}

std::string partition() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  story.start("east", {{"s/shop/web", "1"}, {"s/shop/old", "1"}});
  story.start("west", {{"s/shop/web", "1"}});
  auto link = story.connect("east", "west");
  story.run(2s);
  transcript.say("nothing gets through any more; nobody is told");
  story.blackhole(link);
  story.says("east", {{"s/shop/web", "2"}});
  story.run(12s);
  transcript.show("west", "east");
  transcript.say("the network heals, east dials again");
  link = story.connect("east", "west");
  story.run(100ms);
  transcript.show("west", "east");
  transcript.show("east", "west");
  return transcript.text();
}

std::string collection() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  auto config = story.config("east");
  config.max_changes = 2;
  Story::Contents rows{{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}, {"keep", "1"}};
  story.start(config, "east", rows);
  story.act("east", story.node("east").local_ready(story.now));
  story.start("west");
  auto link = story.connect("east", "west");
  story.run(1s);
  transcript.say("the link breaks; one row goes: its tombstone is enough");
  story.cut(link);
  story.says("east", {{"b", "1"}, {"c", "1"}, {"d", "1"}, {"keep", "1"}});
  link = story.connect("east", "west");
  story.run(1s);
  transcript.show("west", "east");
  transcript.say("the link breaks; more rows go than tombstones are kept: a snapshot");
  story.cut(link);
  story.says("east", {{"keep", "1"}});
  story.connect("east", "west");
  story.run(1s);
  transcript.show("west", "east");
  return transcript.text();
}

std::string bridge() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  story.secure = true;
  transcript.say("east and west meet; eu knows east through west alone");
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"s/shop/web", "1"}});
  story.connect("east", "west");
  story.connect("eu", "west");
  story.run(2s);
  transcript.show("eu", "east");
  transcript.say("a change goes at once; to eu when it is signed");
  story.says("east", {{"s/shop/web", "1"}, {"s/shop/new", "1"}});
  story.run(2s);
  transcript.show("eu", "east");
  transcript.say("another tells eu of rows that it made up, under a hash that fits");
  const auto liar = story.meet("eu", "liar");
  const auto at = story.node("east").stamp();
  const discovery::Stamp claimed{at.incarnation, at.version + 1};
  const std::vector<discovery::Row> rows{{"s/shop/fake", claimed.version, "1", false}};
  const auto hash = state_hash(claimed, discovery::Rows().with(rows));
  story.sends("eu", liar, discovery::Beacons{{{{"east", 0}, claimed, 0, hash, {}}}});
  story.sends("eu", liar,
              discovery::Delta{{"east", 0},
                               claimed.incarnation,
                               0,
                               claimed.version,
                               0,
                               hash,
                               {},
                               discovery::Delta::Kind::snapshot_end,
                               rows});
  transcript.show("eu", "east");
  return transcript.text();
}

std::string pair_cut() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  story.hears_probe = [&](const auto& who, const auto& request) {
    transcript.say(who + " asks " + request.origin.cluster + "'s endpoints");
  };
  transcript.say("each hears each; the endpoint is east's");
  story.answering = {address()};
  story.start("east", endpoint());
  story.start("west");
  story.start("eu");
  story.connect("east", "eu");
  story.connect("west", "eu");
  const auto link = story.connect("east", "west");
  story.run(2s);
  transcript.say("no way joins east and west any more; eu hears both");
  story.blackhole(link);
  story.answering.clear();
  story.run(13s);
  transcript.show("west", "east");
  transcript.say("the network heals: the endpoint answers before the agents have a link");
  story.answering = {address()};
  story.run(8s);
  transcript.show("west", "east");
  transcript.say("east dials again, and nobody is asked any more");
  story.connect("east", "west");
  story.run(5s);
  transcript.show("west", "east");
  return transcript.text();
}

std::string replicas() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  transcript.say("east has two agents with one source; west takes one of them");
  for (const auto* name : {"east", "east/1"}) story.start(name, endpoint());
  story.start("west", {{"s/shop/web", "1"}});
  for (const auto* other : {"east/1", "west"}) story.connect("east", other);
  story.connect("east/1", "west");
  story.run(2s);
  transcript.show("west", "east");
  transcript.say("the source of that one cannot be read any more; a service goes at the other");
  story.act("east", story.node("east").source_stuck(story.now, "resources cannot be read"));
  story.run(1s);
  story.says("east/1", {{"s/shop/web", "1"}});
  story.run(1s);
  transcript.say("it is read again; then the agent that is taken is killed");
  story.says("east", {{"s/shop/web", "1"}});
  story.act("east", story.node("east").source_stuck(story.now, ""));
  story.run(1s);
  story.kill("east/1");
  story.run(70s);
  transcript.show("west", "east");
  return transcript.text();
}

std::string numbers() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  const auto begin = [&](const std::string& name) {
    auto config = story.config("east");
    config.slots = 2;
    story.start(config, name, endpoint());
    story.act(name, story.node(name).local_ready(story.now));
  };
  transcript.say("east may have two agents, which take their numbers by themselves");
  story.start("west");
  for (const auto* name : {"one", "two"}) begin(name);
  story.connect("one", "west");
  story.run(5s);
  transcript.say("the second has the first one's number, is refused, takes another and dials anew");
  story.connect("two", "west");
  story.run(1s);
  story.connect("two", "west");
  story.run(1s);
  transcript.show("west", "east");
  transcript.show("west", "east/1");
  return transcript.text();
}

std::string leaf() {
  Transcript transcript(Beacons::left_out);
  auto& story = transcript.story;
  transcript.say("east has two agents and a leaf, which follows the first that it meets");
  story.start("east", {{"s/shop/web", "1"}});
  story.start("east/1", {{"s/shop/web", "1"}});
  story.start("west", endpoint());
  story.answering = {address()};
  story.connect_all();
  story.start_leaf("leaf", "east");
  story.connect("leaf", "east");
  story.connect("leaf", "east/1");
  story.run(2s);
  transcript.show("leaf", "west");
  transcript.say("a change of the home's");
  story.says("east", {{"s/shop/web", "1"}, {"s/shop/new", "1"}});
  story.run(100ms);
  transcript.say("west's agent dies; its endpoint lives");
  story.kill("west");
  story.run(5s);
  transcript.show("leaf", "west");
  transcript.say("the home dies: the leaf goes on with the other");
  story.kill("east");
  story.run(5s);
  transcript.show("leaf", "east");
  transcript.say("so does that one: what is known stays");
  story.kill("east/1");
  story.run(60s);
  transcript.show("leaf", "east");
  transcript.show("leaf", "west");
  return transcript.text();
}

int compare(const std::string& path, const std::string& now) {
  std::ifstream file(path);
  std::ostringstream reviewed;
  reviewed << file.rdbuf();
  if (reviewed.str() == now) return 0;
  std::istringstream left(reviewed.str()), right(now);
  std::string was, is;
  for (int number = 1;; ++number) {
    const bool more_left = static_cast<bool>(std::getline(left, was));
    const bool more_right = static_cast<bool>(std::getline(right, is));
    if (more_left == more_right && was == is) continue;
    std::printf("%s:%d:\n- %s\n+ %s\n", path.c_str(), number, more_left ? was.c_str() : "(end)",
                more_right ? is.c_str() : "(end)");
    return 1;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::string folder = arguments[1];
  const bool rewrite = count > 2 && std::string_view(arguments[2]) == "--rewrite";
  const std::vector<std::pair<std::string, std::function<std::string()>>> stories{
      {"join", join},
      {"suspicion", suspicion},
      {"refutation", refutation},
      {"partition", partition},
      {"collection", collection},
      {"bridge", bridge},
      {"pair_cut", pair_cut},
      {"replicas", replicas},
      {"numbers", numbers},
      {"leaf", leaf}};
  int failed = 0;
  for (const auto& [name, tell] : stories) {
    const auto path = folder + "/" + name + ".txt";
    if (rewrite)
      std::ofstream(path) << tell();
    else
      failed += compare(path, tell());
  }
  return failed == 0 ? 0 : 1;
}
