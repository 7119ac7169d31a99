// Tells the demo's story on a terminal or into a log, and remembers whether every line of it was
// true.
//
// Thread: one.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace agent::demo {

using namespace std::chrono_literals;

class Narrator {
 public:
  explicit Narrator(std::ostream& out);

  // `casualty` is asked while waiting: what it returns ends the play.
  void watch(std::function<std::optional<std::string>()> casualty) {
    casualty_ = std::move(casualty);
  }

  void act(const std::string& title);
  void say(const std::string& line);
  void check(const std::string& claim, bool holds);
  void require(const base::Result<void>& done);
  // Asks again and again until it holds or the time is over.
  bool wait(base::Duration patience, const std::function<bool()>& holds);

  base::TimePoint now() const;
  bool good() const { return good_; }

 private:
  std::ostream& out_;
  const bool colours_;
  bool good_ = true;
  std::function<std::optional<std::string>()> casualty_;
};

}  // namespace agent::demo
