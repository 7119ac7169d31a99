#include "dns/net/tcp_server.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns_net/live.hpp"

using dns::net::TcpLimits;
using dns::net::TcpServer;
using live::Fd;
using reading::Bytes;

namespace {

struct Live {
  explicit Live(TcpLimits limits = {}, mesh::Mesh mesh = mesh::bookinfo())
      : tables(mesh.table()), sockets(dns::net::open_sockets(live::loopback(), 1).value()) {
    server = TcpServer::start(std::move(sockets.tcp), tables, 1, limits).value();
  }

  Fd connect() {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    const auto length = base::net::to_sockaddr(sockets.address, storage);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) fd.reset();
    return fd;
  }

  dns::net::Tables tables;
  dns::net::Sockets sockets;
  std::unique_ptr<TcpServer> server;
};

Bytes framed(const Bytes& message) {
  Bytes out{static_cast<std::uint8_t>(message.size() >> 8),
            static_cast<std::uint8_t>(message.size())};
  out.insert(out.end(), message.begin(), message.end());
  return out;
}

// The next `count` answers of a stream; fewer when it ends.
std::vector<reading::Answer> answers(int fd, std::size_t count) {
  std::vector<reading::Answer> all;
  Bytes held;
  while (all.size() < count) {
    const std::size_t length = held.size() < 2 ? 0 : std::size_t{held[0]} << 8 | held[1];
    if (held.size() < 2 || held.size() < length + 2) {
      const auto more = live::receive(fd);
      if (more.empty()) return all;
      held.insert(held.end(), more.begin(), more.end());
      continue;
    }
    const auto answer = reading::read(held.data() + 2, length);
    if (!answer) throw std::runtime_error("not a message");
    all.push_back(*answer);
    held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(length + 2));
  }
  return all;
}

std::vector<std::uint16_t> ids(const std::vector<reading::Answer>& all) {
  std::vector<std::uint16_t> result;
  for (const auto& answer : all) result.push_back(answer.id);
  return result;
}

// True when the server has closed.
bool ended(int fd) { return live::wait_readable(fd) && live::receive(fd).empty(); }

}  // namespace

TEST_CASE("queries sent in one segment are all answered on one connection, in turn") {
  Live live;
  const auto client = live.connect();
  Bytes all;
  std::vector<std::uint16_t> sent;
  for (std::uint16_t id = 0; id < 500; ++id) {
    const auto query = framed(reading::make({.id = id}));
    all.insert(all.end(), query.begin(), query.end());
    sent.push_back(id);
  }
  live::send(client.get(), all);
  CHECK(ids(answers(client.get(), 500)) == sent);
  live::send(client.get(), framed(reading::make({.id = 7})));
  CHECK(ids(answers(client.get(), 1)) == std::vector<std::uint16_t>{7});
}

TEST_CASE("a query in pieces is answered when it is whole") {
  Live live;
  const auto client = live.connect();
  const auto query = framed(reading::make({.id = 9}));
  for (const auto byte : query) live::send(client.get(), {byte});
  CHECK(ids(answers(client.get(), 1)) == std::vector<std::uint16_t>{9});
  auto split = query;
  split.insert(split.end(), query.begin(), query.begin() + 5);
  live::send(client.get(), split);
  CHECK(answers(client.get(), 1).size() == 1);
  live::send(client.get(), Bytes(query.begin() + 5, query.end()));
  CHECK(answers(client.get(), 1).size() == 1);
}

TEST_CASE("an answer too large for UDP comes whole, also to a client that takes it late") {
  mesh::Mesh mesh;
  mesh::TestHost many{.host = "many.mesh.internal", .tiers = {{1, {}}}, .headless = true};
  for (int i = 0; i < 3500; ++i)
    many.tiers[0].endpoints.push_back(
        {"10." + std::to_string(i / 200) + ".0." + std::to_string(i % 200)});
  Live live({}, mesh.add(many));
  const auto client = live.connect();
  constexpr std::size_t kQueries = 200;  // 11 MB of answers: more than the kernel holds
  for (std::size_t i = 0; i < kQueries; ++i)
    live::send(client.get(), framed(reading::make({.name = "many.mesh.internal"})));
  const auto all = answers(client.get(), kQueries);
  REQUIRE(all.size() == kQueries);
  for (const auto& answer : all) {
    REQUIRE(answer.answer.size() == 3500);
    REQUIRE_FALSE(answer.tc());
  }
}

