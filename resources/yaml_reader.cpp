#include "resources/yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>

#include "resources/tree_builder.hpp"

namespace resources {
namespace {

constexpr std::string_view kTab = "illegal tab when looking for indentation";

struct Lost {};  // thrown through yaml-cpp when the builder gives a document up; caught below

class Events final : public YAML::EventHandler {
 public:
  Events(TreeBuilder& builder, std::uint32_t lines_before)
      : builder_(builder), lines_before_(lines_before) {}

  // At text that can begin no document yaml-cpp hands out empty ones for ever, all from one place.
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos == start_) {
      must(builder_.fail(at(mark), "not YAML: text behind the end of the document",
                         "begin another document with ---"));
    }
    start_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    must(builder_.scalar(at(mark), "", Node::Kind::null, false, anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    must(builder_.alias(at(mark), anchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?";
    must(builder_.scalar(at(mark), value, plain ? plain_kind(value) : Node::Kind::string, !plain,
                         anchor));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    must(builder_.open(at(mark), Node::Kind::list, anchor));
  }
  void OnSequenceEnd() override { must(builder_.close()); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    must(builder_.open(at(mark), Node::Kind::map, anchor));
  }
  void OnMapEnd() override { must(builder_.close()); }

  Mark at(const YAML::Mark& mark) const {
    if (mark.is_null()) return {lines_before_ + 1, 1};
    return {lines_before_ + static_cast<std::uint32_t>(mark.line) + 1,
            static_cast<std::uint32_t>(mark.column) + 1};
  }

 private:
  static void must(bool still_whole) {
    if (!still_whole) throw Lost{};
  }
  TreeBuilder& builder_;
  const std::uint32_t lines_before_;
  int start_ = -1;  // of the last document
};

// yaml-cpp's words for its grammar, in words for people who write documents.
std::pair<std::string, std::string> explain(std::string_view reason) {
  struct Row {
    std::string_view reason, message, hint;
  };
  static constexpr std::array kRows = {
      Row{"illegal map value", "a \"key: value\" where none can stand",
          "check the indentation, or quote a value that holds \": \""},
      Row{"end of map not found", "this line belongs to no map",
          "indent it like the lines it belongs with"},
      Row{"end of sequence not found", "this line belongs to no list",
          "indent it like the lines it belongs with"},
      Row{"illegal block entry", "a \"- item\" where none can stand", "check the indentation"},
      Row{"illegal map key", "a key where none can stand", "check the indentation"},
      Row{"end of map flow not found", "a { that is never closed", "add the }"},
      Row{"end of sequence flow not found", "a [ that is never closed", "add the ]"},
      Row{"illegal flow end", "a ] or } that nothing opened", "quote it if it belongs to the text"},
      Row{kTab, "a tab in the indentation", "indent with spaces"},
      Row{"unknown token", "a character that cannot start a value",
          "quote the value: % @ ` and a tab must be quoted"},
      Row{"illegal EOF in scalar", "a quote that is never closed", "close it"},
      Row{"illegal document indicator in scalar", "a quote that is never closed", "close it"},
      Row{"the referenced anchor is not defined", "an alias (*name) without its anchor (&name)",
          "quote the value if it only begins with *"},
      Row{"alias not found after *", "a * with no name behind it", "quote the value: \"*\""},
      Row{"illegal character found while scanning alias", "a name that no alias can have",
          "quote a value that starts with *"},
      Row{"bad file", "too many levels deep", ""},
  };
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [&](const Row& known) { return reason.starts_with(known.reason); });
  if (row == kRows.end()) return {std::string(reason), ""};
  return {std::string(row->message), std::string(row->hint)};
}

// The text up to the next line that is "---" or starts with "--- ": YAML lets no scalar reach
// across such a line.
std::string_view first_part(std::string_view text) {
  for (auto start = text.find('\n'); start != std::string_view::npos;
       start = text.find('\n', start)) {
    const auto line = text.substr(++start, 4);
    if (line.starts_with("---") &&
        (line.size() == 3 || std::string_view(" \t\r\n").find(line[3]) != std::string_view::npos)) {
      return text.substr(0, start);
    }
  }
  return text;
}

// %YAML and %TAG lines stand before the "---" of the document they belong to.
bool only_directives(std::string_view part) {
  bool any = false;
  for (std::size_t start = 0; start < part.size();) {
    const auto end = std::min(part.find('\n', start), part.size());
    const auto line = part.substr(start, end - start);
    start = end + 1;
    if (line.starts_with("%")) {
      any = true;
    } else if (!line.starts_with("#") &&
               line.find_first_not_of(" \t\r") != std::string_view::npos) {
      return false;
    }
  }
  return any;
}

// yaml-cpp blames what follows a tab, not the tab.
bool indented_with_tab(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line)
    text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  const auto indent = text.substr(0, std::min(text.find_first_not_of(" \t"), text.size()));
  return indent.find('\t') != std::string_view::npos;
}

void read_part(std::string_view file_name, std::string_view part, std::uint32_t lines_before,
               Problems& problems, const std::function<void(Tree&&)>& each) {
  TreeBuilder builder{std::string(file_name)};
  Events events(builder, lines_before);
  const auto lose = [&] {
    Tree tree = builder.take();
    problems.insert(problems.end(), tree.problems.begin(), tree.problems.end());
  };
  try {
    // At the end of the text yaml-cpp takes an open quote for closed, with all that it swallowed;
    // at an end marker it does not.
    std::string whole(part);
    if (whole.ends_with('\n')) whole += "...\n";
    std::istringstream stream{std::move(whole)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) {
      Tree tree = builder.take();
      if (!tree.root.is_null()) each(std::move(tree));
    }
  } catch (const Lost&) {
    lose();
  } catch (const YAML::Exception& error) {
    auto [message, hint] =
        explain(indented_with_tab(part, error.mark.line) ? kTab : std::string_view(error.msg));
    builder.fail(events.at(error.mark), "not YAML: " + message, std::move(hint));
    lose();
  }
}

}  // namespace

Node::Kind plain_kind(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return Node::Kind::null;
  }
  for (const auto word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return Node::Kind::boolean;
  }
  auto rest = text;
  if (rest.front() == '-' || rest.front() == '+') rest.remove_prefix(1);
  const auto digits = [&rest] {
    const auto end = std::min(rest.find_first_not_of("0123456789"), rest.size());
    rest.remove_prefix(end);
    return end;
  };
  auto seen = digits();
  if (rest.starts_with(".")) rest.remove_prefix(1), seen += digits();
  if (seen == 0) return Node::Kind::string;
  if (rest.starts_with("e") || rest.starts_with("E")) {
    rest.remove_prefix(1);
    if (rest.starts_with("-") || rest.starts_with("+")) rest.remove_prefix(1);
    if (digits() == 0) return Node::Kind::string;
  }
  return rest.empty() ? Node::Kind::number : Node::Kind::string;
}

Problems read_yaml(std::string_view file_name, std::string_view text,
                   const std::function<void(Tree&&)>& each) {
  Problems problems;
  std::uint32_t line = 0;
  while (!text.empty()) {
    auto part = first_part(text);
    if (only_directives(part))
      part = text.substr(0, part.size() + first_part(text.substr(part.size())).size());
    read_part(file_name, part, line, problems, each);
    line += static_cast<std::uint32_t>(std::count(part.begin(), part.end(), '\n'));
    text.remove_prefix(part.size());
  }
  return problems;
}

}  // namespace resources
