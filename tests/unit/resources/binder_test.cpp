#include "tests/unit/resources/reading.hpp"

#include "resources/binder.hpp"

#include <catch2/catch.hpp>

#include "resources/duration.hpp"
#include "resources/suggest.hpp"

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;
// A type of another folder with a `read` in its own namespace, as the agent's configuration has it.
namespace garden {

enum class Soil { sand, clay };
constexpr resources::Choice<Soil> kSoils[] = {{"SAND", Soil::sand, 0}, {"CLAY", Soil::clay, 1}};

struct Bed {
  std::string name;
  std::uint16_t plants = 1;
};

void read(const resources::Value& value, Bed& out) {
  resources::Fields fields(value);
  fields.required("name", out.name);
  fields.optional("plants", out.plants, resources::between(1, 20));
}

struct Garden {
  std::vector<Bed> beds;
  Soil soil = Soil::sand;
  bool fenced = false;
  base::Duration every = 1h;
  std::optional<std::uint32_t> trees;
  base::Labels labels;
};

void read(const resources::Value& value, Garden& out) {
  resources::Fields fields(value);
  fields.required("beds", out.beds);
  fields.optional("soilKind", out.soil, kSoils);
  fields.optional("fenced", out.fenced);
  fields.optional("waterEvery", out.every, resources::between(1min, 24h));
  fields.optional("trees", out.trees);
  fields.optional("labels", out.labels);
  fields.unsupported({"greenhouse"});
  fields.ignored({"comment"});
  fields.renamed("flowers", "beds");
  if (fields.one_of({"hose", "bucket"}) == "hose") fields.ignored({"hose"});
  fields.ignored({"bucket"});
}

}  // namespace garden

namespace {

struct Bound {
  garden::Garden garden;
  Lines problems;
};

Bound bound_from(std::string_view text,
                 resources::UnknownFields unknown = resources::UnknownFields::warn) {
  Bound bound;
  resources::Problems problems;
  resources::read_trees("g.yaml", text, [&](resources::Tree&& tree) {
    resources::Report report("g.yaml", problems, unknown);
    read(resources::Value(tree.root, report), bound.garden);
  });
  bound.problems = lines(problems);
  return bound;
}

}  // namespace

TEST_CASE("a tree binds to a struct, in camelCase or snake_case", "[resources]") {
  const auto bound = bound_from(
      "beds:\n- {name: roses, plants: \"12\"}\n- name: 0123\nsoil_kind: clay\nfenced: "
      "on\nwaterEvery: 1h30m\n"
      "trees: 3\nlabels: {a: 1.10, b: true}\ncomment: {any: thing}\n");
  CHECK(bound.problems.empty());
  REQUIRE(bound.garden.beds.size() == 2);
  CHECK(bound.garden.beds[0].plants == 12);
  CHECK(bound.garden.beds[1].name == "0123");
  CHECK(bound.garden.beds[1].plants == 1);
  CHECK(bound.garden.soil == garden::Soil::clay);
  CHECK(bound.garden.fenced);
  CHECK(bound.garden.every == 90min);
  CHECK(bound.garden.trees == 3u);
  CHECK(bound.garden.labels == base::Labels{{"a", "1.10"}, {"b", "true"}});
}

TEST_CASE("enumerations are known by name in any case and by number", "[resources]") {
  CHECK(bound_from("beds: []\nsoilKind: CLAY").garden.soil == garden::Soil::clay);
  CHECK(bound_from("beds: []\nsoilKind: 1").garden.soil == garden::Soil::clay);
  CHECK(
      bound_from("beds: []\nsoilKind: clya").problems ==
      Lines{"g.yaml:2:11: error: soilKind: \"clya\" is not a known value; did you mean \"CLAY\"?"});
  CHECK(bound_from("beds: []\nsoilKind: 307").problems ==
        Lines{"g.yaml:2:11: error: soilKind: \"307\" is not a known value; one of SAND, CLAY"});
}

