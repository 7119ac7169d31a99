#include "discovery/sources/state_folder.hpp"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "discovery/local_origin.hpp"
#include "discovery/sources/state_writer.hpp"
#include "discovery/sources/whole_file.hpp"
#include "tests/unit/base/standard_error.hpp"
#include "tests/unit/discovery/saved_origins.hpp"

#include <catch2/catch.hpp>

namespace fs = std::filesystem;
using namespace discovery;
using namespace discovery::sources;
using saved_origins::published;

namespace {

// state.dir of one test, and the agent of cluster west that opens it again and again.
struct Disk {
  std::string path;
  Disk() {
    path = (fs::temp_directory_path() / "nearmost-state-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()));
  }
  ~Disk() { fs::remove_all(path); }

  StateFolder::Opened open(const std::string& cluster = "west") const {
    return StateFolder::open(path + "/state", cluster).value();
  }
  std::string file(const std::string& name) const { return path + "/state/" + name; }
  std::string read(const std::string& name) const {
    return read_whole(file(name), kMaxSavedBytes).bytes;
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  bool has(const std::string& name) const { return fs::exists(file(name)); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path + "/state"))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
};

OriginPublication origin(const std::string& name, std::uint64_t version = 5,
                         const std::string& value = "v") {
  return published({name, 0}, {0x500000001, version}, {{"k", version, value}});
}

// By id, our own among them.
Publication publication(std::vector<OriginPublication> others, std::uint64_t life = 0) {
  Publication publication;
  publication.origins = std::move(others);
  auto& own =
      publication.origins.emplace_back(published({"west", 0}, {life, 1}, {{"own", 1, "v"}}));
  own.local = true;
  return publication;
}

std::vector<OriginId> ids(const StateFolder::Opened& opened) {
  std::vector<OriginId> ids;
  for (const auto& saved : opened.state.origins) ids.push_back(saved.id);
  return ids;
}

bool says(const StateStatus& status, std::string_view what) {
  return std::ranges::any_of(status.troubles, [&](const std::string& trouble) {
    return trouble.find(what) != std::string::npos;
  });
}

// While it lives no file grows beyond `bytes`: a disk that is full in the middle of a write.
struct FullDisk {
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit now{bytes, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

std::shared_ptr<const Publication> shared(Publication publication) {
  return std::make_shared<const Publication>(std::move(publication));
}

// For another thread; what it waits for always comes, or the test runs into its timeout.
void wait_until(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::yield();
}

}  // namespace

TEST_CASE("what was published of others is there after a restart, and nothing of ourselves",
          "[disk]") {
  const Disk disk;
  auto gone = origin("north");
  gone.left = true;
  disk.open().folder->save(publication({origin("east"), origin("eu"), gone}));
  const auto opened = disk.open();
  CHECK(ids(opened) == std::vector<OriginId>{{"east", 0}, {"eu", 0}, {"north", 0}});
  CHECK(saved_origins::rows_of(opened.state.origins[0].rows) == std::vector<Row>{{"k", 5, "v"}});
  CHECK_FALSE(opened.state.origins[0].left);
  CHECK(opened.state.origins[2].left);
  CHECK(opened.state.whole);
  CHECK(opened.folder->status().troubles.empty());
}

TEST_CASE("only what differs from the disk is written", "[disk]") {
  const Disk disk;
  disk.open().folder->save(publication({origin("east"), origin("eu")}));
  const auto opened = disk.open();
  const auto before = opened.folder->status().written;
  opened.folder->save(publication({origin("east"), origin("eu", 6, "new")}));
  CHECK(opened.folder->status().written == before + 1);
  CHECK(opened.folder->save(publication({origin("east"), origin("eu", 6, "new")})) == 0);
}

TEST_CASE("a corrupt file is set aside and named, and the rest is read", "[disk]") {
  const Disk disk;
  disk.open().folder->save(publication({origin("east"), origin("eu")}));
  auto bytes = disk.read("east.0.rows");
  bytes[bytes.size() / 2] ^= 1;
  disk.write("east.0.rows", bytes);
  const auto opened = disk.open();
  CHECK(ids(opened) == std::vector<OriginId>{{"eu", 0}});
  CHECK(disk.read("east.0.rows.bad") == bytes);
  CHECK_FALSE(disk.has("east.0.rows"));
  CHECK(opened.folder->status().set_aside == 1);
  CHECK(says(opened.folder->status(),
             "east.0.rows does not match its checksum: set aside as east.0.rows.bad"));
  CHECK_FALSE(opened.state.whole);
  SECTION("until its origin is on disk again") {
    opened.folder->save(publication({origin("east"), origin("eu")}));
    CHECK(opened.folder->status().troubles.empty());
  }
}

TEST_CASE("a file of another format, of another name or cut short is set aside", "[disk]") {
  const Disk disk;
  disk.open().folder->save(publication({origin("a"), origin("b"), origin("c"), origin("d")}));
  auto bytes = disk.read("a.0.rows");
  bytes[9] = 9;
  disk.write("a.0.rows", bytes);
  disk.write("b.0.rows", disk.read("c.0.rows"));
  disk.write("c.0.rows", disk.read("c.0.rows").substr(0, 60));
  fs::create_directory(disk.file("x.0.rows"));
  const auto opened = disk.open();
  CHECK(ids(opened) == std::vector<OriginId>{{"d", 0}});
  const auto& status = opened.folder->status();
  CHECK(status.set_aside == 4);
  CHECK(says(status, "a.0.rows is of format 9, this agent reads format 1"));
  CHECK(says(status, "b.0.rows is of c, not of its name"));
  CHECK(says(status, "c.0.rows has "));
  CHECK(says(status, "x.0.rows is no regular file"));
}

TEST_CASE("the state of another cluster's agent is not ours", "[disk]") {
  const Disk disk;
  disk.open("other").folder->save(publication({origin("east")}));
  const auto opened = disk.open("west");
  CHECK(opened.state.origins.empty());
  CHECK(opened.last_incarnation == 0);
  CHECK(says(opened.folder->status(), "is of cluster other, this agent is of west"));
  CHECK(disk.names() == std::vector<std::string>{"east.0.rows.bad", "self", "self.bad"});
  CHECK(decode_self(disk.read("self")).value().cluster == "west");
}

TEST_CASE("what a crash left half written counts for nothing", "[disk]") {
  const Disk disk;
  disk.open().folder->save(publication({origin("east")}));
  disk.write("east.0.rows.new", disk.read("east.0.rows").substr(0, 40));
  const auto opened = disk.open();
  CHECK(ids(opened) == std::vector<OriginId>{{"east", 0}});
  CHECK(disk.names() == std::vector<std::string>{"east.0.rows", "self"});
  CHECK(opened.folder->status().troubles.empty());
}

TEST_CASE("a disk that is full leaves the old file, is a trouble, and is tried again", "[disk]") {
  const Disk disk;
  auto opened = disk.open();
  auto& folder = *opened.folder;
  folder.save(publication({origin("east"), origin("eu")}));
  const auto big = publication({origin("east", 6, std::string(5'000, 'x')), origin("eu", 6)});
  {
    const FullDisk full(1'000);
    folder.save(big);
  }
  CHECK(folder.failing());
  CHECK(folder.status().failures == 1);
  CHECK(says(folder.status(), "cannot write " + disk.file("east.0.rows") + ": File too large"));
  CHECK(decode_origin(disk.read("east.0.rows")).value().stamp.version == 5);
  CHECK(decode_origin(disk.read("eu.0.rows")).value().stamp.version == 6);  // the others go on
  CHECK(disk.names() == std::vector<std::string>{"east.0.rows", "eu.0.rows", "self"});

  folder.save(big);
  CHECK_FALSE(folder.failing());
  CHECK(folder.status().troubles.empty());
  CHECK(decode_origin(disk.read("east.0.rows")).value().stamp.version == 6);
}

TEST_CASE("a folder that cannot be made is a trouble and no more", "[disk]") {
  const Disk disk;
  std::ofstream(disk.path + "/state") << "no folder";
  auto opened = disk.open();
  CHECK(opened.last_incarnation == 0);
  CHECK(opened.folder->failing());
  opened.folder->save(publication({origin("east")}));
  CHECK(opened.folder->failing());
  fs::remove(disk.path + "/state");
  opened.folder->save(publication({origin("east")}, 0x100000000));
  CHECK_FALSE(opened.folder->failing());
  CHECK(disk.names() == std::vector<std::string>{"east.0.rows", "self"});
}

TEST_CASE("only who was known and is known no more loses its file", "[disk]") {
  const Disk disk;
  disk.open().folder->save(publication({origin("east"), origin("eu")}));
  auto opened = disk.open();
  opened.folder->save(publication({origin("eu")}));  // nobody has shown east yet
  CHECK(disk.has("east.0.rows"));
  opened.folder->save(publication({origin("east"), origin("eu")}));
  opened.folder->save(publication({origin("eu")}));
  CHECK_FALSE(disk.has("east.0.rows"));
  CHECK(disk.has("eu.0.rows"));
  CHECK(opened.folder->status().troubles.empty());
}

TEST_CASE("each life is on disk before it begins", "[disk]") {
  const Disk disk;
  auto first = disk.open();
  CHECK(first.last_incarnation == 0);
  base::Random random(1);
  LocalOrigin origin(first.last_incarnation, random.fork(), 10);
  const auto life = origin.state().stamp().incarnation;
  first = {};  // killed before it could say anything
  auto second = disk.open();
  CHECK(next_life(second.last_incarnation) > life);

  SECTION("and one above what peers remember, as soon as it is told") {
    second.folder->keep_life(0x700000009);
    second = {};
    CHECK(disk.open().last_incarnation == 0x700000009);
  }
  SECTION("and with what is published") {
    second.folder->save(publication({}, 0x700000009));
    second = {};
    CHECK(disk.open().last_incarnation == 0x700000009);
  }
  SECTION("and none is ever taken back") {
    second.folder->keep_life(1);
    const auto before = second.last_incarnation;
    second = {};
    CHECK(disk.open().last_incarnation > before);
  }
}

TEST_CASE("the replica number is kept with the life", "[disk]") {
  const Disk disk;
  auto first = disk.open();
  CHECK(first.last_replica == 0);
  auto now = publication({}, 0x700000009);
  now.origins.front().id.replica = 2;
  first.folder->save(now);
  first = {};
  auto second = disk.open();
  CHECK(second.last_replica == 2);
  CHECK(second.last_incarnation == 0x700000009);
  second = {};
  CHECK(disk.open().last_replica == 2);
}

TEST_CASE("what is drained outlives a restart, and is another agent's no more than its rows are",
          "[disk]") {
  const Disk disk;
  const std::vector<DrainOrder> orders{
      {{view::DrainTarget::Kind::service, "shop", "web", {}, 0}, std::chrono::seconds(60), true},
      {{}, std::chrono::seconds(5), false, {8, 3}},
      {{view::DrainTarget::Kind::service, "shop", "db", {}, 0}, {}, false, {9, 1}, true}};
  {
    base::Logger log(base::LogLevel::off, base::LogFormat::text);
    StateWriter writer(disk.open().folder, log);
    writer.start();
    writer.keep(orders);
    writer.stop();
  }
  auto opened = disk.open();
  CHECK(opened.drains == orders);
  opened.folder->keep(std::vector<DrainOrder>());
  opened = {};
  CHECK(disk.open().drains.empty());

  disk.open().folder->keep(orders);
  CHECK(disk.open("east").drains.empty());
  CHECK(disk.has("drains.bad"));
  disk.write("drains", "nonsense");
  const auto again = disk.open("east");
  CHECK(again.drains.empty());
  CHECK(says(again.folder->status(), "drains is no state of an agent: set aside as drains.bad"));
}

TEST_CASE("a life that cannot be read is set aside, and what is known of others stays", "[disk]") {
  const Disk disk;
  disk.open().folder->save(publication({origin("east")}, 0x700000009));
  disk.write("self", "nonsense");
  const auto opened = disk.open();
  CHECK(opened.last_incarnation == 0);
  CHECK(says(opened.folder->status(), "self is no state of an agent: set aside as self.bad"));
  CHECK(ids(opened) == std::vector<OriginId>{{"east", 0}});
  CHECK(decode_self(disk.read("self")).value().incarnation == next_life(0));
  opened.folder->save(publication({origin("east")}, next_life(0)));
  CHECK(opened.folder->status().troubles.empty());
}

TEST_CASE("two agents cannot have one folder", "[disk]") {
  const Disk disk;
  const auto opened = disk.open();
  const auto second = StateFolder::open(disk.path + "/state", "west");
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().message.find("in use by another agent") != std::string::npos);
}

TEST_CASE("the disk thread has the newest publication written when it is told to stop", "[disk]") {
  const Disk disk;
  base::Logger log(base::LogLevel::off, base::LogFormat::text);
  {
    StateWriter writer(disk.open().folder, log, std::chrono::hours(1));
    writer.start();
    writer.publication(shared(publication({origin("east", 1)})));
    wait_until([&] { return writer.status().written >= 2; });  // self and east
    for (std::uint64_t version = 2; version <= 50; ++version)
      writer.publication(shared(publication({origin("east", version)})));
    writer.stop();
    CHECK(writer.status().written == 3);
  }
  CHECK(disk.open().state.origins.at(0).stamp.version == 50);
}

TEST_CASE("a new life of our own does not wait for its turn, all else does", "[disk]") {
  const Disk disk;
  base::Logger log(base::LogLevel::off, base::LogFormat::text);
  StateWriter writer(disk.open().folder, log, std::chrono::hours(1));
  writer.start();
  for (std::uint64_t life = 1; life <= 5; ++life) {
    writer.publication(shared(publication({origin("east", life)}, life << 40)));
    wait_until([&] { return writer.status().written >= 2 + life; });
    CHECK(decode_self(disk.read("self")).value().incarnation == life << 40);
    CHECK(decode_origin(disk.read("east.0.rows")).value().stamp.version == 1);
  }
  writer.stop();
  CHECK(decode_origin(disk.read("east.0.rows")).value().stamp.version == 5);
}

TEST_CASE("that the disk takes nothing is said once, however often it is tried", "[disk]") {
  const Disk disk;
  const auto said = standard_error_of([&] {
    base::Logger log(base::LogLevel::info, base::LogFormat::text);
    StateWriter writer(disk.open().folder, log);
    const FullDisk full(10);
    writer.start();
    for (std::uint64_t life = 1; life <= 5; ++life) {
      const auto before = writer.status().failures;
      writer.publication(shared(publication({origin("east")}, life << 40)));
      wait_until([&] { return writer.status().failures > before; });
    }
    writer.stop();
  });
  const auto first = said.find("cannot write");
  REQUIRE(first != std::string::npos);
  CHECK(said.find("cannot write", first + 1) == std::string::npos);
}

TEST_CASE("what the disk is given is held to a pace", "[disk]") {
  const Disk disk;
  base::Logger log(base::LogLevel::off, base::LogFormat::text);
  const StateWriter writer(disk.open().folder, log);
  CHECK(writer.pause_after(0) == StateWriter::kSaveEvery);
  CHECK(writer.pause_after(1'000'000) == StateWriter::kSaveEvery);
  CHECK(writer.pause_after(100 * StateWriter::kBytesPerSecond) == std::chrono::seconds(100));
}
