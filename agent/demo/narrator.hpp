// Tells the demo's story on a terminal or into a log, and remembers whether every line of it was
// true. As text it is told as it goes; as JSON in one object at the end:
// {"good": …, "acts": [{"act": …, "checks": [{"claim": …, "holds": …}], "notes": [...]}]}.
//
// Thread: one.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace agent::demo {

using namespace std::chrono_literals;

enum class Form { text, json };

class Narrator {
 public:
  Narrator(std::ostream& out, Form form);

  // `casualty` is asked while waiting: what it returns ends the play.
  void watch(std::function<std::optional<std::string>()> casualty) {
    casualty_ = std::move(casualty);
  }

  void act(const std::string& title);
  void say(const std::string& line);
  void check(const std::string& claim, bool holds);
  void require(const base::Result<void>& done);
  // The story is told.
  void end();
  // Asks again and again until it holds or the time is over.
  bool wait(base::Duration patience, const std::function<bool()>& holds);

  base::TimePoint now() const;
  bool good() const { return good_; }

 private:
  nlohmann::ordered_json& newest_act();

  std::ostream& out_;
  const Form form_;
  const bool colours_;
  nlohmann::ordered_json acts_ = nlohmann::ordered_json::array();
  bool good_ = true;
  std::function<std::optional<std::string>()> casualty_;
};

}  // namespace agent::demo