TEST_CASE("every mistake is reported at once, with its place and path", "[resources]") {
  const auto bound = bound_from(
      "beds:\n- nam: roses\n  plants: 21\n- name: [x]\n-\nfenced: maybe\nwaterEvery: 5\ntrees: "
      "1e3\nlabels: [a]\n"
      "greenhouse: 1\nflowers: []\nhose: 1\nbucket: 2\n");
  CHECK(bound.problems ==
        Lines{
            "g.yaml:2:3: error: beds[0].name: missing; this field is required",
            "g.yaml:3:11: error: beds[0].plants: expected a number from 1 to 20, found \"21\"",
            "g.yaml:2:3: warning: beds[0].nam: unknown field; did you mean \"name\"?",
            "g.yaml:4:9: error: beds[1].name: expected a string, found a list",
            "g.yaml:6:1: error: beds[2]: an empty list item; remove the \"-\" or write the item",
            "g.yaml:6:9: error: fenced: expected true or false, found \"maybe\"",
            "g.yaml:7:13: error: waterEvery: \"5\" is no duration: a number needs its unit: ms, s, "
            "m or h; write it like "
            "500ms, 5s or 1h30m",
            "g.yaml:8:8: error: trees: expected a whole number, found \"1e3\"; write it with "
            "digits only",
            "g.yaml:9:9: error: labels: expected a map, found a list",
            "g.yaml:10:13: warning: greenhouse: not supported yet: ignored",
            "g.yaml:11:1: warning: flowers: unknown field; it is called \"beds\" now",
            "g.yaml:13:9: error: bucket: cannot stand beside \"hose\"; keep one of the two",
        });
}

TEST_CASE("an unknown field is an error where the caller asks for that", "[resources]") {
  CHECK(bound_from("beds: []\nfence: true", resources::UnknownFields::refuse).problems ==
        Lines{"g.yaml:2:1: error: fence: unknown field; did you mean \"fenced\"?"});
}

TEST_CASE("null is absent, and a field written both ways is given twice", "[resources]") {
  CHECK(bound_from("beds: []\nfenced:\ntrees: ~").problems.empty());
  CHECK(bound_from("beds:").problems ==
        Lines{"g.yaml:1:1: error: beds: missing; this field is required"});
  CHECK(
      bound_from("beds: []\nsoilKind: sand\nsoil_kind: clay").problems ==
      Lines{"g.yaml:3:12: error: soil_kind: given twice: also as \"soilKind\"; keep one of them"});
  CHECK(bound_from("[1]").problems == Lines{"g.yaml:1:1: error: expected a map, found a list"});
}

TEST_CASE("whole numbers with leading zeros are refused, since readers differ", "[resources]") {
  CHECK(bound_from("beds: []\ntrees: 010").problems.at(0).find("leading zeros") !=
        std::string::npos);
  CHECK(bound_from("beds: []\ntrees: 4294967296").problems ==
        Lines{"g.yaml:2:8: error: trees: expected a number from 0 to 4294967295, found "
              "\"4294967296\""});
  CHECK(bound_from("beds: []\ntrees: -1").problems.size() == 1);
  CHECK(bound_from("beds: []\ntrees: 99999999999999999999").problems.size() == 1);
}

TEST_CASE("a document's problems are listed up to a bound and then counted", "[resources]") {
  std::string text = "beds: []\n";
  for (int i = 0; i < 150; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  const auto bound = bound_from(text);
  REQUIRE(bound.problems.size() == resources::kMaxProblems + 1);
  CHECK(bound.problems.back() == "g.yaml: warning: 50 more problems in this document");
}

TEST_CASE("durations are Go's", "[resources]") {
  const auto parse = [](std::string_view text) { return resources::parse_duration(text); };
  CHECK(*parse("1h") == 1h);
  CHECK(*parse("1.5h") == 90min);
  CHECK(*parse("1s500ms") == 1500ms);
  CHECK(*parse("2h45m") == 165min);
  CHECK(*parse(".5s") == 500ms);
  CHECK(*parse("3us") == 3us);
  CHECK(*parse("3µs") == 3us);
  CHECK(*parse("7ns") == 7ns);
  CHECK(*parse("-5s") == -5s);
  CHECK(*parse("0") == 0s);
  for (const auto bad :
       {"", "5", "s", "5x", "5 s", "1.5.5s", "-", ".s", "1e3s", "99999999999h", "1h30"}) {
    INFO(bad);
    CHECK_FALSE(parse(bad).ok());
  }
}

TEST_CASE("the nearest word is the one with the fewest slips", "[resources]") {
  constexpr std::string_view kWords[] = {"exact", "prefix", "regex", "suffix", "ignoreCase"};
  CHECK(resources::nearest("xact", kWords) == "exact");
  CHECK(resources::nearest("prefx", kWords) == "prefix");
  CHECK(resources::nearest("prefxi", kWords) == "prefix");
  CHECK(resources::nearest("ignorecase", kWords) == "ignoreCase");
  CHECK(resources::nearest("method", kWords).empty());
  CHECK(resources::nearest("", kWords).empty());
  CHECK(resources::nearest(std::string(1000, 'x'), kWords).empty());
}
