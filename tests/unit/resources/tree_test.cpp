#include "tests/unit/resources/reading.hpp"

#include "resources/json_writer.hpp"
#include "resources/tree.hpp"

#include <catch2/catch.hpp>

using resources::Node;
using resources::Tree;

namespace {

struct Read {
  std::vector<std::string> documents, problems;
  std::vector<Tree> trees;
};

Read read(std::string_view text, std::string_view name = "a.yaml") {
  Read all;
  resources::Problems problems = resources::read_trees(name, text, [&](Tree&& tree) {
    all.documents.push_back(shape(tree.root));
    for (auto& line : lines(tree.problems)) all.problems.push_back(line);
    all.trees.push_back(std::move(tree));
  });
  for (auto& line : lines(problems)) all.problems.push_back(line);
  return all;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("YAML and JSON make the same tree", "[resources]") {
  const auto yaml = read("a: 1\nb:\n- x\n- {c: true}\nd:\ne: \"2\"\n");
  const auto json = read(R"({"a":1,"b":["x",{"c":true}],"d":null,"e":"2"})", "a.json");
  CHECK(yaml.documents == Lines{R"({a: 1, b: ["x", {c: true}], d: null, e: "2"})"});
  CHECK(yaml.documents == json.documents);
  CHECK(yaml.problems.empty());
}

TEST_CASE("what was JSON is written as JSON, which YAML is as well", "[resources]") {
  const std::string text =
      R"({"a": 1.50,"b": ["x",{"c": true}],"d": null,"e": "2","\"q\"": "t\u0001\n\\ö","f": {},"g": []})";
  const auto written = resources::to_json(read(text, "a.json").trees.front().root);
  CHECK(written == text);
  CHECK(read(written, "a.yaml").documents == read(text, "a.json").documents);
}

TEST_CASE("scalars keep their text", "[resources]") {
  const auto all = read("[0123, on, 1e3, \"80\", 0x1F, 1.10, ~, yes, -4, 12:30, .5, 1.2.3]");
  CHECK(all.documents ==
        Lines{R"([0123, "on", 1e3, "80", "0x1F", 1.10, null, "yes", -4, "12:30", .5, "1.2.3"])"});
  CHECK(all.trees[0].root.children[3].quoted);
  CHECK_FALSE(all.trees[0].root.children[1].quoted);
}

TEST_CASE("every node knows its line and column, in YAML and in JSON", "[resources]") {
  const auto at = [](const Node& node) { return std::pair{node.mark.line, node.mark.column}; };
  const auto key = [](const Node& node) {
    return std::pair{node.key_mark.line, node.key_mark.column};
  };
  using P = std::pair<std::uint32_t, std::uint32_t>;
  const auto yaml = read("# hello\n---\na: 1\nlist:\n- one\n- two: \"2\"\n");
  const Node& root = yaml.trees.at(0).root;
  CHECK(at(*root.find("a")) == P{3, 4});
  CHECK(key(*root.find("list")) == P{4, 1});
  CHECK(at(root.find("list")->children[0]) == P{5, 3});
  CHECK(at(*root.find("list")->children[1].find("two")) == P{6, 8});

  const auto json =
      read("{\n  \"a\": 17,\n  \"q\\\\\": \"x\\\"y\",\n  \"b\": [true, null, {}], \"c\": -1.5e3}\n",
           "a.json");
  const Node& object = json.trees.at(0).root;
  CHECK(at(object) == P{1, 1});
  CHECK(key(*object.find("a")) == P{2, 3});
  CHECK(at(*object.find("a")) == P{2, 8});
  CHECK(key(*object.find("q\\")) == P{3, 3});
  CHECK(at(*object.find("q\\")) == P{3, 10});
  const Node& list = *object.find("b");
  CHECK(at(list) == P{4, 8});
  CHECK(at(list.children[0]) == P{4, 9});
  CHECK(at(list.children[1]) == P{4, 15});
  CHECK(at(list.children[2]) == P{4, 21});
  CHECK(at(*object.find("c")) == P{4, 31});
}

TEST_CASE("a file holds many documents, and empty ones count for nothing", "[resources]") {
  CHECK(read("---\n# only a comment\n---\na: 1\n...\n---\n---\nb: 2\n").documents ==
        Lines{"{a: 1}", "{b: 2}"});
  CHECK(read("a: 1\r\n---\r\nb: 2\r\n").documents == Lines{"{a: 1}", "{b: 2}"});
  CHECK(read("\xEF\xBB\xBF"
             "a: 1\n")
            .documents == Lines{"{a: 1}"});
  CHECK(read("%YAML 1.2\n---\na: 1\n").documents == Lines{"{a: 1}"});
  CHECK(read("").documents.empty());
  CHECK(read("# nothing\n").documents.empty());
  CHECK(read("{\"a\":1}\n{\"b\":2}\n", "x").documents == Lines{"{a: 1}", "{b: 2}"});
  CHECK(read("text: |\n  one\n  ---\n  two\n").documents == Lines{"{text: \"one\n---\ntwo\n\"}"});
}

