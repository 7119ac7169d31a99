#include "agent/demo/narrator.hpp"

#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace agent::demo {
namespace {

constexpr base::Duration kAskAgain = std::chrono::milliseconds(25);

}  // namespace

Narrator::Narrator(std::ostream& out)
    : out_(out), colours_(isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) {}

void Narrator::act(const std::string& title) {
  out_ << (colours_ ? "\n\033[1m" : "\n") << title << (colours_ ? "\033[0m\n" : "\n") << std::flush;
}

void Narrator::say(const std::string& line) { out_ << "  " << line << "\n" << std::flush; }

void Narrator::check(const std::string& claim, bool holds) {
  const char* mark = holds ? (colours_ ? "\033[32mok\033[0m   " : "ok   ")
                           : (colours_ ? "\033[31mFAIL\033[0m " : "FAIL ");
  out_ << "  " << mark << claim << "\n" << std::flush;
  good_ &= holds;
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
