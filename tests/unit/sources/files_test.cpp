#include "discovery/sources/files.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "discovery/sources/prober.hpp"

namespace fs = std::filesystem;
using namespace discovery;

namespace {

struct Folder {
  std::string path;
  Folder() {
    path = (fs::temp_directory_path() / "nearmost-files-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()));
  }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
  }
};

// Turns the loop until `holds`, at most for a number of turns that is far more than it takes.
template <class F>
bool turn_until(base::net::EventLoop& loop, F holds) {
  for (int turn = 0; turn < 400 && !holds(); ++turn) loop.turn(std::chrono::milliseconds(25));
  return holds();
}

}  // namespace

TEST_CASE("a folder gives its documents in order of name and nothing else") {
  const Folder folder;
  folder.write("b.yaml", "b");
  folder.write("a.json", "a");
  folder.write("c.txt", "c");
  folder.write(".hidden.yaml", "h");
  fs::create_directory(folder.path + "/sub.yaml");
  const auto read = sources::read_files({folder.path});
  REQUIRE(read.files.size() == 2);
  CHECK(read.files[0].text == "a");
  CHECK(read.files[1].text == "b");
  CHECK(read.unreadable.empty());
}

TEST_CASE("what looks like documents and is not read is named, unless it is named itself") {
  const Folder folder;
  folder.write("a.yaml", "a");
  folder.write("B.YAML", "b");
  folder.write("notes.txt", "c");
  fs::create_directory(folder.path + "/more");
  fs::create_directory(folder.path + "/.git");
  std::ofstream(folder.path + "/more/c.yaml") << "c";
  const auto read = sources::read_files({folder.path});
  CHECK(read.files.size() == 1);
  std::vector<std::string> told;
  for (const auto& problem : read.left_out) {
    CHECK(problem.severity == resources::Severity::warning);
    told.push_back(problem.place.file.substr(folder.path.size()) + ": " + problem.hint);
  }
  std::sort(told.begin(), told.end());
  CHECK(told == std::vector<std::string>{"/B.YAML: rename it to .yaml",
                                         "/more: name it too where its parent is named"});
  const auto all =
      sources::read_files({folder.path, folder.path + "/more/", folder.path + "/B.YAML"});
  CHECK(all.files.size() == 3);
  CHECK(all.left_out.empty());
}

TEST_CASE("a file that is named twice over is read once") {
  const Folder folder;
  folder.write("a.yaml", "a");
  const auto file = folder.path + "/a.yaml";
  for (const auto& twice :
       {std::vector{file, file}, std::vector{file, folder.path},
        std::vector{folder.path, folder.path + "/"},
        std::vector{folder.path + "/./a.yaml",
                    folder.path + "/../" + fs::path(folder.path).filename().string() + "/a.yaml"}})
    CHECK(sources::read_files(twice).files.size() == 1);
  CHECK(sources::read_files({"/nonexistent/x.yaml", "/nonexistent/x.yaml"}).unreadable.size() == 1);
}

TEST_CASE("a folder is watched from above too, however it is written") {
  for (const auto* path : {"/etc/nearmost/resources", "/etc/nearmost/resources/",
                           "/etc/./nearmost/more/../resources//"})
    CHECK(sources::watched_for({path}) == std::vector<std::string>{path, "/etc/nearmost"});
  CHECK(sources::watched_for({"resources/"})[1] == fs::current_path().string());
}

TEST_CASE("a path that is not there is a problem that names it") {
  const auto read = sources::read_files({"/nonexistent/x.yaml"});
  REQUIRE(read.unreadable.size() == 1);
  CHECK(read.unreadable[0].place.file == "/nonexistent/x.yaml");
}

TEST_CASE("a link that leads to itself is a problem that names it, and the others are read") {
  const Folder folder;
  folder.write("a.yaml", "a");
  fs::create_symlink("loop.yaml", folder.path + "/loop.yaml");
  const auto read = sources::read_files({folder.path});
  REQUIRE(read.unreadable.size() == 1);
  CHECK(read.unreadable[0].place.file == folder.path + "/loop.yaml");
  CHECK(read.unreadable[0].hint.find("link") != std::string::npos);
  REQUIRE(read.files.size() == 1);
  CHECK(read.files[0].text == "a");
}