TEST_CASE("broken YAML is named by line and column, and costs one document", "[resources]") {
  const auto all = read("a: 1\n---\nb: [1\n---\nc: 3\n");
  CHECK(all.documents == Lines{"{a: 1}", "{c: 3}"});
  CHECK(all.problems ==
        Lines{"a.yaml:4:1: error: b[1]: not YAML: a [ that is never closed; add the ]"});

  for (const char* open :
       {"a: 1\nb: \"never\nc: 3\n", "a: 1\nb: 'never\n", "a: \"x\n---\nb: 2\n"}) {
    INFO(open);
    const auto lost = read(open).problems;
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].find("not YAML: a quote that is never closed; close it") != std::string::npos);
  }

  CHECK(read("a: b: c\n").problems == Lines{"a.yaml:1:5: error: not YAML: a \"key: value\" where "
                                            "none can stand; check the indentation, or quote a "
                                            "value that holds \": \""});
  CHECK(read("a:\n\tb: 1\n").problems ==
        Lines{"a.yaml:2:3: error: not YAML: a tab in the indentation; indent with spaces"});
  CHECK(read("a: *x\n").problems == Lines{"a.yaml:1:4: error: a: not YAML: an alias (*name) "
                                          "without its anchor (&name); quote the value if it only "
                                          "begins with *"});
}

TEST_CASE("text behind the end of a document is an error, not an endless file", "[resources]") {
  CHECK(read("{a: 1}, {b: 2}\n---\nc: 3\n").problems ==
        Lines{"a.yaml:1:7: error: not YAML: text behind the end of the document; begin another "
              "document with ---"});
  CHECK(read("{a: 1}, {b: 2}\n---\nc: 3\n").documents == Lines{"{a: 1}", "{c: 3}"});
  CHECK(read("[a]]").problems.size() == 1);
  CHECK(read("{a: 1} }").problems.size() == 1);
}

TEST_CASE("broken JSON is named by line and column", "[resources]") {
  CHECK(read("{\"a\": 1,\n  \"b\" 2}", "a.json").problems ==
        Lines{"a.json:2:7: error: b: not JSON: while parsing object separator - unexpected number "
              "literal; expected ':'"});
  CHECK(read("{\"a\": ", "a.json").problems ==
        Lines{"a.json:1:7: error: a: not JSON: the text ends too early; close what is open"});
}

TEST_CASE("a key given twice is an error that names both places", "[resources]") {
  CHECK(
      read("spec:\n  a: 1\n  b: 2\n  a: 3\n").problems ==
      Lines{"a.yaml:4:3: error: spec.a: \"a\" is given twice, first on line 2; keep one of them"});
  CHECK(read("{\"a\":1,\n\"a\":2}", "a.json").problems ==
        Lines{"a.json:2:1: error: a: \"a\" is given twice, first on line 1; keep one of them"});
  std::string large;
  for (int i = 0; i < 100; ++i) large += "k" + std::to_string(i) + ": 1\n";
  CHECK(read(large).problems.empty());
  CHECK(read(large + "k7: 2\n").problems.size() == 1);
}

TEST_CASE("aliases and merge keys are resolved", "[resources]") {
  CHECK(read("a: &x {p: 1}\nb: *x\n").documents == Lines{"{a: {p: 1}, b: {p: 1}}"});
  CHECK(read("base: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n").documents ==
        Lines{"{base: {p: 1, q: 2}, b: {q: 3, p: 1}}"});
  CHECK(read("x: &x {p: 1}\ny: &y {p: 2, q: 2}\nb: {<<: [*x, *y]}\n").documents ==
        Lines{"{x: {p: 1}, y: {p: 2, q: 2}, b: {p: 1, q: 2}}"});
  CHECK(read("a: &x [*x]\n").problems.size() == 1);
}

TEST_CASE("a billion laughs are refused", "[resources]") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) text += ", " + before;
    text += "]\n";
  }
  const auto all = read(text);
  REQUIRE(all.problems.size() == 1);
  CHECK(all.problems[0].find("anchors and aliases make more than") != std::string::npos);
  CHECK(all.documents.empty());
}

TEST_CASE("depth, encoding and keys have bounds", "[resources]") {
  CHECK(read(std::string(65, '[') + std::string(65, ']'))
            .problems.at(0)
            .find("more than 64 levels deep") != std::string::npos);
  CHECK(read(std::string(100'000, '['), "a.json").problems.at(0).find("more than 64 levels deep") !=
        std::string::npos);
  CHECK(read(std::string(100'000, '[')).problems.size() == 1);
  CHECK(read("a: 1\nb: \xff\n").problems ==
        Lines{"a.yaml:2:4: error: not UTF-8 text; save the file as UTF-8"});
  CHECK(read(std::string_view("a: \0", 4)).problems ==
        Lines{"a.yaml:1:4: error: a NUL byte; save the file as UTF-8"});
  CHECK(read("? [a]\n: 1\n").problems.at(0).find("a key that is a list") != std::string::npos);
  CHECK(read("{a: {{b: 1}: 2}}\n").problems.at(0).find("a key that is a map") != std::string::npos);
}

TEST_CASE("a long text is cut in messages between characters, never inside one", "[resources]") {
  // 79 bytes, then a character of two, three and four bytes across the limit of 80.
  for (const char* character : {"ö", "東", "🦊"}) {
    const auto loaded = load_text("service: a\nport: " + std::string(79, 'x') + character + "yy\n");
    const auto all = lines(loaded.problems);
    INFO(all.back());
    CHECK(all.back().find('"' + std::string(79, 'x') + "…\"") != std::string::npos);
  }
}
