#include "tests/bench/real_agent.hpp"

#include <malloc.h>
#include <time.h>

#include "discovery/rpc/wire.hpp"
#include "tests/bench/wan.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

// Of this thread: what others do on the machine does not count.
base::Duration processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// One agent and one origin at a time, without any delay; processor time of the agent alone.
class Joiner {
 public:
  Joiner() : node_(config("joiner"), base::Random(1), now_) { node_.local_ready(now_); }

  static discovery::NodeConfig config(const std::string& name) {
    discovery::NodeConfig config;
    config.self = {name, 0};
    config.instance[0] = static_cast<std::uint8_t>(std::hash<std::string>{}(name));
    return config;
  }
  void join(discovery::Node& origin) {
    ++link_;
    const auto up = [&](discovery::Node& node, bool dialled) {
      node.link_up(now_, link_, {"", "", dialled});
    };
    up(node_, false);
    up(origin, true);
    bring(origin);
    bring(origin);
  }
  void part(discovery::Node& origin) {
    using End = discovery::Node::LinkEnd;
    node_.link_down(now_, link_, End::closed);
    origin.link_down(now_, link_, End::closed);
  }
  // All that both have to say now and at the next beacon.
  void bring(discovery::Node& origin) {
    now_ += 25ms;
    origin.tick(now_);
    node_.tick(now_);
    for (bool busy = true; busy;) {
      busy = false;
      while (auto frame = origin.next_frame(now_, link_)) {
        busy = true;
        const auto text = discovery::rpc::encode(*frame);
        bytes += text.size();
        const auto begun = processor_time();
        auto decoded = discovery::rpc::decode(text);
        const auto middle = processor_time();
        if (decoded.ok()) node_.receive(now_, link_, std::move(*decoded));
        busy_time += processor_time() - begun;
        apply_time += processor_time() - middle;
      }
      while (auto frame = node_.next_frame(now_, link_)) {
        busy = true;
        origin.receive(now_, link_, std::move(*frame));
      }
    }
  }
  double publish() {
    const auto begun = processor_time();
    (void)node_.publication(now_);
    return std::chrono::duration<double, std::micro>(processor_time() - begun).count();
  }
  discovery::Node& node() { return node_; }
  base::TimePoint now() const { return now_; }

  std::size_t bytes = 0;
  base::Duration busy_time{}, apply_time{};  // with decoding; without

 private:
  base::TimePoint now_{1h};
  discovery::Node node_;
  discovery::LinkId link_ = 0;
};

std::size_t heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

std::unique_ptr<discovery::Node> origin_of(const std::string& name, std::size_t number,
                                           base::TimePoint now,
                                           std::vector<discovery::EncodedRow> rows) {
  auto node =
      std::make_unique<discovery::Node>(Joiner::config(name), base::Random(100 + number), now);
  node->replace_local(now, "files", std::move(rows));
  node->local_ready(now);
  return node;
}

std::vector<discovery::EncodedRow> endpoints(std::size_t cluster, std::size_t count,
                                             std::size_t in_service) {
  std::vector<discovery::EncodedRow> rows;
  for (std::size_t n = 0; n < count; ++n) rows.push_back(endpoint_row(cluster, n / in_service, n));
  return rows;
}

// The others are joined with this agent alone: in a full mesh they would hear each other.
void leave_out_thirds(discovery::Frame& frame, const discovery::OriginId& from,
                      const discovery::OriginId& to) {
  if (auto* said = std::get_if<discovery::Beacons>(&frame))
    std::erase_if(said->beacons,
                  [&](const auto& beacon) { return beacon.origin != from && beacon.origin != to; });
}

}  // namespace

void million(Report& report) {
  constexpr std::size_t kOrigins = 63, kRows = 16'000;
  Joiner joiner;
  const auto before = heap();
  std::size_t raw = 0;
  for (std::size_t n = 0; n < kOrigins; ++n) {
    auto rows = endpoints(n, kRows, 100);
    for (const auto& row : rows) raw += row.key.size() + row.value.size();
    auto origin = origin_of("c" + std::to_string(n), n, joiner.now(), std::move(rows));
    joiner.join(*origin);
    joiner.part(*origin);
  }
  joiner.publish();
  std::size_t shown = 0;
  for (const auto& origin : joiner.node().publication(joiner.now())->origins)
    shown += origin.rows.size();
  const auto count = static_cast<double>(kOrigins * kRows);
  if (shown != kOrigins * kRows) std::printf("  only %zu rows arrived\n", shown);
  const auto wire = static_cast<double>(joiner.bytes) * 8 / 1e9;
  const auto busy = std::chrono::duration<double>(joiner.busy_time).count();
  report.at_most("heap per remote endpoint, 1,008,000, publication included",
                 static_cast<double>(heap() - before) / count, 200, "B");
  report.at_most("  of which key and value", static_cast<double>(raw) / count, 0, "B");
  report.at_most("cold join: payload per endpoint", static_cast<double>(joiner.bytes) / count, 0,
                 "B");
  report.at_most("cold join: time on a wire of 1 Gbit/s", wire, 0, "s");
  report.at_most("cold join: one processor, decoding and applying", busy, 0, "s");
  // Both go on at once; a hello, a beacon and a pull are three round trips of the longest way.
  report.at_most("cold join of 1 M endpoints", std::max(wire, busy) + 3 * 0.27, 5, "s");
}

