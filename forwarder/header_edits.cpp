#include "forwarder/header_edits.hpp"

#include <algorithm>
#include <array>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field.hpp"

namespace forwarder {
namespace {

using http::equal_ignoring_case;
using resources::HeaderField;

constexpr std::array<std::string_view, 4> kOurs = {"X-Forwarded-For", "Via", "Max-Forwards",
                                                   "Date"};

struct Refusal {
  std::string why, hint;
  explicit operator bool() const { return !why.empty(); }
};

Refusal refusal_of(const HeaderField& field) {
  if (!http::is_field_name(field.name))
    return {"no field can have this name", field.name.starts_with(':')
                                               ? "what it stands for is the route's to change"
                                               : "letters, digits and hyphens make one"};
  if (!http::is_field_value(field.value))
    return {"no field can have this value: a line end, a control byte, or white space around it",
            "write it on one line"};
  const auto kind = http::classify(field.name);
  if (kind == http::Field::host)
    return {"Host is not changed like other fields", "use the route's hostRewrite"};
  if (kind != http::Field::other)
    return {"this field is of one hop: the forwarder writes it anew for each message", ""};
  if (std::ranges::any_of(kOurs, [&](auto name) { return equal_ignoring_case(name, field.name); }))
    return {"the forwarder answers for this field itself", ""};
  return {};
}

class Preparation {
 public:
  Preparation(const resources::HeaderManipulationPolicy& policy, resources::Problems& problems)
      : policy_(policy), problems_(problems) {}

  HeaderEdits prepare(const resources::HeaderChanges& changes, const std::string& direction) {
    HeaderEdits edits;
    for (const auto& field : changes.remove)
      if (is_allowed(field, "remove" + direction)) edits.remove.emplace_back(field.name);
    for (const auto& field : changes.append)
      if (is_allowed(field, "append" + direction)) edits.add.push_back({field.name, field.value});
    return edits;
  }

 private:
  bool is_allowed(const HeaderField& field, const std::string& list) {
    auto refusal = refusal_of(field);
    if (!refusal) return true;
    problems_.push_back(
        {resources::Severity::error, field.place.line != 0 ? field.place : policy_.metadata.place,
         std::string(resources::HeaderManipulationPolicy::kKind) + ' ' + name_of(policy_.metadata),
         "spec.config." + list + '.' + field.name, std::move(refusal.why),
         std::move(refusal.hint)});
    return false;
  }

  const resources::HeaderManipulationPolicy& policy_;
  resources::Problems& problems_;
};

}  // namespace

PreparedHeaders prepare(const resources::HeaderManipulationPolicy& policy,
                        resources::Problems& problems) {
  Preparation preparation(policy, problems);
  return {preparation.prepare(policy.request, "RequestHeaders"),
          preparation.prepare(policy.response, "ResponseHeaders")};
}

HeaderEdits in_turn(const HeaderEdits& first, const HeaderEdits& second) {
  auto both = first;
  std::erase_if(both.add, [&](const http::Header& added) {
    return std::ranges::any_of(second.remove,
                               [&](auto name) { return equal_ignoring_case(name, added.name); });
  });
  both.remove.insert(both.remove.end(), second.remove.begin(), second.remove.end());
  both.add.insert(both.add.end(), second.add.begin(), second.add.end());
  return both;
}

}  // namespace forwarder
