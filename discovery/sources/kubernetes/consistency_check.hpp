// Whether a mirror still is what the API server has: cheap, now and again, one resource at a time.
//
// Servers, and what stands before them, have lost events of watches: nobody is told, and what is
// mirrored stays wrong until the next gap. So the versions of all objects of a resource are listed,
// metadata alone, and compared for equality with those mirrored. What differs may be on its way:
// only what is as it was after kDoubted is wrong, and the resource listed anew. A mirror that is
// not well is not judged. Time is an argument. Thread: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

class ConsistencyCheck {
 public:
  static constexpr base::Duration kEvery = std::chrono::minutes(2);  // to half more, by chance
  static constexpr base::Duration kDoubted = std::chrono::seconds(30);
  static constexpr base::Duration kPatience = std::chrono::seconds(60);
  static constexpr std::uint32_t kPageObjects = 500;

  using Mirrored = std::vector<const Reflector*>;  // the same ones in the same order every time

  ConsistencyCheck(base::TimePoint now, base::Random random);

  std::optional<Request> next(base::TimePoint now, const Mirrored& all);
  base::TimePoint deadline() const;
  void listed(base::TimePoint now, const Page& page, const Mirrored& all);
  void ended(base::TimePoint now);  // in vain: another time
  // The one that has been found wrong, by its place in `all`; told once.
  std::optional<std::size_t> wrong(base::TimePoint now, const Mirrored& all);

  std::uint64_t found() const { return found_; }  // wrong, by now

 private:
  enum class Phase { idle, listing, doubting };
  void rest(base::TimePoint now);

  base::Random random_;
  Phase phase_ = Phase::idle;
  bool under_way_ = false;
  std::size_t at_ = 0;                           // which of all
  std::string rest_;                             // the continue token
  std::map<std::string, std::string> versions_;  // as the server lists them
  std::map<std::string, std::string> doubtful_;  // name: the version mirrored then; "" = none
  base::TimePoint due_;
  std::uint64_t found_ = 0;
};

}  // namespace discovery::sources::kubernetes