TEST_CASE("an empty message and one without a header are skipped, a malformed one is refused") {
  Live live;
  const auto client = live.connect();
  live::send(client.get(), {0, 0});
  live::send(client.get(), framed(Bytes(5, 0xff)));
  live::send(client.get(), framed(Bytes(40, 0x00)));
  const auto answer = answers(client.get(), 1);
  REQUIRE(answer.size() == 1);
  CHECK(answer[0].rcode == 1);
}

TEST_CASE(
    "a query longer than any real one closes the connection, after what came before it is "
    "answered") {
  Live live;
  const auto client = live.connect();
  auto bytes = framed(reading::make({.id = 3}));
  bytes.insert(bytes.end(), {0xff, 0xff, 0, 0});
  live::send(client.get(), bytes);
  CHECK(ids(answers(client.get(), 2)) == std::vector<std::uint16_t>{3});
  live.server->stop();
  CHECK(live.server->counters().too_long.get() == 1);
}

TEST_CASE("an idle connection is closed, and a trickle of bytes does not keep it open") {
  Live live({.idle = std::chrono::milliseconds(50)});
  const auto idle = live.connect();
  const auto trickling = live.connect();
  const auto query = framed(reading::make({}));
  CHECK(ended(idle.get()));
  // One byte a poll: the server hangs up long before the query is whole.
  for (const auto byte : query)
    if (::send(trickling.get(), &byte, 1, MSG_NOSIGNAL) < 0) break;
  live::receive(trickling.get());
  live.server->stop();
  CHECK(live.server->counters().timed_out.get() >= 1);
  CHECK(live.server->counters().closed.get() == live.server->counters().accepted.get());
}

TEST_CASE("at the cap the connection idle for longest goes and the newcomer is served") {
  for (const auto& limits : {TcpLimits{.connections = 2}, TcpLimits{.connections_per_client = 2}}) {
    Live live(limits);
    const auto ask = [](const Fd& fd) {
      live::send(fd.get(), framed(reading::make({})));
      return answers(fd.get(), 1).size() == 1;
    };
    const auto first = live.connect(), second = live.connect();
    REQUIRE(ask(first));
    REQUIRE(ask(second));
    REQUIRE(ask(first));  // now the second is the idlest
    const auto third = live.connect();
    CHECK(ask(third));
    CHECK(ended(second.get()));
    CHECK(ask(first));
    live.server->stop();
    CHECK(live.server->counters().evicted.get() == 1);
  }
}

TEST_CASE("a stop answers what was received, then closes; nobody else gets in") {
  Live live;
  const auto asking = live.connect(), idle = live.connect();
  live::send(asking.get(), framed(reading::make({.id = 5})));
  CHECK(answers(asking.get(), 1).size() == 1);
  live::send(asking.get(), framed(reading::make({.id = 6})));
  live.server->stop();
  CHECK(ids(answers(asking.get(), 2)) == std::vector<std::uint16_t>{6});
  CHECK(ended(idle.get()));
  live.server->stop();
}

TEST_CASE("a client that goes in the middle of anything harms nobody") {
  Live live;
  for (std::size_t cut = 0; cut < 40; ++cut) {
    const auto leaving = live.connect();
    auto query = framed(reading::make({}));
    query.resize(std::min(cut, query.size()));
    if (!query.empty()) live::send(leaving.get(), query);
  }
  const auto staying = live.connect();
  live::send(staying.get(), framed(reading::make({})));
  CHECK(answers(staying.get(), 1).size() == 1);
}
