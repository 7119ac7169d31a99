#include "discovery/rpc/links.hpp"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/random.hpp"
#include "discovery/rpc/transport.hpp"
#include "discovery/rpc/wire.hpp"
#include "proto/gossip.grpc.pb.h"
#include "tests/unit/rpc/agent_under_test.hpp"

using namespace discovery;
using namespace discovery::rpc;
using namespace std::chrono_literals;

namespace {

Frame text(std::string words) { return Goodbye{Goodbye::Reason::leaving, std::move(words)}; }
std::string words(const Frame& frame) { return std::get<Goodbye>(frame).text; }

struct Pair {
  AgentUnderTest east, west;
  base::SocketAddress address = west.listen();
  LinkId dialled = east.dial(address);
  LinkUp at_east = east.wait_for<LinkUp>();
  LinkUp at_west = west.wait_for<LinkUp>();
};

Delta full_frame() {
  Delta delta{{"east", 0}, 1, 0, 9, 0, {}, 0ms, Delta::Kind::changes, {}};
  for (std::uint64_t version = 1; version <= 3; ++version)
    delta.rows.push_back({"k", version, std::string(kMaxRowBytes - 1, 'v'), false});
  return delta;
}

}  // namespace

TEST_CASE("a dialled stream is a link at both ends and carries frames both ways", "[rpc]") {
  Pair pair;
  CHECK(pair.at_east.link == pair.dialled);
  CHECK(pair.at_east.peer.dialled);
  CHECK(pair.at_east.peer.address == pair.address.to_string());
  CHECK_FALSE(pair.at_west.peer.dialled);
  CHECK(pair.at_west.peer.address.starts_with("127.0.0.1:"));
  CHECK(pair.at_west.peer.proven_cluster.empty());

  pair.east.send(pair.at_east.link, text("hello west"));
  pair.west.send(pair.at_west.link, text("hello east"));
  CHECK(words(pair.west.wait_for_frame()) == "hello west");
  CHECK(words(pair.east.wait_for_frame()) == "hello east");
  CHECK(pair.east.wait_for<LinkWritable>().link == pair.at_east.link);
  CHECK(pair.west.wait_for<LinkWritable>().link == pair.at_west.link);
}

TEST_CASE("frames keep their order and come once", "[rpc]") {
  Pair pair;
  constexpr int kFrames = 500;
  int sent = 0, heard = 0;
  while (heard < kFrames) {
    if (sent < kFrames) {
      pair.east.send(pair.at_east.link, text(std::to_string(sent++)));
      pair.east.wait_for<LinkWritable>();
    }
    while (pair.west.count<LinkFrame>() > 0 || (sent == kFrames && heard < kFrames))
      REQUIRE(words(pair.west.wait_for_frame()) == std::to_string(heard++));
  }
  CHECK(pair.west.count<LinkFrame>() == 0);
}

TEST_CASE("a frame is not even asked for while another is being written", "[rpc]") {
  Pair pair;
  int asked = 0;
  bool had_left = true;
  const auto next = [&]() -> std::optional<Frame> {
    // Nothing is said of a write while the link asks: the first has left, and said so, or has not.
    if (++asked > 1) had_left = had_left && pair.east.count<LinkWritable>() > 0;
    return text("once");
  };
  pair.east.links.pump(pair.at_east.link, next);
  pair.east.links.pump(pair.at_east.link, next);
  CHECK(had_left);
  pair.east.links.pump(999, next);  // a link that is gone
  CHECK(asked <= 2);
}

TEST_CASE("a reader that does not consume stops its writer and drops nothing", "[rpc]") {
  Pair pair;
  const auto writer = pair.at_east.link;
  std::uint64_t heard = 0, consumed = 0;
  const auto sent = [&] { return pair.east.links.counters().frames_sent.load(); };
  pair.east.send(writer, full_frame());
  while (consumed < 40) {
    while (pair.east.count<LinkWritable>() > 0) {
      pair.east.wait_for<LinkWritable>();
      pair.east.send(writer, full_frame());
    }
    // What is on its way beside the unhandled: one being read, one being written, the transport's
    // window.
    REQUIRE(sent() <= heard + pair.west.count<LinkFrame>() + 4);
    if (heard == consumed + kMaxUnhandledFrames) {
      CHECK(pair.west.count<LinkFrame>() == 0);
      pair.west.links.consumed(pair.at_west.link);
      ++consumed;
    } else if (pair.west.count<LinkFrame>() > 0) {
      pair.west.wait_for<LinkFrame>();
      ++heard;
    }
  }
}

