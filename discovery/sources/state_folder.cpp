#include "discovery/sources/state_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>

#include "base/net/threads.hpp"
#include "discovery/local_origin.hpp"
#include "discovery/sources/whole_file.hpp"

namespace discovery::sources {
namespace {

namespace fs = std::filesystem;

constexpr ::mode_t kMode = 0600;
constexpr std::string_view kRows = ".rows", kBad = ".bad";
const std::string kSelf = "self";

std::string name_of(const OriginId& origin) {
  return origin.cluster + "." + std::to_string(origin.replica) + std::string(kRows);
}

base::Result<base::Bytes> read_record(const std::string& path) {
  auto file = read_whole(path, kMaxSavedBytes);
  switch (file.outcome) {
    case WholeFile::Outcome::read:
      return std::move(file.bytes);
    case WholeFile::Outcome::failed:
      return base::unavailable("cannot be read: " + std::generic_category().message(file.error));
    case WholeFile::Outcome::no_regular_file:
      return base::invalid("is no regular file");
    case WholeFile::Outcome::too_large:
      break;
  }
  return base::invalid("is larger than a state may be");
}

}  // namespace

base::Result<StateFolder::Opened> StateFolder::open(std::string path, std::string cluster) {
  std::error_code error;
  fs::create_directories(path, error);
  base::net::Fd lock(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.valid() && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return base::unavailable("state.dir: " + path + " is in use by another agent");
  Opened opened;
  opened.folder.reset(
      new StateFolder(std::move(path), {std::move(cluster), 0, 0}, std::move(lock)));
  auto& folder = *opened.folder;
  for (const auto& name : folder.names_ending(kBeside)) ::unlink(folder.in(name).c_str());
  opened.last_incarnation = folder.read_self();
  opened.last_replica = folder.self_.replica;
  opened.state = folder.read_origins();
  opened.drains = folder.read(folder.drains_, decode_drains);
  opened.registrations = folder.read(folder.registrations_, decode_registrations);
  folder.keep_life(next_life(opened.last_incarnation));
  return opened;
}

std::vector<std::string> StateFolder::names_ending(std::string_view ending) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path_, error), end; !error && entry != end;
       entry.increment(error))
    if (auto name = entry->path().filename().string(); name.ends_with(ending))
      names.push_back(std::move(name));
  if (error) failed(base::from_errno("cannot read " + path_, error.value()));
  std::ranges::sort(names);
  return names;
}

void StateFolder::set_aside(const std::string& name, const std::string& reason) {
  const auto aside = name + std::string(kBad);
  const bool moved = ::rename(in(name).c_str(), in(aside).c_str()) == 0;
  aside_[name] = in(name) + " " + reason + (moved ? ": set aside as " + aside : ": not used");
  ++status_.set_aside;
  tell_troubles();
}

std::uint64_t StateFolder::read_self() {
  if (std::error_code error; !fs::exists(in(kSelf), error) && !error) return 0;
  const auto bytes = read_record(in(kSelf));
  const auto found = bytes ? decode_self(*bytes) : bytes.error();
  if (!found) {
    set_aside(kSelf, found.error().message);
    return 0;
  }
  if (found->cluster != self_.cluster) {
    // Of another agent, of another mesh even: what it knew is not for us.
    const auto reason = "is of cluster " + found->cluster + ", this agent is of " + self_.cluster;
    set_aside(kSelf, reason);
    for (const auto ending :
         {kRows, std::string_view(drains_.name), std::string_view(registrations_.name)})
      for (const auto& name : names_ending(ending))
        set_aside(name, "stood beside a " + kSelf + " that " + reason);
    return 0;
  }
  self_ = *found;
  return self_.incarnation;
}

base::Result<SavedOrigin> StateFolder::read_origin(const std::string& name) const {
  const auto bytes = read_record(in(name));
  if (!bytes) return bytes.error();
  auto saved = decode_origin(*bytes);
  if (saved && name_of(saved->id) != name)
    return base::invalid("is of " + saved->id.to_string() + ", not of its name");
  return saved;
}

SavedState StateFolder::read_origins() {
  auto names = names_ending(kRows);
  if (names.size() > kMaxOrigins) names.resize(kMaxOrigins);
  SavedState state;
  std::vector<std::optional<base::Result<SavedOrigin>>> read(names.size());
  base::net::on_all_processors()(names.size(),
                                 [&](std::size_t i) { read[i].emplace(read_origin(names[i])); });
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& name = names[i];
    auto& saved = *read[i];
    if (!saved) {
      set_aside(name, saved.error().message);
      continue;
    }
    on_disk_[saved->id] = {saved->stamp, saved->left};
    state.origins.push_back(std::move(*saved));
  }
  state.whole = !failing() && state.origins.size() == names.size();
  return state;
}

