// An agent's DNS with upstreams that answer, lie, are slow or are not there.
#include "dns/net/pass_on.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "dns/net/tcp_server.hpp"
#include "tests/unit/dns_net/fake_upstream.hpp"

using dns::net::PassOn;
using live::FakeUpstream;
using live::Messages;
using live::upstream_answer;
using reading::Bytes;

namespace {

constexpr std::uint16_t kRa = 0x0080, kAd = 0x0020, kCd = 0x0010;

Messages honest(const Bytes& query, bool) { return {upstream_answer(query)}; }
Messages silent(const Bytes&, bool) { return {}; }

struct Scene {
  explicit Scene(std::vector<base::SocketAddress> upstreams) {
    auto mesh = mesh::bookinfo();
    mesh.config.pass_on = {{".", std::move(upstreams)}};
    mesh.config.clients = {base::Cidr::parse("127.0.0.0/8").value()};
    tables.publish(mesh.table());
    auto sockets = dns::net::open_sockets(live::loopback(), 1);
    REQUIRE(sockets.ok());
    address = sockets->address;
    udp.emplace(std::move(sockets->udp), tables, 1, dns::net::UdpServer::kPatience, &pass_on);
    tcp = std::move(*dns::net::TcpServer::start(std::move(sockets->tcp), tables, 1, {}, &pass_on));
  }

  Bytes send(const Bytes& query) {
    const auto client = live::udp_client(address);
    live::send(client.get(), query);
    return live::receive(client.get());
  }
  reading::Answer ask(const reading::Ask& ask) {
    const auto bytes = send(reading::make(ask));
    const auto answer = reading::read(bytes.data(), bytes.size());
    REQUIRE(answer);
    return *answer;
  }
  std::uint64_t count(dns::Count dns::UpstreamCounters::*which) const {
    std::uint64_t sum = 0;
    for (const auto& [upstream, counters] : pass_on.upstreams()) sum += (*counters.*which).get();
    return sum;
  }

  dns::net::Tables tables;
  base::SocketAddress address;
  PassOn pass_on{1};
  std::optional<dns::net::UdpServer> udp;
  std::unique_ptr<dns::net::TcpServer> tcp;
};

live::Fd tcp_client(const base::SocketAddress& server) {
  live::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const auto length = base::net::to_sockaddr(server, storage);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0);
  return fd;
}

Bytes framed(const Bytes& message) {
  Bytes all{static_cast<std::uint8_t>(message.size() >> 8),
            static_cast<std::uint8_t>(message.size())};
  all.insert(all.end(), message.begin(), message.end());
  return all;
}

reading::Answer receive_framed(int fd) {
  Bytes all;
  while (all.size() < 2 || all.size() < 2u + (all[0] << 8 | all[1])) {
    const auto more = live::receive(fd);
    REQUIRE_FALSE(more.empty());
    all.insert(all.end(), more.begin(), more.end());
  }
  const auto answer = reading::read(all.data() + 2, all.size() - 2);
  REQUIRE(answer);
  return *answer;
}

}  // namespace

TEST_CASE("a name of others is answered by the upstream, one of ours by us") {
  FakeUpstream upstream("127.0.0.2", honest);
  Scene scene({upstream.address()});
  const auto answer = scene.ask({.name = "Www.Example.COM", .id = 0xbeef});
  CHECK(answer.id == 0xbeef);
  CHECK(answer.questions == std::vector<std::string>{"Www.Example.COM 1"});
  CHECK(answer.data(1) == std::vector<std::string>{"192.0.2.1"});
  CHECK(answer.answer[0].owner == "Www.Example.COM");
  CHECK_FALSE(answer.aa());
  CHECK((answer.flags & (kRa | kAd | kCd)) == kRa);
  CHECK_FALSE(answer.opt);
  CHECK(scene.ask({.name = "www.example.com", .flags = 0x0110, .edns = true}).opt);
  const auto ours = scene.ask({});
  CHECK(ours.answer.size() == 3);
  CHECK(ours.aa());
  CHECK((ours.flags & kRa) == kRa);
  CHECK(upstream.udp == 2);
  CHECK(upstream.tcp == 0);
}

