#include "agent/demo/narrator.hpp"

#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace agent::demo {
namespace {

using Json = nlohmann::ordered_json;

constexpr base::Duration kAskAgain = std::chrono::milliseconds(25);

}  // namespace

Narrator::Narrator(std::ostream& out, Form form)
    : out_(out),
      form_(form),
      colours_(isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) {}

Json& Narrator::newest_act() {
  if (acts_.empty()) act("");
  return acts_.back();
}

void Narrator::act(const std::string& title) {
  if (form_ == Form::json)
    return acts_.push_back({{"act", title}, {"checks", Json::array()}, {"notes", Json::array()}});
  out_ << (colours_ ? "\n\033[1m" : "\n") << title << (colours_ ? "\033[0m\n" : "\n") << std::flush;
}

void Narrator::say(const std::string& line) {
  if (form_ == Form::json) return newest_act()["notes"].push_back(line);
  out_ << "  " << line << "\n" << std::flush;
}

void Narrator::check(const std::string& claim, bool holds) {
  good_ &= holds;
  if (form_ == Form::json)
    return newest_act()["checks"].push_back({{"claim", claim}, {"holds", holds}});
  const char* mark = holds ? (colours_ ? "\033[32mok\033[0m   " : "ok   ")
                           : (colours_ ? "\033[31mFAIL\033[0m " : "FAIL ");
  out_ << "  " << mark << claim << "\n" << std::flush;
}

void Narrator::end() {
  if (form_ == Form::json)
    out_ << Json{{"good", good_}, {"acts", acts_}}.dump(2) << "\n" << std::flush;
}

void Narrator::require(const base::Result<void>& done) {
  if (!done) check(done.error().message, false);
}

bool Narrator::wait(base::Duration patience, const std::function<bool()>& holds) {
  const auto deadline = now() + patience;
  for (;;) {
    if (holds()) return true;
    if (const auto dead = casualty_ ? casualty_() : std::nullopt) {
      check(*dead, false);
      return false;
    }
    if (now() >= deadline) return false;
    std::this_thread::sleep_for(kAskAgain);
  }
}

base::TimePoint Narrator::now() const { return std::chrono::steady_clock::now(); }

}  // namespace agent::demo
