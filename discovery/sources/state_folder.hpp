// An agent's state on disk (`state.dir`): `self`, `drains`,
// `registrations`, and a file for each other origin that it knows,
// `CLUSTER.REPLICA.rows`; discovery/saved_state.hpp has their bytes.
//
// A life is on disk before it begins: open() writes down the next one. What cannot be read or is
// not what it should be is set aside as `NAME.bad`, at most one of each name, and the rest is read;
// what cannot be written stands as it was and is tried again. Only what was shown to be known and
// then is no more loses its file: unknown is never empty. Limits: kMaxOrigins files are read, of
// kMaxSavedBytes each, several at once; what is written is what the catalog holds, once. Thread:
// one at a time; blocks on the disk.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/net/fd.hpp"
#include "discovery/saved_state.hpp"

namespace discovery::sources {

struct StateStatus {
  std::vector<std::string> troubles;  // what was set aside, what cannot be written
  std::uint64_t written = 0, bytes_written = 0, failures = 0, set_aside = 0;
};

class StateFolder {
 public:
  struct Opened;
  // Error: another agent has the folder. One that cannot be made, read or written is a trouble.
  static base::Result<Opened> open(std::string path, std::string cluster);

  // No life on disk is below this one from now on.
  void keep_life(std::uint64_t incarnation);
  // What an operator or a service said, which no source would say again.
  void keep(std::vector<DrainOrder> drains) { keep(drains_, std::move(drains)); }
  void keep(std::vector<SavedRegistration> all) { keep(registrations_, std::move(all)); }
  // Writes what differs from the disk, whether it can or not; returns the bytes that it tried.
  std::size_t save(const Publication& publication);
  bool failing() const { return !failure_.empty(); }  // the last save; another may do better
  const StateStatus& status() const { return status_; }

 private:
  StateFolder(std::string path, SavedSelf self, base::net::Fd lock)
      : path_(std::move(path)), self_(std::move(self)), lock_(std::move(lock)) {}
  std::uint64_t read_self();
  SavedState read_origins();
  // A list in a file of its own.
  template <class One>
  struct Kept {
    std::string name;
    std::vector<One> wanted, on_disk;
  };
  template <class One, class Decode>
  std::vector<One> read(Kept<One>& kept, Decode decode);
  template <class One>
  std::size_t write(Kept<One>& kept);
  template <class One>
  void keep(Kept<One>& kept, std::vector<One> wanted);
  base::Result<SavedOrigin> read_origin(const std::string& name) const;
  std::string in(const std::string& name) const { return path_ + "/" + name; }
  std::vector<std::string> names_ending(std::string_view ending);
  void set_aside(const std::string& name, const std::string& reason);
  bool write(const std::string& name, const base::Bytes& bytes);
  std::size_t write_self(std::uint64_t incarnation, std::uint32_t replica);
  std::size_t remove_forgotten(const Publication& publication);
  void sync();
  void failed(const base::Error& error);
  void tell_troubles();

  struct OnDisk {
    Stamp stamp;
    bool left = false;
    friend bool operator==(const OnDisk&, const OnDisk&) = default;
  };
  const std::string path_;
  SavedSelf self_;
  base::net::Fd lock_;
  std::map<OriginId, OnDisk> on_disk_;
  Kept<DrainOrder> drains_{"drains", {}, {}};
  Kept<SavedRegistration> registrations_{"registrations", {}, {}};
  std::vector<OriginId> shown_;               // in the last publication, sorted
  std::map<std::string, std::string> aside_;  // reason by name, until a save has replaced it
  std::string failure_;                       // the first since the last save began
  StateStatus status_;
};

struct StateFolder::Opened {
  std::unique_ptr<StateFolder> folder;
  std::uint64_t last_incarnation = 0;  // 0: no earlier life is known
  std::uint32_t last_replica = 0;      // the number that this agent had in it
  SavedState state;
  std::vector<DrainOrder> drains;
  std::vector<SavedRegistration> registrations;
};

}  // namespace discovery::sources