TEST_CASE("a bulk stream is a stream of its own of its link", "[rpc]") {
  Pair pair;
  const auto stream = dial_bulk(pair.east.links, pair.dialled, pair.east.security);
  const auto at_east = pair.east.wait_for<LinkUp>(), at_west = pair.west.wait_for<LinkUp>();
  CHECK(at_east.link == stream);
  CHECK(at_east.peer.bulk_of == pair.dialled);
  CHECK(at_west.peer.bulk_of == pair.at_west.link);
  CHECK(at_west.peer.address != pair.at_west.peer.address);  // another connection

  auto large = full_frame();
  for (int more = 0; more < 3; ++more)
    for (auto row : full_frame().rows) {
      row.version = large.rows.back().version + 1;
      large.rows.push_back(row);
    }
  large.to = 99;
  pair.east.send(at_east.link, large);
  const auto heard = pair.west.wait_for<LinkFrame>();
  CHECK(heard.link == at_west.link);
  CHECK(heard.frame == Frame(large));
  pair.west.send(at_west.link, text("here"));
  CHECK(pair.east.wait_for<LinkFrame>().link == stream);
  SECTION("and ends alone") {
    pair.west.links.close({}, at_west.link, "idle");
    CHECK(pair.east.wait_for<LinkDown>().link == stream);
    pair.east.send(pair.at_east.link, text("still here"));
    CHECK(words(pair.west.wait_for_frame()) == "still here");
  }
  SECTION("but carries more in a frame than its link may") {
    pair.east.send(pair.at_east.link, large);
    CHECK(pair.west.wait_for<LinkDown>().end == Node::LinkEnd::malformed);
  }
}

TEST_CASE("a bulk stream of a link that does not stand is none", "[rpc]") {
  Pair pair;
  CHECK(dial_bulk(pair.east.links, 999, pair.east.security) == 0);
  CHECK(dial_bulk(pair.west.links, pair.at_west.link, pair.west.security) == 0);  // not its to open
  const auto channel =
      grpc::CreateChannel("ipv4:" + pair.address.to_string(), grpc::InsecureChannelCredentials());
  for (const auto* key : {"", "0123456789abcdef0123456789abcdef"}) {
    grpc::ClientContext context;
    context.AddMetadata(kLinkKey, key);
    const auto stream = pb::Gossip::NewStub(channel)->Bulk(&context);
    CHECK(stream->Finish().error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK_THAT(pair.west.wait_for<PeerRefused>().reason, Catch::Contains("of no link"));
  }
}

TEST_CASE("a link that is closed tells the other side why", "[rpc]") {
  Pair pair;
  SECTION("by the side that accepted") {
    pair.west.links.close({}, pair.at_west.link, "two links to one agent");
    CHECK(pair.east.wait_for<LinkDown>().reason == "two links to one agent");
    CHECK(pair.west.wait_for<LinkDown>().end == Node::LinkEnd::closed);
  }
  SECTION("by the side that dialled, after its last frame") {
    pair.east.send(pair.at_east.link, text("goodbye"));
    pair.east.links.close({}, pair.at_east.link, "going home");
    CHECK(words(pair.west.wait_for_frame()) == "goodbye");
    CHECK(pair.west.wait_for<LinkDown>().end == Node::LinkEnd::closed);
    const auto down = pair.east.wait_for<LinkDown>();
    CHECK(down.end == Node::LinkEnd::closed);
    CHECK(down.reason == "going home");
  }
  CHECK(pair.east.links.size() == 0);
}

TEST_CASE("a link that is closed while its peer does not read is cut after its patience", "[rpc]") {
  Pair pair;
  pair.east.send(pair.at_east.link, full_frame());
  for (std::uint64_t written = 1; written < 8; ++written)
    if (pair.east.count<LinkWritable>() > 0) {
      pair.east.wait_for<LinkWritable>();
      pair.east.send(pair.at_east.link, full_frame());
    }
  const base::TimePoint now{};
  pair.east.links.close(now, pair.at_east.link, "enough");
  pair.east.links.tick(now + kClosePatience);
  CHECK(pair.east.wait_for<LinkDown>().reason == "enough");
  CHECK_FALSE(pair.east.links.tick(now + kClosePatience));
}

TEST_CASE("a server that goes resets its links and can be dialled again when it is back", "[rpc]") {
  AgentUnderTest east;
  auto west = std::make_unique<AgentUnderTest>();
  const auto address = west->listen();
  east.dial(address);
  east.wait_for<LinkUp>();
  west.reset();
  const auto down = east.wait_for<LinkDown>();
  INFO(down.reason);
  CHECK(down.end == Node::LinkEnd::reset);

  east.dial(address);
  const auto failed = east.wait_for<DialFailed>();
  CHECK_THAT(failed.reason, Catch::Contains("Connection refused"));

  west = std::make_unique<AgentUnderTest>();
  west->listen(address.port);
  east.dial(address);
  east.wait_for<LinkUp>();
  east.send(west->wait_for<LinkUp>().link, text("unused"));
}

TEST_CASE("a second server on the same port is refused", "[rpc]") {
  AgentUnderTest west, second;
  const auto address = west.listen();
  grpc::ServerBuilder builder;
  Server server(second.links, second.security);
  server.add_to(builder);
  int bound = 0;
  builder.AddListeningPort(address.to_string(), server.credentials(), &bound);
  CHECK_FALSE(builder.BuildAndStart());
}

TEST_CASE("shutdown with open streams ends them all and leaves nothing behind", "[rpc]") {
  AgentUnderTest west;
  const auto address = west.listen();
  std::vector<std::unique_ptr<AgentUnderTest>> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(std::make_unique<AgentUnderTest>());
    peers.back()->dial(address);
    peers.back()->wait_for<LinkUp>();
    const auto up = west.wait_for<LinkUp>();
    west.send(up.link, full_frame());
  }
  west.stop();
  CHECK(west.links.size() == 0);
  CHECK(west.count<LinkDown>() == 8);
  for (auto& peer : peers) peer->wait_for<LinkDown>();

  SECTION("and a stopped agent neither dials nor accepts") {
    west.dial(address);
    CHECK(west.wait_for<DialFailed>().reason == "this agent is stopping");
  }
}

