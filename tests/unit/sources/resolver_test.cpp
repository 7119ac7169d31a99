#include "discovery/sources/resolver.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>

#include "base/bytes.hpp"
#include "base/net/socket.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using discovery::sources::Resolver;
using Addresses = std::vector<base::IpAddress>;

namespace {

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }

// A DNS server that the test plays itself, query by query, and the answers that its resolver gave.
struct Scene {
  base::net::Fd server = std::move(*base::net::bind_udp({ip("127.0.0.1"), 0}));
  std::mutex mutex;
  std::condition_variable came;
  std::map<std::string, base::Result<Addresses>> answers;
  std::optional<Resolver> resolver;

  explicit Scene(base::Duration patience = 30s) {
    resolver.emplace(Resolver::Options{{*base::net::local_address(server.get())}, patience});
  }

  void ask(const std::string& host) {
    resolver->resolve(host, [this, host](auto answer) {
      const std::lock_guard lock(mutex);
      if (answer)
        answers.emplace(host, std::move(answer->addresses));
      else
        answers.emplace(host, answer.error());
      came.notify_all();
    });
  }

  base::Result<Addresses> wait_for(const std::string& host) {
    std::unique_lock lock(mutex);
    if (!came.wait_for(lock, 60s, [&] { return answers.contains(host); }))
      FAIL("no answer for " << host);
    return answers.at(host);
  }
  bool has(const std::string& host) {
    const std::lock_guard lock(mutex);
    return answers.contains(host);
  }

