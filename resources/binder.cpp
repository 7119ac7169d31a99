#include "resources/binder.hpp"

#include "base/ascii.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {

// True when `key` is `name` as it stands or in snake_case: "subZone" is written sub_zone.
bool is_spelling_of(std::string_view key, std::string_view name) {
  if (key == name) return true;
  std::size_t i = 0;
  for (const char c : name) {
    if (c != base::lower(c) && (i >= key.size() || key[i++] != '_')) return false;
    if (i >= key.size() || key[i++] != base::lower(c)) return false;
  }
  return i == key.size();
}

}  // namespace

Report::Report(std::string file, Problems& problems, UnknownFields unknown)
    : file_(std::move(file)), problems_(problems), unknown_(unknown) {}

Report::~Report() {
  if (dropped_ == 0) return;
  problems_.push_back({errors_ > 0 ? Severity::error : Severity::warning, place({}), object_, "",
                       std::to_string(dropped_) + " more problems in this document", ""});
}

void Report::add(Severity severity, Mark mark, std::string field, std::string message,
                 std::string hint) {
  if (severity == Severity::error) ++errors_;
  if (added_ == kMaxProblems) {
    ++dropped_;
    return;
  }
  ++added_;
  problems_.push_back(
      {severity, place(mark), object_, std::move(field), std::move(message), std::move(hint)});
}

void Report::adopt(Problems&& problems) {
  for (Problem& problem : problems) {
    const Mark mark{problem.place.line, problem.place.column};
    add(problem.severity, mark, std::move(problem.field), std::move(problem.message),
        std::move(problem.hint));
  }
}

std::string Value::path() const {
  if (parent_ == nullptr) return "";
  std::string path = parent_->path();
  const Node& parent = *parent_->node_;
  if (parent.is_list()) {
    return path + '[' + std::to_string(node_ - parent.children.data()) + ']';
  }
  if (!path.empty()) path += '.';
  return path + node_->key;
}

void Value::error(std::string message, std::string hint) const {
  report_->add(Severity::error, node_->mark, path(), std::move(message), std::move(hint));
}

void Value::warn(std::string message, std::string hint) const {
  report_->add(Severity::warning, node_->mark, path(), std::move(message), std::move(hint));
}

void Value::expected(std::string_view what) const {
  error("expected " + std::string(what) + ", found " + quoted(*node_));
}

const Node* find_field(const Node& map, std::string_view name) {
  if (!map.is_map()) return nullptr;
  for (const Node& member : map.children) {
    if (!member.is_null() && is_spelling_of(member.key, name)) return &member;
  }
  return nullptr;
}

Fields::Fields(const Value& map) : map_(map), taken_(map.node().children.size(), false) {
  if (map.node().is_map()) return;
  map.expected("a map");
  taken_.clear();
}

Fields::~Fields() {
  const auto& members = map_.node().children;
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i]) continue;
    const Value member(members[i], map_);
    const auto hint = did_you_mean(members[i].key, known_);
    const bool refused = map_.report().unknown_fields() == UnknownFields::refuse;
    map_.report().add(refused ? Severity::error : Severity::warning, members[i].key_mark,
                      member.path(), "unknown field",
                      hint.empty() ? "known here: " + joined(known_) : hint);
  }
}

const Node* Fields::take(std::string_view name) {
  known_.push_back(name);
  const Node* found = nullptr;
  const auto& members = map_.node().children;
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i] || !is_spelling_of(members[i].key, name)) continue;
    taken_[i] = true;
    if (found && found->key == members[i].key) continue;  // the tree has said so
    if (found) {
      Value(members[i], map_)
          .error("given twice: also as \"" + found->key + "\"", "keep one of them");
    } else {
      found = &members[i];
    }
  }
  return found;
}

std::optional<Value> Fields::find(std::string_view name) {
  const Node* found = take(name);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return Value(*found, map_);
}

void Fields::missing(std::string_view name) {
  if (!map_.node().is_map()) return;
  const auto path = map_.path();
  map_.report().add(Severity::error, map_.node().mark,
                    path.empty() ? std::string(name) : path + '.' + std::string(name), "missing",
                    "this field is required");
}

std::string_view Fields::one_of(std::initializer_list<std::string_view> names) {
  std::string_view chosen;
  for (const Node& member : map_.node().children) {
    for (const auto name : names) {
      if (member.is_null() || !is_spelling_of(member.key, name)) continue;
      if (chosen.empty()) {
        chosen = name;
      } else if (chosen != name) {
        Value(member, map_)
            .error("cannot stand beside \"" + std::string(chosen) + "\"", "keep one of the two");
      }
    }
  }
  return chosen;
}

void Fields::ignored(std::initializer_list<std::string_view> names) {
  for (const auto name : names) take(name);
}

void Fields::unsupported(std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (const Node* node = take(name)) Value(*node, map_).warn("not supported yet: ignored");
  }
}

void Fields::renamed(std::string_view old_name, std::string_view name) {
  const auto& members = map_.node().children;
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i] || members[i].key != old_name) continue;
    taken_[i] = true;
    const bool refused = map_.report().unknown_fields() == UnknownFields::refuse;
    map_.report().add(refused ? Severity::error : Severity::warning, members[i].key_mark,
                      Value(members[i], map_).path(), "unknown field",
                      "it is called \"" + std::string(name) + "\" now");
  }
}

}  // namespace resources