void single_changes(Report& report, std::size_t service) {
  constexpr std::size_t kChanges = 2'000;
  Joiner joiner;
  auto origin = origin_of("big", 1, joiner.now(), endpoints(1, service, service));
  joiner.join(*origin);
  joiner.publish();
  auto& node = *origin;
  joiner.apply_time = joiner.busy_time = {};
  double published = 0;
  const auto applied = joiner.node().counters().rows_applied;
  for (std::size_t n = 0; n < kChanges; ++n) {
    // A source of one row costs its sender nothing: the others stay.
    auto row = endpoint_row(1, 0, n % service, 1 + n % 99);
    node.replace_local(joiner.now(), "changing", {std::move(row)});
    joiner.bring(node);
    published += joiner.publish();
  }
  const auto rows = static_cast<double>(joiner.node().counters().rows_applied - applied);
  const auto micro = std::chrono::duration<double, std::micro>(joiner.apply_time).count();
  const auto text = "a change in a service of " + std::to_string(service) + ": ";
  report.at_most(text + "applied", micro / rows, service == 10'000 ? 2 : 0, "us");
  report.at_most(text + "visible in the next publication", published / kChanges,
                 service == 10'000 ? 20 : 0, "us");
}

void rate(Report& report) {
  constexpr std::size_t kRows = 10'000, kRounds = 20;
  Joiner joiner;
  auto origin = origin_of("busy", 1, joiner.now(), endpoints(1, kRows, 100));
  joiner.join(*origin);
  joiner.busy_time = {};
  const auto applied = joiner.node().counters().rows_applied;
  for (std::size_t round = 1; round <= kRounds; ++round) {
    std::vector<discovery::EncodedRow> rows;
    for (std::size_t n = 0; n < kRows; ++n)
      rows.push_back(endpoint_row(1, n / 100, n, n % 10 == 0 ? round : 0));
    origin->replace_local(joiner.now(), "files", std::move(rows));
    joiner.bring(*origin);
    joiner.publish();
  }
  const auto rows = static_cast<double>(joiner.node().counters().rows_applied - applied);
  report.at_least("changes per second, one processor, 1,000 at a time, decoded too",
                  rows / std::chrono::duration<double>(joiner.busy_time).count(), 50'000, "/s");
}

void idle(Report& report, std::size_t clusters, double most_kilobytes) {
  constexpr auto kTime = 20s;
  base::TimePoint now{1h};
  const auto self = Joiner::config("joiner");
  discovery::Node node(self, base::Random(1), now);
  node.local_ready(now);
  std::vector<std::unique_ptr<discovery::Node>> others;
  std::vector<discovery::OriginId> names;
  for (std::size_t n = 0; n + 1 < clusters; ++n) {
    names.push_back({"c" + std::to_string(n), 0});
    others.push_back(origin_of(names[n].cluster, n, now, endpoints(n, 16, 16)));
    node.link_up(now, n, {"", "", false});
    others[n]->link_up(now, n, {"", "", true});
  }
  std::size_t bytes = 0;
  const auto bring = [&](discovery::Node& other, std::size_t n) {
    for (bool busy = true; busy;) {
      busy = false;
      while (auto frame = node.next_frame(now, n)) {
        busy = true;
        bytes += discovery::rpc::encode(*frame).size();
        leave_out_thirds(*frame, self.self, names[n]);
        other.receive(now, n, std::move(*frame));
      }
      while (auto frame = other.next_frame(now, n)) {
        busy = true;
        node.receive(now, n, std::move(*frame));
      }
    }
  };
  const auto run = [&](base::Duration time) {
    for (const auto end = now + time; now < end;) {
      now += 50ms;
      node.tick(now);
      for (std::size_t n = 0; n < others.size(); ++n) {
        others[n]->tick(now);
        bring(*others[n], n);
      }
    }
  };
  run(kTime);
  bytes = 0;
  run(kTime);
  const auto each_second =
      static_cast<double>(bytes) / std::chrono::duration<double>(kTime).count();
  report.at_most("idle payload of an agent joined with " + std::to_string(others.size()),
                 each_second / 1'000, most_kilobytes, "kB/s");
}

}  // namespace bench
