// Nodes joined by perfect links on virtual time, told as a story: who starts, who says what, who
// falls silent, who knows what in the end. Weather belongs to tests/sim.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "discovery/leaf.hpp"
#include "discovery/node.hpp"
#include "tests/sim/toy_notary.hpp"

class Story {
 public:
  using Contents = std::map<std::string, std::string>;  // value by key
  using State = discovery::Member::State;

  struct Actor {
    std::unique_ptr<discovery::Participant> node;
    std::vector<std::string> events;
    std::vector<std::string> closed;
    std::set<discovery::LinkId> writable;
    std::vector<discovery::ProbeRequest> probes;
    base::TimePoint deaf_until{};  // its loop is stalled
  };

  discovery::NodeConfig config(const std::string& name) const {
    discovery::NodeConfig config;
    config.self = origin(name);
    config.instance[0] = static_cast<std::uint8_t>(++instances_);
    config.advertise = name + ".example:7700";
    if (secure) config.notary = std::make_shared<sim::ToyNotary>(config.self.cluster);
    return config;
  }
  // "east" or "east/1".
  static discovery::OriginId origin(const std::string& name) {
    const auto slash = name.find('/');
    if (slash == std::string::npos) return {name, 0};
    return {name.substr(0, slash), static_cast<std::uint32_t>(std::stoul(name.substr(slash + 1)))};
  }

  void start(const std::string& name, Contents contents = {}) {
    start(config(name), name, std::move(contents));
    act(name, actor(name).node->local_ready(now));
  }
  void start(discovery::NodeConfig config, const std::string& name, Contents contents) {
    actors_[name].node =
        std::make_unique<discovery::Node>(std::move(config), base::Random(++seed_), now);
    says(name, std::move(contents));
  }
  // It dials whom connect() says.
  void start_leaf(const std::string& name, const std::string& cluster) {
    auto config = this->config(name);
    config.self = {cluster, 0};
    config.advertise.clear();
    config.notary = nullptr;
    actors_[name].node =
        std::make_unique<discovery::Leaf>(std::move(config), base::Random(++seed_), now);
    act(name, actor(name).node->local_ready(now));
  }
  void says(const std::string& name, Contents contents) {
    std::vector<discovery::EncodedRow> rows;
    for (auto& [key, value] : contents) rows.push_back({key, value});
    act(name, actor(name).node->replace_local(now, "files", std::move(rows)));
  }
  // SIGKILL: its links are reset on the other side.
  void kill(const std::string& name) {
    for (auto& [id, wire] : wires_)
      if (wire.from == name || wire.to == name) wire.cut = true;
    actors_.erase(name);
    sweep(discovery::Node::LinkEnd::reset);
  }
  // `from` dials `to`. Links have the same number on both sides, which no node can see.
  discovery::LinkId connect(const std::string& from, const std::string& to,
                            const std::string& proven = "") {
    const auto id = ++last_link_;
    wires_[id] = {from, to, false, false, {}};
    act(to, actor(to).node->link_up(now, id, {proven, from, false}));
    act(from, actor(from).node->link_up(now, id, {"", to, true}));
    settle();
    return id;
  }
  void connect_all() {
    for (auto a = actors_.begin(); a != actors_.end(); ++a)
      for (auto b = std::next(a); b != actors_.end(); ++b) connect(a->first, b->first);
  }
  // A link whose other end is the test itself: it says what it likes by sends(), and what is said
  // to it is lost where it does not call next_frame() first.
  discovery::LinkId meet(const std::string& name, const std::string& as,
                         std::uint64_t features = 0) {
    const auto id = ++last_link_;
    discovery::Hello hello;
    hello.self = origin(as);
    hello.features = features | (secure ? discovery::kFeatureProof : 0);
    hello.instance[0] = static_cast<std::uint8_t>(++instances_);
    act(name, actor(name).node->link_up(now, id, {"", as, false}));
    act(name, actor(name).node->receive(now, id, hello));
    return id;
  }
  void cut(discovery::LinkId link, discovery::Node::LinkEnd end = discovery::Node::LinkEnd::reset) {
    wires_.at(link).cut = true;
    sweep(end);
  }
  // Frames into it are lost without anybody noticing.
  void blackhole(discovery::LinkId link) { wires_.at(link).hole = true; }
  // Only those that `who` sends.
  void mute(discovery::LinkId link, const std::string& who) { wires_.at(link).mute = who; }
  void run(base::Duration time) {
    const auto end = now + time;
    settle();
    while (true) {
      auto next = end;
      for (auto& [name, actor] : actors_)
        next = std::min(next, std::max(actor.node->next_deadline(), actor.deaf_until));
      if (next >= end) break;
      now = std::max(now, next);
      for (auto& [name, actor] : actors_)
        if (actor.node->next_deadline() <= now && actor.deaf_until <= now)
          act(name, actor.node->tick(now));
      settle();
    }
    now = end;
    for (auto& [name, actor] : actors_)
      if (actor.deaf_until <= now) act(name, actor.node->tick(now));
    settle();
  }
  void sends(const std::string& to, discovery::LinkId link, discovery::Frame frame) {
    act(to, actor(to).node->receive(now, link, std::move(frame)));
    settle();
  }