template <class One, class Decode>
std::vector<One> StateFolder::read(Kept<One>& kept, Decode decode) {
  if (std::error_code error; !fs::exists(in(kept.name), error) && !error) return {};
  const auto bytes = read_record(in(kept.name));
  const auto found = bytes ? decode(*bytes) : bytes.error();
  if (!found) {
    set_aside(kept.name, found.error().message);
    return {};
  }
  return kept.wanted = kept.on_disk = *found;
}

bool StateFolder::write(const std::string& name, const base::Bytes& bytes) {
  std::error_code ignored;  // if the folder cannot be made, no file in it can
  fs::create_directories(path_, ignored);
  if (const auto done = write_whole(in(name), bytes, kMode); !done) {
    failed(done.error());
    return false;
  }
  ++status_.written;
  status_.bytes_written += bytes.size();
  return true;
}

void StateFolder::failed(const base::Error& error) {
  ++status_.failures;
  if (failure_.empty()) failure_ = error.message;
}

void StateFolder::tell_troubles() {
  status_.troubles.clear();
  if (!failure_.empty())
    status_.troubles.push_back(failure_ + ": a restart would find what was written before");
  for (const auto& [name, reason] : aside_) status_.troubles.push_back(reason);
}

std::size_t StateFolder::write_self(std::uint64_t incarnation, std::uint32_t replica) {
  if (incarnation <= self_.incarnation && replica == self_.replica) return 0;
  auto next = self_;
  next.incarnation = std::max(incarnation, self_.incarnation);
  next.replica = replica;
  const auto bytes = encode(next);
  if (write(kSelf, bytes)) self_ = std::move(next);
  return bytes.size();
}

void StateFolder::keep_life(std::uint64_t incarnation) {
  if (write_self(incarnation, self_.replica) > 0) sync();
  tell_troubles();
}

template <class One>
std::size_t StateFolder::write(Kept<One>& kept) {
  if (kept.wanted == kept.on_disk) return 0;
  const auto bytes = encode(kept.wanted);
  if (write(kept.name, bytes)) {
    kept.on_disk = kept.wanted;
    aside_.erase(kept.name);
  }
  return bytes.size();
}

template <class One>
void StateFolder::keep(Kept<One>& kept, std::vector<One> wanted) {
  kept.wanted = std::move(wanted);
  if (write(kept) > 0) sync();
  tell_troubles();
}
template void StateFolder::keep(Kept<DrainOrder>&, std::vector<DrainOrder>);
template void StateFolder::keep(Kept<SavedRegistration>&, std::vector<SavedRegistration>);

// How many are gone.
std::size_t StateFolder::remove_forgotten(const Publication& publication) {
  std::vector<OriginId> now, gone;
  for (const auto& origin : publication.origins) now.push_back(origin.id);
  std::ranges::set_difference(shown_, now, std::back_inserter(gone));
  shown_ = std::move(now);
  for (const auto& origin : gone) {
    const auto path = in(name_of(origin));
    if (on_disk_.erase(origin) > 0 && ::unlink(path.c_str()) != 0)
      failed(base::from_errno("cannot remove " + path, errno));
  }
  return gone.size();
}

void StateFolder::sync() {
  if (const auto done = sync_folder(path_); !done) failed(done.error());
}

std::size_t StateFolder::save(const Publication& publication) {
  failure_.clear();
  std::size_t tried = write(drains_) + write(registrations_);
  for (const auto& origin : publication.origins) {
    if (origin.local) {
      tried += write_self(origin.stamp.incarnation, origin.id.replica);
      if (self_.incarnation >= origin.stamp.incarnation) aside_.erase(kSelf);
      continue;
    }
    const OnDisk state{origin.stamp, origin.left};
    const auto there = on_disk_.find(origin.id);
    if (there != on_disk_.end() && there->second == state) continue;
    const auto bytes = encode(origin);
    tried += bytes.size();
    if (!write(name_of(origin.id), bytes)) continue;
    on_disk_[origin.id] = state;
    aside_.erase(name_of(origin.id));
  }
  if (remove_forgotten(publication) > 0 || tried > 0) sync();
  tell_troubles();
  return tried;
}

}  // namespace discovery::sources
