#include "tests/bench/real_agent.hpp"

#include <malloc.h>

#include "discovery/rpc/wire.hpp"
#include "tests/bench/processor.hpp"
#include "tests/bench/wan.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

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
    link_ = ++last_link_;
    stream_ = 0;
    node_.link_up(now_, link_, {"", "", false});
    origin.link_up(now_, link_, {"", "", true});
    bring(origin);
    // Bulk is paced: of its parts each takes a turn, and a beacon is as small as nothing.
    for (std::size_t before = 0; bytes - before > kBeacon;) {
      before = bytes;
      bring(origin);
    }
  }
  void part(discovery::Node& origin) {
    for (const auto link : links()) {
      node_.link_down(now_, link, discovery::Node::LinkEnd::closed);
      origin.link_down(now_, link, discovery::Node::LinkEnd::closed);
    }
  }
  // All that both have to say now and at the next beacon, on the link and its bulk stream.
  void bring(discovery::Node& origin) {
    now_ += 25ms;
    heed(origin, origin.tick(now_));
    node_.tick(now_);
    for (bool busy = true; busy;) {
      busy = false;
      for (const auto link : links()) {
        while (auto frame = origin.next_frame(now_, link)) {
          busy = true;
          take_in(link, discovery::rpc::encode(*frame));
        }
        while (auto frame = node_.next_frame(now_, link)) {
          busy = true;
          heed(origin, origin.receive(now_, link, std::move(*frame)));
        }
      }
    }
  }
  // What the origin has to say, kept to be taken later.
  void draw(discovery::Node& origin, std::vector<discovery::Frame>& frames) {
    now_ += 25ms;
    origin.tick(now_);
    while (auto frame = origin.next_frame(now_, link_)) frames.push_back(std::move(*frame));
  }
  void take(std::vector<discovery::Frame> frames, bool publishes) {
    for (auto& frame : frames) {
      node_.receive(now_, link_, std::move(frame));
      if (publishes) publish();
    }
  }
  void publish() { (void)node_.publication(now_); }
  discovery::Node& node() { return node_; }
  base::TimePoint now() const { return now_; }

  std::size_t bytes = 0;
  base::Duration busy_time{};  // with decoding

 private:
  static constexpr std::size_t kBeacon = 200;

  std::vector<discovery::LinkId> links() const {
    return stream_ ? std::vector{link_, stream_} : std::vector{link_};
  }
  // The origin has dialled, and opens the stream for what is large.
  void heed(discovery::Node& origin, const discovery::Effects& effects) {
    if (effects.bulk.empty() || stream_) return;
    stream_ = ++last_link_;
    node_.link_up(now_, stream_, {"", "", false, false, link_});
    origin.link_up(now_, stream_, {"", "", true, false, link_});
  }
  void take_in(discovery::LinkId link, const std::string& text) {
    bytes += text.size();
    const auto begun = processor_time();
    auto decoded = discovery::rpc::decode(
        text, discovery::kMaxFrameBytes * (link == stream_ ? discovery::kBulkFrame : 1));
    if (decoded.ok()) node_.receive(now_, link, std::move(*decoded));
    busy_time += processor_time() - begun;
  }

  base::TimePoint now_{1h};
  discovery::Node node_;
  discovery::LinkId last_link_ = 0, link_ = 0, stream_ = 0;  // 0 = none
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

}  // namespace

void join(Report& report, std::size_t origins, std::size_t rows) {
  Joiner joiner;
  const auto before = heap();
  std::size_t raw = 0;
  for (std::size_t n = 0; n < origins; ++n) {
    auto its = endpoints(n, rows, 100);
    for (const auto& row : its) raw += row.key.size() + row.value.size();
    auto origin = origin_of("c" + std::to_string(n), n, joiner.now(), std::move(its));
    joiner.join(*origin);
    joiner.part(*origin);
  }
  joiner.publish();
  std::size_t shown = 0;
  for (const auto& origin : joiner.node().publication(joiner.now())->origins)
    shown += origin.rows.size();
  const auto count = static_cast<double>(origins * rows);
  report.at_least("rows that arrived", static_cast<double>(shown), count, "");
  const auto wire = static_cast<double>(joiner.bytes) * 8 / 1e9;
  const auto busy = std::chrono::duration<double>(joiner.busy_time).count();
  report.at_most("heap per remote endpoint, publication included",
                 static_cast<double>(heap() - before) / count, 200, "B");
  report.at_most("  of which key and value", static_cast<double>(raw) / count, 0, "B");
  report.at_most("cold join: payload per endpoint", static_cast<double>(joiner.bytes) / count, 0,
                 "B");
  report.at_most("cold join: time on a wire of 1 Gbit/s", wire, 0, "s");
  report.at_most("cold join: one processor, decoding and applying", busy, 0, "s");
  // Both go on at once; a hello, a beacon and a pull are three round trips of the longest way.
  report.at_most("cold join of all of them", std::max(wire, busy) + 3 * 0.27, 5, "s");
}

// Asking for the processor's time costs half a microsecond itself, so that changes are taken by
// hundreds in one stretch, each from a frame of its own: once alone, once with a publication after
// each.
void single_changes(Report& report, std::size_t service) {
  constexpr std::size_t kStretches = 50, kChanges = 200;  // of 25 ms: no link is silent meanwhile
  Joiner joiner;
  auto origin = origin_of("big", 1, joiner.now(), endpoints(1, service, service));
  joiner.join(*origin);
  joiner.publish();
  base::Random random(5);
  const auto each = [&](bool publishes) {
    base::Duration time{};
    const auto before = joiner.node().counters().rows_applied;
    for (std::size_t n = 0; n < kStretches; ++n) {
      std::vector<discovery::Frame> frames;
      for (std::size_t edition = 1; edition <= kChanges; ++edition) {
        // A source of one row costs its sender nothing: the others stay.
        auto row = endpoint_row(1, 0, random.below(service), edition);
        origin->replace_local(joiner.now(), "changing", {std::move(row)});
        joiner.draw(*origin, frames);
      }
      const auto begun = processor_time();
      joiner.take(std::move(frames), publishes);
      time += processor_time() - begun;
      joiner.bring(*origin);
    }
    return std::chrono::duration<double, std::micro>(time).count() /
           static_cast<double>(joiner.node().counters().rows_applied - before);
  };
  const auto applied = each(false), published = each(true) - applied;
  const auto text = "a change in a service of " + std::to_string(service) + ": ";
  const bool large = service == 10'000;
  report.at_most(text + "applied", applied, large ? 2 : 0, "us");
  report.at_most(text + "visible in the next publication", published, large ? 20 : 0, "us");
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

}  // namespace bench
