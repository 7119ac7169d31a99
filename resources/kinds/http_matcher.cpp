#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "resources/kinds/http_route.hpp"
#include "resources/kinds/names.hpp"

namespace resources {
namespace {

constexpr std::array<std::string_view, 9> kMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// As Envoy demands of it.
void check_separated_prefix(const Value& value, const std::string& prefix) {
  if (prefix.find_first_not_of('/') == prefix.npos)
    value.error("/ stands before every path", "write prefix: /");
  else if (prefix.ends_with('/'))
    value.error("a path-separated prefix has no / at its end: what is behind it begins with one",
                "write " + prefix.substr(0, prefix.find_last_not_of('/') + 1));
  else if (prefix.find_first_of("?#") != std::string::npos)
    value.error("a path-separated prefix has neither ? nor #: they are no part of a path");
}

void check_path(const Value& value, const PathMatch& path) {
  if (path.value.empty()) {
    value.error("an empty path", "every path starts with /");
  } else if (path.kind == PathMatch::Kind::separated_prefix) {
    check_separated_prefix(value, path.value);
  } else if (path.kind == PathMatch::Kind::regex) {
    return;  // whether RE2 takes it is the forwarder's to say; so is a path without its first
             // slash, for what a parent prepends may give it one
  } else if (path.value.find('?') != std::string::npos) {
    value.warn("a path is matched without its query: this never matches", "use queryParameters");
  }
}

void read_path(const Value& value, std::optional<PathMatch>& out) {
  constexpr std::pair<std::string_view, PathMatch::Kind> kKinds[] = {
      {"exact", PathMatch::Kind::exact},
      {"prefix", PathMatch::Kind::prefix},
      {"pathSeparatedPrefix", PathMatch::Kind::separated_prefix},
      {"regex", PathMatch::Kind::regex},
  };
  Fields fields(value);
  fields.one_of({"exact", "prefix", "pathSeparatedPrefix", "regex", "suffix"});
  for (const auto& [name, kind] : kKinds) {
    if (const auto text = fields.find(name)) {
      out.emplace().kind = kind;
      read(*text, out->value);
      check_path(*text, *out);
    }
  }
  if (const auto suffix = fields.find("suffix")) {
    suffix->error("suffix is not supported, by Gloo neither", "write a regex: .*\\.html");
  }
  bool ignore_case = false;
  fields.optional("ignoreCase", ignore_case);
  if (out) out->ignore_case = ignore_case;
}

enum class Of { header, query };

void read_value_match(const Value& value, Of of, ValueMatch& out) {
  Fields fields(value);
  fields.required("name", out.name);
  fields.optional("value", out.value);
  bool regex = false;
  fields.optional("regex", regex);
  if (!out.value.empty()) out.kind = regex ? ValueMatch::Kind::regex : ValueMatch::Kind::exact;
  if (regex && out.value.empty())
    value.warn("a regex without a value: it matches if the name is present");
  if (of == Of::query) return;
  fields.optional("invertMatch", out.invert);
  out.name = base::lower(out.name);
  // Pseudo-headers such as :authority are matched too.
  const auto name = std::string_view(out.name).substr(out.name.starts_with(":") ? 1 : 0);
  if (!out.name.empty() && !is_token(name)) value.error(quoted(out.name) + " is no header name");
}

void read_value_matches(Fields& fields, std::string_view name, Of of,
                        std::vector<ValueMatch>& out) {
  const auto list = fields.find(name);
  if (!list) return;
  if (!list->node().is_list()) return list->expected("a list");
  for (const Node& item : list->node().children) {
    read_value_match(Value(item, *list), of, out.emplace_back());
  }
}

void read_method(Fields& fields, std::string& out) {
  const auto value = fields.find("method");
  if (!value) return;
  read(*value, out);
  if (!out.empty() && !is_token(out)) return value->error(quoted(out) + " is no method");
  std::string capital = out;
  std::transform(capital.begin(), capital.end(), capital.begin(), upper);
  if (capital == out || std::find(kMethods.begin(), kMethods.end(), capital) == kMethods.end())
    return;
  value->warn("methods are upper case: read as " + capital, "write " + capital);
  out = std::move(capital);
}

}  // namespace

void read(const Value& value, HttpMatcher& out) {
  out.place = value.place();
  Fields fields(value);
  if (const auto uri = fields.find("uri")) read_path(*uri, out.path);
  read_value_matches(fields, "headers", Of::header, out.headers);
  read_value_matches(fields, "queryParameters", Of::query, out.query);
  read_method(fields, out.method);
  fields.optional("port", out.port);
  fields.ignored({"name"});
}

}  // namespace resources
