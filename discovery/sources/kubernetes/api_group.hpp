// Which kinds an API group has: asked once and again, for definitions come and go while the agent
// runs.
//
// A group that is not there (404) has none; one that is refused (403) from the start has none that
// we may read. What cannot be asked, or no longer, stays as it was told last. Time is an argument,
// requests go out one at a time, as of a Reflector. Thread: one.
#pragma once

#include <optional>
#include <string>

#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/sources/kubernetes/messages.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

class ApiGroup {
 public:
  static constexpr base::Duration kAgain = std::chrono::seconds(10);  // to twice of it, by chance
  static constexpr base::Duration kFirstDelay = std::chrono::seconds(1);
  static constexpr base::Duration kPatience = std::chrono::seconds(20);

  // `path`: "apis/networking.nearmost.internal/v2".
  ApiGroup(std::string path, base::Random random);

  std::optional<Request> next(base::TimePoint now);
  base::TimePoint deadline() const;
  void listed(base::TimePoint now, KindNames kinds);
  void ended(base::TimePoint now, const Ending& ending);

  const std::string& path() const { return path_; }
  // None before the first answer.
  const std::optional<KindNames>& kinds() const { return kinds_; }
  // As of a Reflector.
  Reflector::Status status(base::TimePoint now) const;

 private:
  void again(base::TimePoint now, base::Duration delay);

  const std::string path_;
  base::Random random_;
  std::optional<KindNames> kinds_;
  bool under_way_ = false;
  unsigned failures_ = 0;  // in a row
  base::TimePoint due_{};
  std::optional<base::TimePoint> failing_since_;
  Reflector::Status status_;
};

}  // namespace discovery::sources::kubernetes
