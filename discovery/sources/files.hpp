// Documents from files and folders, read now and again whenever they change.
//
// inotify says that something happened; what happened is found by reading everything again and
// comparing, so that a rename over a file, a swapped symlink (Kubernetes' ..data), a folder deleted
// and made again and a lost event all come out right. A burst of events is one reading, as soon as
// it is whole (settling.hpp). Without any event the files are read again every kRereadEvery.
//
// A folder gives its *.yaml, *.yml and *.json, not those of folders in it and none whose name
// begins with a dot; a folder in it and a file with such an ending in upper case are named in a
// warning. A file that several paths lead to is read once. Limits: resources::kMaxFileBytes a file,
// kMaxFiles a folder. A reading is a relist where a path could not be read the last time, or where
// a folder is another one than then (unmounted, mounted over, made again, behind a link that was
// swapped): what happened to its files in between nobody saw. Files that come and go in a folder
// that stays are a change; so is Kubernetes' ..data, which swaps what a folder's links lead to.
// Errors: a path that does not exist or cannot be read is a problem that names
// it. Thread: read_files any; Files the loop's. Ownership: the loop outlives Files.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/net/event_loop.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "discovery/node.hpp"
#include "discovery/sources/settling.hpp"
#include "resources/documents.hpp"

namespace discovery::sources {

inline constexpr std::size_t kMaxFiles = 10'000;

struct ReadFiles {
  std::vector<resources::File> files;  // in the order of the paths, a folder's by name
  resources::Problems unreadable;      // one a path: what was good of it, or below it, may serve on
  resources::Problems left_out;        // warnings of what looks like documents and is not read
  Listing listing = Listing::change;   // what it is to the reading before it
};

ReadFiles read_files(const std::vector<std::string>& paths);

// What is watched for these paths: each itself, and the folder above it for the moment in which the
// path itself is gone.
std::vector<std::string> watched_for(const std::vector<std::string>& paths);

// Which of the paths are there, and of folders which folder each is.
using Places = std::map<std::string, std::optional<std::pair<dev_t, ino_t>>>;
Places find_places(const std::vector<std::string>& paths);

class Files {
 public:
  static constexpr base::Duration kRereadEvery = std::chrono::seconds(5);

  using Changed = std::function<void(ReadFiles)>;

  // Calls `changed` with the first reading on the first turn, then with each that differs. `quiet`
  // as in Settling: longer where files are written one after the other and go together.
  static base::Result<std::unique_ptr<Files>> open(base::net::EventLoop& loop,
                                                   std::vector<std::string> paths, Changed changed,
                                                   base::Duration quiet = Settling::kQuiet);

  // Reads and reports now, changed or not (SIGHUP); from now on other paths, if they differ.
  void reread(std::vector<std::string> paths);

 private:
  Files(base::net::EventLoop& loop, base::net::Fd inotify, std::vector<std::string> paths,
        Changed changed, base::Duration quiet);
  base::net::Task<void> run();
  void watch_paths();
  bool is_read(std::string_view name) const;
  void take_events();
  void read_and_compare();

  base::net::EventLoop& loop_;
  base::net::Stream inotify_;
  std::vector<std::string> paths_;
  Settling settling_;
  const Changed changed_;
  bool first_ = true;
  std::vector<std::pair<std::string, std::string>> last_;  // file or path → text or problem
  Places places_;                                          // when it was read
  base::net::Scope scope_;
};

}  // namespace discovery::sources
