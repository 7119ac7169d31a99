// Which of the files that changed may serve, where some of them, or some together with what serves,
// are wrong.
//
// All are tried at once. A changed file with an error is held back. Where what serves gets an error
// the changes clash with it: they are halved until those that clash stand alone, so that the others
// change as written; those are tried again once others serve, for two files may hand a name over.
// After kMaxTries what is left waits. Loaded last is the outcome. The same files give the same one.
// Thread: one at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "resources/documents.hpp"

namespace agent {

std::set<std::string> files_with_errors(const resources::Problems& problems);

class Changes {
 public:
  static constexpr unsigned kMaxTries = 64;

  using Load = std::function<resources::Loaded(const std::vector<resources::File>&)>;

  // `good`: what serves, by the file's name. Both are looked at as long as this lives.
  Changes(const std::vector<resources::File>& files, const std::map<std::string, std::string>& good,
          Load load);

  struct Outcome {
    resources::Loaded loaded;
    std::vector<resources::File> files;  // that serve now
    std::set<std::string> held;
    std::map<std::string, std::string> clashes;  // held: the file that it clashes with
  };
  // `written`: all of them as they are, loaded.
  Outcome settle(resources::Loaded written);

 private:
  using Group = std::vector<std::size_t>;  // of files_

  bool serves(std::size_t i) const;  // as it is written
  std::vector<resources::File> with(const std::set<std::size_t>& changes) const;
  const resources::Loaded& loaded(const std::set<std::size_t>& changes);
  std::set<std::size_t> bad_of(const std::set<std::size_t>& changes);
  void take(Group group);

  const std::vector<resources::File>& files_;
  const std::map<std::string, std::string>& good_;
  const Load load_;
  std::map<std::string_view, std::size_t> by_name_;
  std::set<std::size_t> taken_, held_;
  std::map<std::size_t, std::size_t> clashes_;
  std::optional<std::set<std::string>> bad_before_;
  std::optional<resources::Loaded> last_;  // loaded, with
  std::set<std::size_t> last_changes_;
  unsigned tries_ = 0;
};

}  // namespace agent