TEST_CASE("a link stopped in the midst of its dial fails and does not come up", "[rpc]") {
  AgentUnderTest east, west;
  const auto address = west.listen();
  for (int round = 0; round < 20; ++round) {
    const auto link = east.dial(address);
    east.links.close({}, link, "changed my mind");
  }
  east.stop();
  CHECK(east.count<LinkUp>() == east.count<LinkDown>());
  CHECK(east.count<LinkDown>() + east.count<DialFailed>() == 20);
}

TEST_CASE("a malformed frame ends its link, is counted and reaches nobody", "[rpc]") {
  AgentUnderTest west;
  const auto channel =
      grpc::CreateChannel("ipv4:" + west.listen().to_string(), grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  const auto stream = pb::Gossip::NewStub(channel)->Link(&context);
  pb::Frame frame;
  std::string expected;
  SECTION("without a body") {
    REQUIRE(stream->Write(frame));
    expected = "malformed frame: frame: no body that this version knows";
  }
  SECTION("with an absurd field") {
    frame.mutable_pull()->mutable_origin()->set_cluster("no such name");
    REQUIRE(stream->Write(frame));
    expected = "malformed frame: pull.origin.cluster: not a DNS label";
  }
  SECTION("larger than any frame may be") {
    frame.mutable_goodbye()->set_text(std::string(kMaxWireBytes + 1, 'x'));
    stream->Write(frame);
    expected = "Received message larger than max";
  }
  CHECK_THAT(stream->Finish().error_message(), Catch::Contains(expected));
  west.wait_for<LinkDown>();
  CHECK(west.count<LinkFrame>() == 0);
  CHECK(west.links.size() == 0);
}

namespace {

// An agent of the other side that says nonsense once and then never ends its stream.
class Nonsense final : public pb::Gossip::Service {
  grpc::Status Link(grpc::ServerContext* context,
                    grpc::ServerReaderWriter<pb::Frame, pb::Frame>* stream) override {
    context->AddInitialMetadata(kLinkMark, "1");
    stream->Write(pb::Frame());
    pb::Frame ignored;
    while (stream->Read(&ignored)) {
    }
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }
};

}  // namespace

TEST_CASE("a peer that answers nonsense and does not end is cut off", "[rpc]") {
  Nonsense nonsense;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&nonsense);
  const auto server = builder.BuildAndStart();
  {
    AgentUnderTest east;
    east.dial({*base::IpAddress::parse("127.0.0.1"), static_cast<std::uint16_t>(port)});
    east.wait_for<LinkUp>();
    CHECK_THAT(east.wait_for<LinkDown>().reason, Catch::Contains("malformed frame"));
    CHECK(east.links.size() == 0);
  }
  server->Shutdown();
}

TEST_CASE("garbage on the gossip port changes nothing", "[rpc]") {
  Pair pair;
  base::Random random(11);
  for (int round = 0; round < 30; ++round) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(pair.address.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    std::string bytes = round % 2 == 0 ? "" : "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (auto left = random.below(2000); left > 0; --left)
      bytes += static_cast<char>(random.below(256));
    ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::close(fd);
  }
  pair.east.send(pair.at_east.link, text("still here"));
  CHECK(words(pair.west.wait_for_frame()) == "still here");
  CHECK(pair.west.count<LinkUp>() == 0);
  CHECK(pair.west.links.size() == 1);
}