TEST_CASE("a folder that may be listed but not entered is a problem for each document in it") {
  if (::geteuid() == 0) return;  // to root every folder is open
  const Folder folder;
  folder.write("a.yaml", "a");
  fs::permissions(folder.path, fs::perms::owner_read);
  const auto read = sources::read_files({folder.path});
  fs::permissions(folder.path, fs::perms::owner_all);
  REQUIRE(read.unreadable.size() == 1);
  CHECK(read.unreadable[0].message.find("Permission denied") != std::string::npos);
}

TEST_CASE("a want of descriptors is not called a want of permission") {
  const Folder folder;
  folder.write("a.yaml", "a");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto read = sources::read_files({folder.path + "/a.yaml"});
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(read.unreadable.size() == 1);
  CHECK(read.unreadable[0].message.find("Too many open files") != std::string::npos);
  CHECK(read.unreadable[0].hint.find("ulimit") != std::string::npos);
}

TEST_CASE("what is no regular file is a problem, not a wait") {
  const Folder folder;
  REQUIRE(::mkfifo((folder.path + "/a.yaml").c_str(), 0600) == 0);
  const auto read = sources::read_files({folder.path});
  REQUIRE(read.unreadable.size() == 1);
  CHECK(read.unreadable[0].message.find("no regular file") != std::string::npos);
}

TEST_CASE("changes, renames over a file, a swapped link and a folder made again are all noticed") {
  const Folder folder;
  const auto docs = folder.path + "/docs";
  fs::create_directory(docs);
  std::ofstream(docs + "/a.yaml") << "one";
  auto loop = base::net::EventLoop::make();
  REQUIRE(loop.ok());
  std::vector<sources::ReadFiles> seen;
  auto files =
      sources::Files::open(**loop, {docs}, [&](auto read) { seen.push_back(std::move(read)); });
  REQUIRE(files.ok());
  const auto last = [&] {
    return seen.empty() || seen.back().files.empty() ? "" : seen.back().files.back().text;
  };
  REQUIRE(turn_until(**loop, [&] { return last() == "one"; }));

  std::ofstream(docs + "/a.yaml") << "two";
  CHECK(turn_until(**loop, [&] { return last() == "two"; }));

  std::ofstream(docs + "/.a.tmp") << "three";
  fs::rename(docs + "/.a.tmp", docs + "/a.yaml");
  CHECK(turn_until(**loop, [&] { return last() == "three"; }));

  // As Kubernetes mounts a ConfigMap: the file is a link through ..data, which is swapped.
  fs::create_directory(docs + "/..v1");
  fs::create_directory(docs + "/..v2");
  std::ofstream(docs + "/..v1/z.yaml") << "four";
  std::ofstream(docs + "/..v2/z.yaml") << "five";
  fs::create_symlink("..v1", docs + "/..data");
  fs::create_symlink("..data/z.yaml", docs + "/z.yaml");
  CHECK(turn_until(**loop, [&] { return last() == "four"; }));
  fs::create_symlink("..v2", docs + "/..data_tmp");
  fs::rename(docs + "/..data_tmp", docs + "/..data");
  CHECK(turn_until(**loop, [&] { return last() == "five"; }));

  fs::remove_all(docs);
  CHECK(turn_until(**loop, [&] { return !seen.back().unreadable.empty(); }));
  fs::create_directory(docs);
  std::ofstream(docs + "/a.yaml") << "six";
  CHECK(turn_until(**loop, [&] { return last() == "six"; }));
}

TEST_CASE("a folder that is another one, or is back, is a relist; files that go are a change") {
  const Folder folder;
  const auto path = folder.path + "/documents", aside = folder.path + "/aside";
  fs::create_directory(path);
  folder.write("documents/a.yaml", "1");
  folder.write("documents/b.yaml", "2");
  std::vector<sources::ReadFiles> read;
  auto loop = base::net::EventLoop::make();
  auto files = sources::Files::open(**loop, {path}, [&](auto now) { read.push_back(now); });
  REQUIRE(files);
  std::size_t reported = 0;
  const auto next = [&] {
    ++reported;
    REQUIRE(turn_until(**loop, [&] { return read.size() >= reported; }));
    return std::pair(read[reported - 1].files.size(), read[reported - 1].listing);
  };
  using Seen = std::pair<std::size_t, Listing>;
  CHECK(next() == Seen{2, Listing::change});
  fs::remove(path + "/a.yaml");
  CHECK(next() == Seen{1, Listing::change});
  // As an empty mount point takes the place of a volume: one rename, so that no reading sees both.
  fs::create_directory(aside);
  REQUIRE(renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, aside.c_str(), RENAME_EXCHANGE) == 0);
  CHECK(next() == Seen{0, Listing::relist});
  folder.write("documents/c.yaml", "3");
  CHECK(next() == Seen{1, Listing::change});
  REQUIRE(renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, aside.c_str(), RENAME_EXCHANGE) == 0);
  CHECK(next() == Seen{1, Listing::relist});
  fs::rename(path, path + ".away");
  CHECK(next() == Seen{0, Listing::change});
  CHECK(read.back().unreadable.size() == 1);
  fs::rename(path + ".away", path);
  CHECK(next() == Seen{1, Listing::relist});
}

