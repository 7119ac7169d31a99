#include "discovery/sources/files.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/ascii.hpp"
#include "discovery/sources/whole_file.hpp"
#include "resources/tree.hpp"

namespace discovery::sources {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                  IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

bool is_hidden(const fs::path& path) {
  const auto name = path.filename().string();
  return name.empty() || name.front() == '.';
}

bool is_ending(std::string_view text) {
  return text == ".yaml" || text == ".yml" || text == ".json";
}

void complain(ReadFiles& read, const std::string& path, std::string message, std::string hint) {
  read.unreadable.push_back(
      {resources::Severity::error, {path, 0, 0}, "", "", std::move(message), std::move(hint)});
}

void leave_out(ReadFiles& read, const std::string& path, std::string message, std::string hint) {
  read.left_out.push_back(
      {resources::Severity::warning, {path, 0, 0}, "", "", std::move(message), std::move(hint)});
}

// What an operator can do about it.
std::string hint_for(int error) {
  switch (error) {
    case ENOENT:
      return "check that it exists";
    case ELOOP:
      return "the link leads back to itself: point it at the file";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    case EACCES:
    case EPERM:
      return "let the agent's user read it, and enter the folders above it";
    default:
      return "check that it can be read";
  }
}

void cannot_read(ReadFiles& read, const std::string& path, int error) {
  complain(read, path, "cannot be read: " + std::generic_category().message(error),
           hint_for(error));
}

void read_one(ReadFiles& read, const std::string& path) {
  auto file = read_whole(path, resources::kMaxFileBytes);
  switch (file.outcome) {
    case WholeFile::Outcome::read:
      read.files.push_back({path, std::move(file.bytes)});
      break;
    case WholeFile::Outcome::failed:
      cannot_read(read, path, file.error);
      break;
    case WholeFile::Outcome::no_regular_file:
      complain(read, path, "is no regular file", "name a file or a folder");
      break;
    case WholeFile::Outcome::too_large:
      complain(read, path,
               "is larger than " + std::to_string(resources::kMaxFileBytes >> 20) + " MiB",
               "split it");
      break;
  }
}

// What cannot be told is none: whoever reads it will say why.
bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// The files of a folder that hold documents, by name.
std::vector<std::string> list_folder(ReadFiles& read, const std::string& path) {
  std::error_code error;
  std::vector<std::string> names, others;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_hidden(entry->path())) continue;
    const auto ending = entry->path().extension().string();
    std::error_code unknown;  // what cannot be told is none: whoever reads it will say why
    if (entry->is_directory(unknown))
      others.push_back(entry->path().string());
    else if (is_ending(ending))
      names.push_back(entry->path().string());
    else if (is_ending(base::lower(ending)))
      leave_out(read, entry->path().string(), "is not read: its ending is in upper case",
                "rename it to " + base::lower(ending));
  }
  for (const auto& folder : others)
    leave_out(read, folder, "is a folder in a folder: what is in it is not read",
              "name it too where its parent is named");
  if (error) {
    complain(read, path, "cannot be listed: " + error.message(), hint_for(error.value()));
    return {};
  }
  std::sort(names.begin(), names.end());
  if (names.size() > kMaxFiles) {
    complain(read, path, "holds more than " + std::to_string(kMaxFiles) + " documents' files",
             "merge some");
    names.resize(kMaxFiles);
  }
  return names;
}

// The same for all ways to write a path; links are not followed.
std::string identity_of(const fs::path& path) {
  std::error_code ignored;
  auto whole = fs::absolute(path, ignored).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // "resources/"
  return whole.string();
}

}  // namespace

ReadFiles read_files(const std::vector<std::string>& paths) {
  ReadFiles read;
  std::set<std::string> named, seen;
  for (const auto& path : paths) named.insert(identity_of(path));
  for (const auto& path : paths) {
    if (!seen.insert(identity_of(path)).second) continue;
    if (!is_folder(path)) {
      read_one(read, path);
      continue;
    }
    const fs::path folder = identity_of(path);
    for (const auto& name : list_folder(read, path))
      if (seen.insert((folder / fs::path(name).filename()).string()).second) read_one(read, name);
  }
  std::erase_if(read.left_out, [&](const auto& problem) {
    return named.contains(identity_of(problem.place.file));
  });
  return read;
}