  Contents knows(const std::string& who, const std::string& of) {
    Contents contents;
    for (const auto& known : actor(who).node->publication(now)->origins)
      if (known.id == origin(of))
        known.rows.for_each(
            [&](const discovery::RowView& row) { contents.emplace(row.key, row.value); });
    return contents;
  }
  bool has_heard_of(const std::string& who, const std::string& of) {
    for (const auto& member : actor(who).node->members(now))
      if (member.id == origin(of)) return true;
    return false;
  }
  discovery::Member member(const std::string& who, const std::string& of) {
    for (auto& found : actor(who).node->members(now))
      if (found.id == origin(of)) return found;
    return {};
  }
  State state(const std::string& who, const std::string& of) { return member(who, of).state; }
  Actor& actor(const std::string& name) { return actors_.at(name); }
  discovery::Participant& node(const std::string& name) { return *actor(name).node; }

  bool opens_bulk = true;  // bulk streams come up when they are asked for
  bool secure = false;     // agents that start from now on sign what they say
  base::TimePoint now{std::chrono::hours(1)};
  std::set<base::SocketAddress> answering;  // endpoints that accept connections
  std::size_t max_frame = discovery::kMaxFrameBytes;
  // Told of every frame and event, if set.
  std::function<void(const std::string& from, const std::string& to, const discovery::Frame&)>
      hears_frame;
  std::function<void(discovery::LinkId, const discovery::Frame&)> hears_on;
  std::map<discovery::LinkId, discovery::LinkId>
      streams;  // bulk streams that came up, of which link
  std::function<void(const std::string&, const discovery::ProbeRequest&)> hears_probe;
  std::function<void(const std::string& who, const discovery::Event&)> hears_event;

  void act(const std::string& name, discovery::Effects effects) {
    auto& who = actor(name);
    for (auto& event : effects.events) {
      if (hears_event) hears_event(name, event);
      who.events.push_back(event.origin.to_string() + ": " + event.text);
    }
    for (const auto id : effects.writable) who.writable.insert(id);
    for (auto& probe : effects.probes) {
      if (hears_probe) hears_probe(name, probe);
      who.probes.push_back(std::move(probe));
    }
    for (const auto link : effects.bulk)
      if (const auto wire = wires_.find(link); wire != wires_.end() && opens_bulk)
        open_bulk(link, wire->second.from, wire->second.to);
    for (auto& close : effects.close) {
      who.closed.push_back(close.reason);
      if (const auto wire = wires_.find(close.link); wire != wires_.end()) {
        const auto other = wire->second.from == name ? wire->second.to : wire->second.from;
        wires_.erase(wire);
        if (actors_.contains(other))
          act(other,
              actor(other).node->link_down(now, close.link, discovery::Node::LinkEnd::closed));
      }
    }
  }

 private:
  void open_bulk(discovery::LinkId of, const std::string& from, const std::string& to) {
    const auto id = ++last_link_;
    wires_[id] = {from, to, false, false, {}};
    streams[id] = of;
    act(to, actor(to).node->link_up(now, id, {"", from, false, false, of}));
    act(from, actor(from).node->link_up(now, id, {"", to, true, false, of}));
  }
  struct Wire {
    std::string from, to;
    bool cut, hole;
    std::string mute;
  };
  void sweep(discovery::Node::LinkEnd end) {
    for (auto at = wires_.begin(); at != wires_.end();) {
      const auto [id, wire] = *at++;
      if (!wire.cut) continue;
      wires_.erase(id);
      for (const auto& name : {wire.from, wire.to})
        if (actors_.contains(name)) act(name, actor(name).node->link_down(now, id, end));
    }
    settle();
  }
  // Delivers until nobody has anything to say.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      std::vector<std::string> names;
      for (auto& [name, actor] : actors_) names.push_back(name);
      for (const auto& name : names) {
        if (actor(name).deaf_until > now) continue;
        for (auto probes = std::exchange(actor(name).probes, {}); auto& probe : probes) {
          discovery::ProbeReply reply{probe.id, {}, {}};
          for (const auto& target : probe.targets)
            (answering.contains(target) ? reply.alive : reply.failed).push_back(target);
          act(name, actor(name).node->probed(now, std::move(reply)));
          busy = true;
        }
        for (const auto id : std::exchange(actor(name).writable, {})) busy |= drain(name, id);
      }
    }
  }
  bool drain(const std::string& name, discovery::LinkId id) {
    bool moved = false;
    while (auto frame = actor(name).node->next_frame(now, id, max_frame)) {
      moved = true;
      const auto wire = wires_.find(id);
      if (wire == wires_.end() || wire->second.hole || wire->second.mute == name) continue;
      const auto to = wire->second.from == name ? wire->second.to : wire->second.from;
      if (hears_frame) hears_frame(name, to, *frame);
      if (hears_on) hears_on(id, *frame);
      act(to, actor(to).node->receive(now, id, std::move(*frame)));
    }
    return moved;
  }

  std::map<std::string, Actor> actors_;
  std::map<discovery::LinkId, Wire> wires_;
  discovery::LinkId last_link_ = 0;
  std::uint64_t seed_ = 0;
  mutable unsigned instances_ = 0;
};