  struct Query {
    std::string name;
    int type = 0;  // 1 = A, 28 = AAAA
    std::string bytes;
    sockaddr_storage from{};
    socklen_t from_size = sizeof from;
  };
  Query receive() {
    pollfd waits{server.get(), POLLIN, 0};
    if (::poll(&waits, 1, 60'000) != 1) FAIL("no query came");
    Query query;
    query.bytes.resize(1500);
    const auto size = ::recvfrom(server.get(), query.bytes.data(), query.bytes.size(), 0,
                                 reinterpret_cast<sockaddr*>(&query.from), &query.from_size);
    REQUIRE(size > 12);
    query.bytes.resize(static_cast<std::size_t>(size));
    base::ByteReader reader(std::string_view(query.bytes).substr(12));
    for (auto length = reader.u8(); length != 0; length = reader.u8()) {
      if (!query.name.empty()) query.name += '.';
      query.name += base::as_text(reader.take(length));
    }
    query.type = reader.u16();
    query.bytes.resize(12 + reader.position() + 2);
    return query;
  }
  void ask_srv(const std::string& name, std::function<void(base::Result<Resolver::FoundSrv>)> got) {
    resolver->resolve_srv(name, [this, name, got](auto answer) {
      const std::lock_guard lock(mutex);
      got(std::move(answer));
      answers.emplace(name, Addresses{});
      came.notify_all();
    });
  }
  // `records`: as they stand in the answer section.
  void reply_raw(Query query, std::uint16_t count, std::string_view records) {
    auto& bytes = query.bytes;
    bytes[2] = static_cast<char>(0x81), bytes[3] = static_cast<char>(0x80);
    bytes[6] = static_cast<char>(count >> 8), bytes[7] = static_cast<char>(count);
    bytes[8] = bytes[9] = bytes[10] = bytes[11] = 0;
    bytes += records;
    ::sendto(server.get(), bytes.data(), bytes.size(), 0,
             reinterpret_cast<const sockaddr*>(&query.from), query.from_size);
  }
  void reply(Query query, const Addresses& addresses, char rcode = 0) {
    auto& bytes = query.bytes;
    bytes[2] = static_cast<char>(0x81);
    bytes[3] = static_cast<char>(0x80 | rcode);
    bytes[6] = 0;
    bytes[7] = static_cast<char>(addresses.size());
    bytes[8] = bytes[9] = bytes[10] = bytes[11] = 0;
    base::ByteWriter more;
    for (const auto& address : addresses) {
      more.u16(0xc00c);
      more.u16(address.is_v4() ? 1 : 28);
      more.u16(1);
      more.u32(5);
      more.u16(static_cast<std::uint16_t>(address.bytes().size()));
      more.put(address.bytes());
    }
    bytes += more.bytes();
    ::sendto(server.get(), bytes.data(), bytes.size(), 0,
             reinterpret_cast<const sockaddr*>(&query.from), query.from_size);
  }
};

// A record of the name that was asked for.
std::string srv_record(std::uint32_t ttl, std::array<std::uint16_t, 3> numbers,
                       std::string_view target) {
  base::ByteWriter out;
  for (const auto part : {0xc00c, 33, 1}) out.u16(static_cast<std::uint16_t>(part));
  out.u32(ttl);
  out.u16(static_cast<std::uint16_t>(6 + target.size()));
  for (const auto number : numbers) out.u16(number);
  return out.bytes() + std::string(target);
}

}  // namespace

TEST_CASE("the SRV records of a name come with the least of their TTLs", "[sources]") {
  Scene scene;
  std::optional<base::Result<Resolver::FoundSrv>> got;
  scene.ask_srv("_http._tcp.example", [&](auto answer) { got.emplace(std::move(answer)); });
  const auto query = scene.receive();
  CHECK(query.name == "_http._tcp.example");
  CHECK(query.type == 33);
  using namespace std::string_view_literals;
  scene.reply_raw(
      query, 2,
      srv_record(30, {10, 5, 8080}, "\1A\7Example\0"sv) + srv_record(20, {0, 0, 0}, "\0"sv));
  (void)scene.wait_for("_http._tcp.example");
  REQUIRE(got->ok());
  const auto& records = (*got)->records;
  CHECK(records == std::vector<Resolver::Srv>{{10, "a.example", 8080, 5}, {0, "", 0, 0}});
  CHECK((*got)->lasts == 20s);
}

TEST_CASE("an answer without SRV records is none, and a damaged one is a failure", "[sources]") {
  using namespace std::string_view_literals;
  Scene scene;
  std::optional<base::Result<Resolver::FoundSrv>> got;
  scene.ask_srv("_http._tcp.example", [&](auto answer) { got.emplace(std::move(answer)); });
  const bool damaged = GENERATE(true, false);
  if (damaged)
    scene.reply_raw(scene.receive(), 1, srv_record(30, {1, 1, 1}, "\77a"sv));
  else
    scene.reply_raw(scene.receive(), 0, "");
  (void)scene.wait_for("_http._tcp.example");
  REQUIRE_FALSE(got->ok());
  CHECK(got->error().code == (damaged ? base::Code::unavailable : base::Code::not_found));
}

TEST_CASE("a name has its IPv4 and its IPv6 addresses, each once", "[sources]") {
  Scene scene;
  scene.ask("west.example");
  for (int i = 0; i < 2; ++i) {
    const auto query = scene.receive();
    CHECK(query.name == "west.example");
    if (query.type == 1)
      scene.reply(query, {ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.1")});
    else
      scene.reply(query, {ip("fd00::1")});
  }
  CHECK(scene.wait_for("west.example").value() ==
        Addresses{ip("fd00::1"), ip("10.0.0.1"), ip("10.0.0.2")});
}

TEST_CASE("a name that does not exist is an error that names it", "[sources]") {
  Scene scene;
  scene.ask("nowhere.example");
  while (!scene.has("nowhere.example")) {
    pollfd waits{scene.server.get(), POLLIN, 0};
    if (::poll(&waits, 1, 10) == 1) scene.reply(scene.receive(), {}, 3);
  }
  const auto answer = scene.wait_for("nowhere.example");
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().message == "nowhere.example does not resolve: Domain name not found");
}

TEST_CASE("a name whose server is silent times out", "[sources]") {
  Scene scene(100ms);
  scene.ask("silent.example");
  const auto answer = scene.wait_for("silent.example");
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().code == base::Code::timeout);
}

TEST_CASE("a silent name holds up no other, and an end does not wait for it", "[sources]") {
  Scene scene;
  scene.ask("silent.example");
  scene.ask("quick.example");
  while (!scene.has("quick.example")) {
    pollfd waits{scene.server.get(), POLLIN, 0};
    if (::poll(&waits, 1, 10) != 1) continue;
    const auto query = scene.receive();
    if (query.name == "quick.example")
      scene.reply(query, query.type == 1 ? Addresses{ip("10.0.0.1")} : Addresses{});
  }
  CHECK(scene.wait_for("quick.example").value() == Addresses{ip("10.0.0.1")});
  CHECK_FALSE(scene.has("silent.example"));
  scene.resolver.reset();
  CHECK_FALSE(scene.wait_for("silent.example").ok());
}

TEST_CASE("a literal address needs no server", "[sources]") {
  Scene scene;
  scene.ask("fd00::7");
  CHECK(scene.has("fd00::7"));
  CHECK(scene.wait_for("fd00::7").value() == Addresses{ip("fd00::7")});
}

TEST_CASE("names beyond what may wait are refused at once", "[sources]") {
  std::atomic<int> refused = 0, stopped = 0;
  std::optional<Scene> scene(std::in_place);
  for (std::size_t i = 0; i < Resolver::kMaxAtOnce + Resolver::kMaxWaiting + 500; ++i)
    scene->resolver->resolve("silent.example", [&](const auto& answer) {
      ++(answer.error().code == base::Code::exhausted ? refused : stopped);
    });
  CHECK(refused >= 500);
  scene.reset();
  CHECK(refused + stopped == Resolver::kMaxAtOnce + Resolver::kMaxWaiting + 500);
}
