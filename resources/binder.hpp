// Binds a tree to structs: one `read` per type says what its fields are called and may hold.
//
//   constexpr Choice<Mode> kModes[] = {{"push", Mode::push}, {"pull", Mode::pull}};
//
//   void read(const resources::Value& value, Gossip& out) {
//     resources::Fields fields(value);
//     fields.required("listen", out.listen);
//     fields.optional("interval", out.interval, resources::between(10ms, 1h));
//     fields.optional("mode", out.mode, kModes);
//     fields.optional("peers", out.peers);  // a vector, map or optional of what has a `read`
//   }
//
// `read` is found by its arguments, so a type's own namespace may define it. What is absent or null
// leaves `out` as it was: defaults stand in the struct. Fields are found in lowerCamelCase or
// snake_case. When a Fields ends, each field that nobody asked for is reported, with the nearest
// name that somebody did ask for: nothing is dropped without a word.
//
// Errors: collected in the Report; reading goes on after each. Limit: kMaxProblems a document, the
// rest is counted. Thread: one; a Value and a Fields live on the stack, inside the tree's life.
// Ownership: none; the names of fields outlive the Fields.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "resources/problem.hpp"
#include "resources/tree.hpp"

namespace resources {

inline constexpr std::size_t kMaxProblems = 100;

enum class UnknownFields { warn, refuse };

// Where the problems of one document go.
class Report {
 public:
  Report(std::string file, Problems& problems, UnknownFields unknown);
  ~Report();  // says how many problems were too many to list
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void add(Severity severity, Mark mark, std::string field, std::string message, std::string hint);
  void adopt(Problems&& problems);  // what was wrong before the document was read
  void name_object(std::string object) { object_ = std::move(object); }  // for the problems to come
  std::size_t errors() const { return errors_; }
  Place place(Mark mark) const { return {file_, mark.line, mark.column}; }
  const std::string& object() const { return object_; }
  UnknownFields unknown_fields() const { return unknown_; }

 private:
  const std::string file_;
  std::string object_;
  Problems& problems_;
  const UnknownFields unknown_;
  std::size_t added_ = 0, dropped_ = 0, errors_ = 0;
};

// A node, the path that leads to it, and the report its problems go to.
class Value {
 public:
  Value(const Node& root, Report& report) : node_(&root), report_(&report) {}
  Value(const Node& node, const Value& parent)
      : node_(&node), parent_(&parent), report_(parent.report_) {}

  const Node& node() const { return *node_; }
  Report& report() const { return *report_; }
  std::string path() const;  // "spec.http[0].matchers"
  Place place() const { return report_->place(node_->mark); }

  void error(std::string message, std::string hint = "") const;
  void warn(std::string message, std::string hint = "") const;
  void expected(std::string_view what) const;  // the error "expected WHAT, found …"

 private:
  const Node* node_;
  const Value* parent_ = nullptr;
  Report* report_;
};

template <class T>
struct Range {
  T min, max;
};
inline Range<std::int64_t> between(std::int64_t min, std::int64_t max) { return {min, max}; }
inline Range<base::Duration> between(base::Duration min, base::Duration max) { return {min, max}; }

// A word an enumeration may be written as, in any case; and its number, where the schema has
// numbers.
template <class E>
struct Choice {
  std::string_view name;
  E value;
  int number = -1;
};

void read(const Value& value, std::string& out);  // any scalar, as written
void read(const Value& value, bool& out);         // true/false and YAML 1.1's yes/no/on/off
void read(const Value& value, double& out);
void read(const Value& value, base::Duration& out);  // Go's: "1h30m", "1.5s", "100ms"
void read(const Value& value, base::Duration& out, const Range<base::Duration>& range);

std::optional<std::int64_t> read_integer(const Value& value, Range<std::int64_t> range);
bool is_choice(const Node& node, std::string_view name, int number);
void refuse_choice(const Value& value, std::span<const std::string_view> names);

template <std::integral N>
void read(const Value& value, N& out, const Range<std::int64_t>& range) {
  if (const auto number = read_integer(value, range)) out = static_cast<N>(*number);
}

template <std::integral N>
requires(!std::same_as<N, bool>) void read(const Value& value, N& out) {
  using Limits = std::numeric_limits<N>;
  constexpr std::int64_t kMax = std::in_range<std::int64_t>(Limits::max())
                                    ? static_cast<std::int64_t>(Limits::max())
                                    : std::numeric_limits<std::int64_t>::max();
  read(value, out, between(static_cast<std::int64_t>(Limits::min()), kMax));
}

template <class E, std::size_t N>
void read(const Value& value, E& out, const Choice<E> (&choices)[N]) {
  std::vector<std::string_view> names;
  for (const Choice<E>& choice : choices) {
    if (is_choice(value.node(), choice.name, choice.number)) {
      out = choice.value;
      return;
    }
    names.push_back(choice.name);
  }
  refuse_choice(value, names);
}

template <class T, class... How>
void read(const Value& value, std::vector<T>& out, const How&... how) {
  if (!value.node().is_list()) return value.expected("a list");
  out.clear();
  out.reserve(value.node().children.size());
  for (const Node& item : value.node().children) {
    const Value item_value(item, value);
    if (item.is_null()) {
      item_value.error("an empty list item", "remove the \"-\" or write the item");
      continue;
    }
    read(item_value, out.emplace_back(), how...);
  }
}

template <class T, class... How>
void read(const Value& value, std::map<std::string, T, std::less<>>& out, const How&... how) {
  if (!value.node().is_map()) return value.expected("a map");
  out.clear();
  for (const Node& member : value.node().children) {
    read(Value(member, value), out[member.key], how...);
  }
}

template <class T, class... How>
void read(const Value& value, std::optional<T>& out, const How&... how) {
  const auto errors = value.report().errors();
  T read_value{};
  read(value, read_value, how...);
  if (value.report().errors() == errors) out = std::move(read_value);
}

// The member called `name`, or the same in snake_case, that is not null; else nullptr.
const Node* find_field(const Node& map, std::string_view name);

// The fields of one map. A value that is no map is reported once and then has no fields.
class Fields {
 public:
  explicit Fields(const Value& map);
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  // True when the field is there.
  template <class T, class... How>
  bool optional(std::string_view name, T& out, const How&... how) {
    const auto value = find(name);
    if (value) read(*value, out, how...);
    return value.has_value();
  }
  template <class T, class... How>
  bool required(std::string_view name, T& out, const How&... how) {
    const bool there = optional(name, out, how...);
    if (!there) missing(name);
    return there;
  }

  std::optional<Value> find(std::string_view name);  // null counts as absent
  const Value& map() const { return map_; }
  void missing(std::string_view name);

  // At most one of the names may be there; returns which, "" for none. They still have to be read.
  std::string_view one_of(std::initializer_list<std::string_view> names);

  void ignored(std::initializer_list<std::string_view> names);  // known, rightly without effect
  void unsupported(
      std::initializer_list<std::string_view> names);  // known: warns "not supported yet"
  void renamed(std::string_view old_name,
               std::string_view name);  // unknown, but we know what was meant

 private:
  const Node* take(std::string_view name);

  const Value& map_;
  std::vector<std::string_view> known_;
  std::vector<bool> taken_;  // by member
};

}  // namespace resources