TEST_CASE("over TCP names of others are answered, too, and do not hold up those behind them") {
  FakeUpstream upstream("127.0.0.2", honest);
  FakeUpstream dead("127.0.0.3", silent);
  Scene scene({dead.address(), upstream.address()});
  const auto client = tcp_client(scene.address);
  auto bytes = framed(reading::make({.name = "www.example.com", .id = 1}));
  const auto second = framed(reading::make({.id = 2}));
  bytes.insert(bytes.end(), second.begin(), second.end());
  live::send(client.get(), bytes);
  ::shutdown(client.get(), SHUT_WR);  // all is said; the answers still come
  CHECK(receive_framed(client.get()).id == 2);
  const auto late = receive_framed(client.get());
  CHECK(late.id == 1);
  CHECK(late.data(1).size() == 1);
  CHECK(live::receive(client.get()).empty());
}

TEST_CASE(
    "an upstream that is silent or refuses is left for the next, which is asked from then on") {
  FakeUpstream dead("127.0.0.2", silent);
  FakeUpstream upstream("127.0.0.3", honest);
  base::SocketAddress nobody = dead.address();
  nobody.ip = base::IpAddress::parse("127.0.0.9").value();
  Scene scene({dead.address(), nobody, upstream.address()});
  CHECK(scene.ask({.name = "a.example"}).data(1).size() == 1);
  CHECK(dead.udp == 1);
  CHECK(scene.ask({.name = "b.example"}).data(1).size() == 1);
  CHECK(scene.ask({.name = "c.example"}).data(1).size() == 1);
  CHECK(dead.udp == 1);
  CHECK(scene.count(&dns::UpstreamCounters::errors) == 2);
  CHECK(scene.count(&dns::UpstreamCounters::unanswered) == 2);
}

TEST_CASE("SERVFAIL says that no upstream can be reached, or that none has answered in time") {
  FakeUpstream gone("127.0.0.2", silent);
  base::SocketAddress nobody = gone.address();
  nobody.ip = base::IpAddress::parse("127.0.0.9").value();
  const auto refused = Scene({nobody}).ask({.name = "a.example", .edns = true});
  CHECK(refused.rcode == 2);
  CHECK(refused.opt->ede == 23);
  const auto begun = std::chrono::steady_clock::now();
  const auto silence = Scene({gone.address()}).ask({.name = "a.example", .edns = true});
  CHECK(silence.rcode == 2);
  CHECK(silence.opt->ede == 22);
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::seconds(3));
  CHECK(gone.udp >= 4);
}

TEST_CASE("what an upstream could not, the next one may; SERVFAIL of all is told") {
  FakeUpstream broken(
      "127.0.0.2", [](const Bytes& query, bool) { return Messages{upstream_answer(query, 0, 2)}; });
  FakeUpstream refusing(
      "127.0.0.3", [](const Bytes& query, bool) { return Messages{upstream_answer(query, 0, 5)}; });
  FakeUpstream upstream("127.0.0.4", honest);
  Scene scene({broken.address(), refusing.address(), upstream.address()});
  CHECK(scene.ask({.name = "a.example"}).data(1).size() == 1);
  CHECK(Scene({broken.address(), refusing.address()}).ask({.name = "a.example"}).rcode == 5);
}

TEST_CASE("an answer with another ID or question is not heard; the true one behind it is") {
  FakeUpstream liar("127.0.0.2", [](const Bytes& query, bool) {
    auto id = upstream_answer(query, 2), question = upstream_answer(query, 3);
    id[0] ^= 1;
    question[13] = question[13] == 'x' ? 'y' : 'x';
    return Messages{id, question, upstream_answer(query)};
  });
  Scene scene({liar.address()});
  CHECK(scene.ask({.name = "www.example.com"}).data(1).size() == 1);
}