TEST_CASE("a config map that is swapped, and a path that is never there, make no relist") {
  const Folder folder;
  for (const std::string day : {"/..1", "/..2"}) fs::create_directory(folder.path + day);
  folder.write("..1/a.yaml", "1");
  folder.write("..2/a.yaml", "2");
  fs::create_symlink("..1", folder.path + "/..data");
  fs::create_symlink("..data/a.yaml", folder.path + "/a.yaml");
  std::vector<sources::ReadFiles> read;
  auto loop = base::net::EventLoop::make();
  auto files = sources::Files::open(**loop, {folder.path, folder.path + "/never"},
                                    [&](auto now) { read.push_back(now); });
  REQUIRE(files);
  REQUIRE(turn_until(**loop, [&] { return read.size() == 1; }));
  fs::create_symlink("..2", folder.path + "/..tmp");
  fs::rename(folder.path + "/..tmp", folder.path + "/..data");
  REQUIRE(turn_until(**loop, [&] { return read.back().files.front().text == "2"; }));
  for (const auto& reading : read) CHECK(reading.listing == Listing::change);
}

TEST_CASE("nothing is reported while nothing changes, and again on request") {
  const Folder folder;
  folder.write("a.yaml", "one");
  auto loop = base::net::EventLoop::make();
  REQUIRE(loop.ok());
  int reports = 0;
  auto files = sources::Files::open(**loop, {folder.path}, [&](auto) { ++reports; });
  REQUIRE(turn_until(**loop, [&] { return reports == 1; }));
  folder.write("a.yaml", "one");  // an event without a change
  for (int turn = 0; turn < 8; ++turn) (*loop)->turn(std::chrono::milliseconds(25));
  CHECK(reports == 1);
  (*files)->reread({folder.path});
  CHECK(reports == 2);
}

TEST_CASE("a probe tells who accepts from who refuses") {
  auto loop = base::net::EventLoop::make();
  REQUIRE(loop.ok());
  const base::SocketAddress any{base::IpAddress::v4(0x7f000001), 0};
  auto open = base::net::listen_tcp(any), closed = base::net::listen_tcp(any);
  REQUIRE(open.ok());
  const auto alive = *base::net::local_address(open->get()),
             dead = *base::net::local_address(closed->get());
  *closed = base::net::Fd();

  std::vector<ProbeReply> replies;
  const ImportRule one_machine{.remote_loopback = ImportRule::Loopback::allowed,
                               .own_addresses = {},
                               .cluster_networks = {},
                               .hosts = {},
                               .zones = {}};
  sources::Prober prober(**loop, one_machine,
                         [&](auto reply) { replies.push_back(std::move(reply)); });
  prober.probe({7, {"west", 0}, {alive, dead}, std::chrono::seconds(5)});
  REQUIRE(turn_until(**loop, [&] { return !replies.empty(); }));
  CHECK(replies[0].id == 7);
  CHECK(replies[0].alive == std::vector<base::SocketAddress>{alive});
  CHECK(replies[0].failed == std::vector<base::SocketAddress>{dead});
  prober.probe({8, {"west", 0}, {}, std::chrono::seconds(5)});
  CHECK(replies.back().id == 8);
}

TEST_CASE("a probe knocks at no address that a peer must not send us to") {
  auto loop = base::net::EventLoop::make();
  REQUIRE(loop.ok());
  auto open = base::net::listen_tcp({base::IpAddress::v4(0x7f000001), 0});
  REQUIRE(open.ok());
  const auto ours = *base::net::local_address(open->get());
  std::vector<ProbeReply> replies;
  sources::Prober prober(**loop, {}, [&](auto reply) { replies.push_back(std::move(reply)); });
  prober.probe({7, {"west", 0}, {ours}, std::chrono::seconds(5)});
  REQUIRE(turn_until(**loop, [&] { return !replies.empty(); }));
  CHECK(replies[0].alive.empty());
  CHECK(replies[0].failed.empty());
  CHECK(::accept(open->get(), nullptr, nullptr) < 0);  // nobody came
}
