// gossip_bulk NAME LISTEN PEER ROWS BYTES CHANGES: one agent's gossip alone, on loopback and
// without TLS, for bulk.py. It listens and dials at ports (0 = not), has so many rows of so many
// bytes, and where CHANGES is above 0 a row that says what time it is, written anew every so many
// milliseconds. A line on stdout for each thing that happens, with the milliseconds since boot.
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>

#include "base/random.hpp"
#include "discovery/node.hpp"
#include "discovery/rpc/client.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/server.hpp"

namespace {

using namespace std::chrono_literals;
using namespace discovery;

const std::string kClock = "x/clock";

base::TimePoint now() { return std::chrono::steady_clock::now(); }
long long ms(base::TimePoint time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

class Agent {
 public:
  Agent(const std::string& name, std::size_t rows, std::size_t bytes, long changes)
      : node_(config(name), base::Random(std::hash<std::string>{}(name)), now()),
        changes_(changes) {
    std::vector<EncodedRow> made;
    for (std::size_t n = 0; n < rows; ++n) {
      auto key = "e/apps/" + name + "/" + std::to_string(n);
      base::Bytes value(bytes - std::min(bytes, key.size()), static_cast<char>('a' + n % 26));
      made.push_back({std::move(key), std::move(value)});
    }
    act(node_.replace_local(now(), "files", std::move(made)));
    act(node_.local_ready(now()));
  }
  void listen(int port) {
    grpc::ServerBuilder builder;
    server_.add_to(builder);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), server_.credentials());
    grpc_server_ = builder.BuildAndStart();
  }
  void dial(int port) {
    rpc::dial(links_, {*base::IpAddress::parse("127.0.0.1"), static_cast<std::uint16_t>(port)},
              security_);
  }
  void run() {
    for (;;) {
      {
        auto until = node_.next_deadline();
        if (changes_ > 0) until = std::min(until, change_at_);
        std::unique_lock lock(mutex_);
        woken_.wait_until(lock, until, [this] { return awake_; });
        awake_ = false;
      }
      turn();
    }
  }

 private:
  static NodeConfig config(const std::string& name) {
    NodeConfig config;
    config.self = {name, 0};
    config.instance[0] = static_cast<std::uint8_t>(std::hash<std::string>{}(name));
    return config;
  }
  void turn() {
    const auto at = now();
    inbox_.drain(batch_);
    for (auto& event : batch_) handle(at, event);
    if (changes_ > 0 && at >= change_at_) {
      change_at_ = at + std::chrono::milliseconds(changes_);
      act(node_.replace_local(at, "clock", {{kClock, std::to_string(ms(at))}}));
    }
    if (at >= node_.next_deadline()) act(node_.tick(at));
    for (const auto link : std::exchange(writable_, {}))
      links_.pump(link, [&] { return node_.next_frame(at, link); });
    links_.tick(at);
    if (std::exchange(publish_, false)) look();
    if (const auto sent = node_.counters().snapshots_sent; sent != snapshots_)
      std::printf("%lld snapshots %llu\n", ms(at),
                  static_cast<unsigned long long>(snapshots_ = sent));
    if (const auto took = now() - at; took > 50ms)
      std::printf("%lld turn %lld\n", ms(at), static_cast<long long>(base::to_ms(took)));
    std::fflush(stdout);
  }
  void handle(base::TimePoint at, rpc::LinkEvent& event) {
    if (auto* up = std::get_if<rpc::LinkUp>(&event)) {
      writable_.insert(up->link);
      act(node_.link_up(at, up->link, std::move(up->peer)));
    } else if (auto* frame = std::get_if<rpc::LinkFrame>(&event)) {
      const bool beacons = std::holds_alternative<Beacons>(frame->frame) ||
                           std::holds_alternative<Still>(frame->frame);
      if (beacons)
        std::printf("%lld beacons %llu\n", ms(at), static_cast<unsigned long long>(frame->link));
      act(node_.receive(at, frame->link, std::move(frame->frame)));
      links_.consumed(frame->link);
    } else if (const auto* writable = std::get_if<rpc::LinkWritable>(&event)) {
      writable_.insert(writable->link);
    } else if (const auto* down = std::get_if<rpc::LinkDown>(&event)) {
      writable_.erase(down->link);
      act(node_.link_down(at, down->link, down->end));
    } else if (const auto* failed = std::get_if<rpc::DialFailed>(&event)) {
      std::printf("%lld failed %s\n", ms(at), failed->reason.c_str());
    }
  }
  void act(Effects effects) {
    writable_.insert(effects.writable.begin(), effects.writable.end());
    for (const auto link : effects.bulk) rpc::dial_bulk(links_, link, security_);
    for (auto& close : effects.close) links_.close(now(), close.link, std::move(close.reason));
    for (const auto& event : effects.events)
      if (event.kind != Event::Kind::link_ready && event.kind != Event::Kind::fresh_again)
        std::printf("%lld event %d %s %s\n", ms(now()), static_cast<int>(event.kind),
                    event.origin.to_string().c_str(), event.text.c_str());
    publish_ |= effects.publish;
  }
  void look() {
    const auto publication = node_.publication(now());
    for (const auto& origin : publication->origins) {
      if (origin.local) continue;
      auto& rows = rows_[origin.id];
      if (rows != origin.rows.size())
        std::printf("%lld rows %s %zu\n", ms(now()), origin.id.cluster.c_str(),
                    rows = origin.rows.size());
      const auto row = origin.rows.find(kClock);
      if (!row) continue;
      const auto said = std::strtoll(std::string(row->value).c_str(), nullptr, 10);
      auto& last = clocks_[origin.id];
      if (said != last)
        std::printf("%lld clock %s %lld\n", ms(now()), origin.id.cluster.c_str(), said);
      last = said;
    }
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;
  base::Inbox<rpc::LinkEvent> inbox_{4096, [this] {
                                       const std::lock_guard lock(mutex_);
                                       awake_ = true;
                                       woken_.notify_all();
                                     }};
  std::shared_ptr<rpc::Security> security_ = rpc::Security::insecure();
  rpc::Links links_{inbox_};
  rpc::Server server_{links_, security_};
  std::unique_ptr<grpc::Server> grpc_server_;
  Node node_;
  const long changes_;
  base::TimePoint change_at_{};
  std::set<LinkId> writable_;
  std::vector<rpc::LinkEvent> batch_;
  bool publish_ = false;
  std::uint64_t snapshots_ = 0;
  std::map<OriginId, std::size_t> rows_;
  std::map<OriginId, long long> clocks_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 2;
  const auto number = [&](int at) { return std::atol(arguments[at]); };
  Agent agent(arguments[1], static_cast<std::size_t>(number(4)),
              static_cast<std::size_t>(number(5)), number(6));
  if (number(2) != 0) agent.listen(static_cast<int>(number(2)));
  if (number(3) != 0) agent.dial(static_cast<int>(number(3)));
  std::printf("%lld up\n", ms(now()));
  agent.run();
}