TEST_CASE("an answer in another case is thrown away, and the question put again over TCP") {
  FakeUpstream forger("127.0.0.2", [](const Bytes& query, bool tcp) {
    auto forged = upstream_answer(query, tcp ? 1 : 2);
    for (std::size_t i = 13; !tcp && i < 28; ++i)
      if (std::isalpha(forged[i])) forged[i] ^= 0x20;
    return Messages{forged};
  });
  Scene scene({forger.address()});
  CHECK(scene.ask({.name = "www.example.com"}).data(1).size() == 1);
  CHECK(forger.udp == 1);
  CHECK(forger.tcp == 1);
  CHECK(scene.count(&dns::UpstreamCounters::mismatches) == 1);
}

TEST_CASE("a server that does not keep the case is asked over TCP from then on") {
  FakeUpstream lower("127.0.0.2", [](const Bytes& query, bool) {
    auto answer = upstream_answer(query);
    for (std::size_t i = 13; i < 28; ++i) answer[i] = static_cast<std::uint8_t>(answer[i] | 0x20);
    return Messages{answer};
  });
  Scene scene({lower.address()});
  for (int i = 0; i < 3; ++i)
    CHECK(scene.ask({.name = "aaaaaaaaaaaaaaaaaaaa" + std::to_string(i) + ".example"})
              .data(1)
              .size() == 1);
  CHECK(lower.udp == 1);
  CHECK(lower.tcp == 3);
}

TEST_CASE("a truncated answer is asked for over TCP; what does not fit the client has TC alone") {
  FakeUpstream upstream("127.0.0.2", [](const Bytes& query, bool tcp) {
    auto answer = upstream_answer(query, tcp ? 500 : 0);
    if (!tcp) answer[2] |= 2;
    return Messages{answer};
  });
  Scene scene({upstream.address()});
  const auto answer = scene.ask({.name = "big.example", .edns = true});
  CHECK(answer.tc());
  CHECK(answer.answer.empty());
  CHECK(answer.opt);
  const auto client = tcp_client(scene.address);
  live::send(client.get(), framed(reading::make({.name = "big.example"})));
  CHECK(receive_framed(client.get()).data(1).size() == 500);
}

TEST_CASE("an upstream without EDNS is spoken to without, and others' questions stay whole") {
  FakeUpstream old("127.0.0.2", [](const Bytes& query, bool) {
    if (query[11] == 0) return Messages{upstream_answer(query)};
    auto formerr = upstream_answer(query, 0, 1);
    formerr.resize(formerr.size() - 11);
    formerr[11] = 0;
    return Messages{formerr};
  });
  Scene scene({old.address()});
  for (int i = 0; i < 40; ++i) {
    const auto answer =
        scene.ask({.name = "n" + std::to_string(i) + ".example", .edns = i % 2 == 0});
    REQUIRE(answer.data(1).size() == 1);
    REQUIRE(answer.opt.has_value() == (i % 2 == 0));
  }
}

TEST_CASE("garbage is no answer: the question is put again over TCP, and then to the next") {
  FakeUpstream garbage("127.0.0.2", [](const Bytes& query, bool) {
    auto answer = upstream_answer(query);
    answer[7] = 9;  // more records than there are
    return Messages{answer};
  });
  FakeUpstream upstream("127.0.0.3", honest);
  Scene scene({garbage.address(), upstream.address()});
  CHECK(scene.ask({.name = "a.example"}).data(1).size() == 1);
  CHECK(garbage.udp == 1);
  CHECK(garbage.tcp == 1);
  CHECK(scene.count(&dns::UpstreamCounters::errors) == 2);
}

TEST_CASE("ID, case and port of the questions to an upstream differ") {
  std::set<std::string> ids, cases;
  FakeUpstream upstream("127.0.0.2", [&](const Bytes& query, bool) {
    ids.insert({query.begin(), query.begin() + 2});
    cases.insert({query.begin() + 12, query.begin() + 40});
    return Messages{upstream_answer(query)};
  });
  Scene scene({upstream.address()});
  for (int i = 0; i < 20; ++i) scene.ask({.name = "abcdefghijklmnopqrst.example"});
  scene.pass_on.stop();
  CHECK(ids.size() == 20);
  CHECK(cases.size() == 20);
}
