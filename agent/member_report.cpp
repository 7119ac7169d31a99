#include "agent/member_report.hpp"

namespace agent {
namespace {

using discovery::Member;

std::string_view to_string(Member::State state) {
  switch (state) {
    case Member::State::fresh:
      return "fresh";
    case Member::State::suspect:
      return "suspect";
    case Member::State::stale:
      return "stale";
    case Member::State::demoted:
      return "demoted";
    case Member::State::dead:
      return "dead";
    case Member::State::returning:
      return "returning";
  }
  return "unknown";
}

std::string_view to_string(Member::Path path) {
  switch (path) {
    case Member::Path::direct:
      return "direct";
    case Member::Path::unknown:
      return "unknown";
    case Member::Path::answers:
      return "answers";
    case Member::Path::fails:
      return "fails";
    case Member::Path::nothing_to_ask:
      return "nothing to ask";
  }
  return "unknown";
}

// Why it is not as it should be; "" where it is.
std::string detail_of(const Member& member) {
  const bool fails = member.path == Member::Path::fails;
  const bool answers = member.path == Member::Path::answers;
  switch (member.state) {
    case Member::State::fresh:
      return answers ? "no link; its endpoints answer from here" : "";
    case Member::State::suspect:
      return "silent";
    case Member::State::stale:
      return "silent; its endpoints answer from here";
    case Member::State::demoted:
      return "its endpoints do not answer from here";
    case Member::State::dead:
      return fails ? "silent, and its endpoints do not answer from here" : "left, or long silent";
    case Member::State::returning:
      return "restarting, as it said";
  }
  return "";
}

Json fine_ms_of(const std::optional<base::Duration>& time) {
  return time ? Json(std::chrono::duration<double, std::milli>(*time).count()) : Json(nullptr);
}

}  // namespace

std::optional<base::Duration> propagation(const Member& member) {
  if (!member.round_trip) return std::nullopt;
  return *member.round_trip / 2;
}

std::string trouble_of(const Member& member) {
  const bool fresh = member.state == Member::State::fresh;
  if (member.local || (fresh && member.stuck.empty())) return "";
  const auto who = "cluster " + member.id.to_string();
  const std::string served = member.taken ? "" : ": another agent serves it";
  if (fresh) return who + " cannot read its source: " + member.stuck + served;
  if (!member.age) return who + " is known from disk only" + served;
  if (member.state != Member::State::demoted)
    return who + " is silent for " + base::to_string(*member.age) + served;
  const auto via = member.via.empty() ? "" : " by " + member.via;
  return who + " is left out: " + detail_of(member) + "; heard" + via + " " +
         base::to_string(*member.age) + " ago" + served;
}

Json report(const std::vector<Member>& members) {
  Json json = Json::array();
  for (const auto& member : members)
    json.push_back({{"member", member.id.to_string()},
                    {"state", to_string(member.state)},
                    {"local", member.local},
                    {"ageMs", ms_of(member.age)},
                    {"via", member.via},
                    {"path", to_string(member.path)},
                    {"detail", detail_of(member)},
                    {"propagationMs", fine_ms_of(propagation(member))},
                    {"address", member.address},
                    {"incarnation", member.stamp.incarnation},
                    {"version", member.stamp.version},
                    {"rows", member.rows},
                    {"taken", member.taken},
                    {"why", member.why},
                    {"stuck", member.stuck},
                    {"quarantine", member.quarantine},
                    {"quarantineMs", base::to_ms(member.quarantine_left)}});
  return json;
}

}  // namespace agent