Places find_places(const std::vector<std::string>& paths) {
  Places places;
  for (const auto& path : paths) {
    struct stat found {};
    auto& place = places[path];
    if (stat(path.c_str(), &found) != 0) continue;
    // A file may be replaced by a rename: that is how it is edited.
    place = S_ISDIR(found.st_mode) ? std::pair(found.st_dev, found.st_ino)
                                   : std::pair<dev_t, ino_t>(0, 0);
  }
  return places;
}

std::vector<std::string> watched_for(const std::vector<std::string>& paths) {
  std::vector<std::string> watched;
  for (const auto& path : paths) {
    watched.push_back(path);
    watched.push_back(fs::path(identity_of(path)).parent_path().string());
  }
  return watched;
}

base::Result<std::unique_ptr<Files>> Files::open(base::net::EventLoop& loop,
                                                 std::vector<std::string> paths, Changed changed,
                                                 base::Duration quiet) {
  base::net::Fd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.valid()) return base::from_errno("inotify_init1", errno);
  return std::unique_ptr<Files>(
      new Files(loop, std::move(inotify), std::move(paths), std::move(changed), quiet));
}

Files::Files(base::net::EventLoop& loop, base::net::Fd inotify, std::vector<std::string> paths,
             Changed changed, base::Duration quiet)
    : loop_(loop),
      inotify_(loop, std::move(inotify), base::net::Stream::State::connected),
      paths_(std::move(paths)),
      settling_([this](std::string_view name) { return is_read(name); }, quiet),
      changed_(std::move(changed)),
      scope_(loop) {
  scope_.spawn(run());
}

void Files::reread(std::vector<std::string> paths) {
  paths_ = std::move(paths);
  first_ = true;
  watch_paths();
  read_and_compare();
}

base::net::Task<void> Files::run() {
  for (;;) {
    // Watch first, then read: a change between the two is an event.
    watch_paths();
    read_and_compare();
    auto waited = co_await inotify_.until_readable(loop_.now() + kRereadEvery);
    while (waited.status == base::net::IoStatus::done) {
      take_events();
      waited = co_await inotify_.until_readable(settling_.read_at());
      if (loop_.now() >= settling_.read_at()) break;
    }
    settling_.settled();
  }
}

// A document in a folder, or one of the paths themselves.
bool Files::is_read(std::string_view name) const {
  const fs::path path(name);
  return (is_ending(path.extension().string()) && !is_hidden(path)) ||
         std::any_of(paths_.begin(), paths_.end(),
                     [&](const auto& of) { return fs::path(identity_of(of)).filename() == path; });
}

// Adding a watch that is there changes nothing; a folder made again gets its new one here.
void Files::watch_paths() {
  for (const auto& path : watched_for(paths_))
    inotify_add_watch(inotify_.watch().fd(), path.c_str(), kEvents);
}

void Files::take_events() {
  alignas(inotify_event) char events[16 * 1024];
  for (ssize_t size = 0; (size = read(inotify_.watch().fd(), events, sizeof events)) > 0;)
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      settling_.event(loop_.now(), event->wd, event->mask, event->len ? event->name : "");
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  inotify_.watch().reads().ready = false;
}

void Files::read_and_compare() {
  const auto before = find_places(paths_);
  auto now = read_files(paths_);
  auto places = find_places(paths_);
  // What cannot be read serves as it did (DocumentStore): that it is read again makes the relist.
  for (const auto& problem : now.unreadable)
    if (const auto at = places.find(problem.place.file); at != places.end()) at->second.reset();
  for (auto& [path, place] : places) {
    const auto last = places_.find(path);
    const bool moved = place && place != before.at(path);  // while it was read
    const bool other = place && last != places_.end() && place != last->second;
    if (moved || other) now.listing = Listing::relist;
    if (moved) place.reset();
  }
  places_ = std::move(places);
  std::vector<std::pair<std::string, std::string>> seen;
  for (const auto& file : now.files) seen.emplace_back(file.name, file.text);
  for (const auto* problems : {&now.unreadable, &now.left_out})
    for (const auto& problem : *problems) seen.emplace_back(problem.place.file, problem.message);
  if (!std::exchange(first_, false) && seen == last_) return;
  last_ = std::move(seen);
  changed_(std::move(now));
}

}  // namespace discovery::sources
