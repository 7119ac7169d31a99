#include "agent/object_states.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "discovery/sources/kubernetes/messages.hpp"

namespace agent {
namespace {

using State = forwarder::DocumentStatus::State;
using discovery::sources::kubernetes::kPlace;

struct Found {
  bool invalid = false, warning = false;
  std::vector<std::string> says;
};

std::string_view approval_of(const Found& found) {
  return found.invalid ? "INVALID" : found.warning ? "WARNING" : "ACCEPTED";
}

std::string said(const resources::Problem& problem) {
  auto line = problem;
  line.place = {};
  line.object.clear();
  return line.without_severity();
}

// Whole parts, as many as fit.
std::string message_of(const std::vector<std::string>& says) {
  std::string message;
  for (std::size_t i = 0; i < says.size(); ++i) {
    const auto more = (message.empty() ? "" : "\n") + says[i];
    if (message.size() + more.size() > kMaxStateMessage) {
      message += "\nand " + std::to_string(says.size() - i) + " more: see nearmost status";
      break;
    }
    message += more;
  }
  return message;
}

}  // namespace

discovery::sources::kubernetes::States states_of(const Served& served) {
  discovery::sources::kubernetes::States states;
  if (!served.texts) return states;
  std::map<std::string_view, Found> found;  // by place
  for (const auto& text : *served.texts)
    if (text.is_ours) found.try_emplace(text.file.name);
  for (const auto& place : served.documents->held_back)
    if (const auto at = found.find(place); at != found.end()) {
      at->second.invalid = true;
      at->second.says.push_back(std::ranges::count(served.documents->never_good, place)
                                    ? "nothing of it serves:"
                                    : "its last good state serves:");
    }
  for (const auto& problem : problems_of(served))
    if (const auto at = found.find(problem.place.file); at != found.end()) {
      (problem.severity == resources::Severity::error ? at->second.invalid : at->second.warning) =
          true;
      at->second.says.push_back(said(problem));
    }
  std::map<std::string_view, Found*> by_object;  // "RouteTable shop/reviews"
  for (auto& [place, one] : found) by_object[place.substr(place.find(": ") + 2)] = &one;
  for (const auto& status : served.routing)
    if (const auto at = by_object.find(status.object); at != by_object.end()) {
      at->second->invalid |= status.state == State::invalid;
      at->second->warning |= status.state == State::warning || status.state == State::unused;
      if (status.state == State::accepted) continue;  // its notes count what comes and goes
      for (const auto& note : status.notes)
        if (!note.starts_with(kPlace) &&  // that it is held back
            !note.starts_with("it applies to "))
          at->second->says.push_back(note);
    }
  for (const auto& text : *served.texts)
    if (const auto at = found.find(text.file.name); at != found.end())
      states[text.file.name] = {text.generation, std::string(approval_of(at->second)),
                                message_of(at->second.says)};
  return states;
}

std::shared_ptr<const discovery::sources::kubernetes::States> JudgedStates::operator()() {
  if (!reader_) reader_ = std::make_shared<base::Published<Served>::Reader>(served_);
  const auto* served = reader_->acquire();
  std::shared_ptr<const discovery::sources::kubernetes::States> states;
  // What others have is not known before, and would be said to be nowhere.
  const bool knows = served && served->publication && served->publication->synced;
  if (knows && std::exchange(version_, served->version) != served->version)
    states = std::make_shared<discovery::sources::kubernetes::States>(states_of(*served));
  reader_->park();
  return states;
}

}  // namespace agent
