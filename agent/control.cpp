#include "agent/control.hpp"

#include <algorithm>
#include <iterator>

#include "discovery/leaf.hpp"

namespace agent {
namespace {

using discovery::Event;

constexpr base::Duration kRememberEvery = std::chrono::seconds(1);

base::TimePoint read_clock() { return std::chrono::steady_clock::now(); }

std::string_view name_of(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::link_ready:
      return "link ready";
    case Event::Kind::link_lost:
      return "link lost";
    case Event::Kind::suspect:
      return "suspect";
    case Event::Kind::stale:
      return "stale: its endpoints answer";
    case Event::Kind::demoted:
      return "demoted: its endpoints do not answer";
    case Event::Kind::dead:
      return "dead";
    case Event::Kind::fresh_again:
      return "fresh again";
    case Event::Kind::forgotten:
      return "forgotten";
    case Event::Kind::following:
      return "follows this home";
    case Event::Kind::homeless:
      return "no home is heard: all that is known is stale from now on";
    case Event::Kind::refuted:
      return "a new life begins above one that a peer remembers";
    case Event::Kind::refused:
      return "refused";
    case Event::Kind::malformed:
      return "malformed frame";
    case Event::Kind::held:
      return "relist held";
    case Event::Kind::hold_ended:
      return "hold ended";
    case Event::Kind::link_refused:
      return "link refused";
    case Event::Kind::turned_away:
      return "turned away by a peer";
    case Event::Kind::quarantined:
      return "in quarantine: its last good state serves";
    case Event::Kind::released:
      return "out of quarantine";
    case Event::Kind::taken:
      return "of its cluster's agents this one's rows are taken";
    case Event::Kind::moved:
      return "this agent takes another replica number";
  }
  return "event";
}

bool wants_attention(Event::Kind kind) {
  return kind != Event::Kind::link_ready && kind != Event::Kind::fresh_again &&
         kind != Event::Kind::forgotten && kind != Event::Kind::hold_ended &&
         kind != Event::Kind::released && kind != Event::Kind::taken &&
         kind != Event::Kind::following;
}

std::unique_ptr<discovery::Participant> make_node(discovery::NodeConfig config, std::uint64_t seed,
                                                  Control::As as) {
  if (as == Control::As::leaf)
    return std::make_unique<discovery::Leaf>(std::move(config), base::Random(seed), read_clock());
  return std::make_unique<discovery::Node>(std::move(config), base::Random(seed), read_clock());
}

}  // namespace

bool Membership::hears_sibling() const {
  return std::ranges::any_of(members, [this](const discovery::Member& member) {
    return !member.local && member.id.cluster == self.cluster &&
           member.state == discovery::Member::State::fresh;
  });
}

Control::Control(discovery::NodeConfig config, std::uint64_t seed, Callbacks callbacks,
                 base::Logger& log, As as)
    : log_(log),
      callbacks_(std::move(callbacks)),
      commands_(kMaxCommands, [this] { wake(); }),
      link_events_(kMaxCommands, [this] { wake(); }),
      links_(link_events_),
      node_(make_node(std::move(config), seed, as)),
      membership_(std::make_shared<Membership>()) {}

Control::~Control() { stop(discovery::Goodbye::Reason::leaving); }

void Control::use(std::unique_ptr<discovery::rpc::Dialer> dialer, PeerList peers) {
  dialer_ = std::move(dialer);
  peers_ = std::move(peers);
  dialer_->set_peers(base::TimePoint{}, peers_.to_dial());
}

void Control::start() { thread_ = std::thread(&Control::run, this); }

void Control::stop(discovery::Goodbye::Reason reason) {
  if (!thread_.joinable()) return;
  commands_.post(Leave{reason}, base::Delivery::must_deliver);
  {
    const std::lock_guard lock(wake_mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
  links_.stop();
}

// Desired state must arrive; only what repeats itself may be lost.
void Control::post(Command command) {
  const bool repeats = std::holds_alternative<discovery::ProbeReply>(command);
  commands_.post(std::move(command),
                 repeats ? base::Delivery::may_drop : base::Delivery::must_deliver);
}

std::shared_ptr<const Membership> Control::membership() const {
  const std::lock_guard lock(membership_mutex_);
  return membership_;
}

void Control::wake() {
  {
    const std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

// True when the thread is to stop.
bool Control::wait_until(base::TimePoint deadline) {
  std::unique_lock lock(wake_mutex_);
  wake_.wait_until(lock, deadline, [this] { return woken_; });
  woken_ = false;
  return stopping_;
}

void Control::run() {
  turn(read_clock());
  base::TimePoint last_turn = base::TimePoint::max();
  for (;;) {
    auto deadline = std::min({node_->next_deadline(), remembered_at_ + kRememberEvery, last_turn});
    if (dialer_) deadline = std::min(deadline, dialer_->next_deadline());
    if (closing_links_)
      deadline = std::min(deadline, read_clock() + discovery::rpc::kClosePatience);
    const bool stopping = wait_until(deadline);
    const auto now = read_clock();
    turn(now);
    if (stopping && last_turn == base::TimePoint::max()) last_turn = now + kGoodbyePatience;
    if (now >= last_turn || (stopping && links_.size() == 0)) return;
  }
}

void Control::turn(base::TimePoint now) {
  commands_.drain(command_batch_);
  link_events_.drain(link_batch_);
  for (auto& command : command_batch_) handle(now, command);
  for (auto& event : link_batch_) handle(now, event);
  if (now >= node_->next_deadline()) act(now, node_->tick(now));
  if (dialer_) dialer_->tick(now);
  pump(now);
  closing_links_ = links_.tick(now);
  take_edition();
  const bool changed = publish_;
  if (publish_) publish(now);
  if (changed || now - remembered_at_ >= kRememberEvery) remember(now);
  ++turns_;
  if (read_clock() - now > kSlowTurn) ++slow_turns_;
}

void Control::handle(base::TimePoint now, Command& command) {
  if (auto* local = std::get_if<SourceRows>(&command)) {
    if (auto* changes = std::get_if<discovery::RowChanges>(&local->rows))
      act(now, node_->change_local(now, local->source, std::move(*changes)));
    else
      act(now, node_->replace_local(now, local->source, std::get<0>(std::move(local->rows)),
                                    local->listing));
    if (local->edition) next_edition_ = {local->source, local->edition};
  } else if (auto* stuck = std::get_if<SourceStuck>(&command))
    act(now, node_->source_stuck(now, std::move(stuck->why)));
  else if (std::holds_alternative<LocalReady>(command))
    act(now, node_->local_ready(now));
  else if (auto* saved = std::get_if<discovery::SavedState>(&command)) {
    act(now, node_->restore(now, std::move(*saved)));
    if (publish_) publish(now);  // the builder begins while targets for probes are looked for
  } else if (auto* reply = std::get_if<discovery::ProbeReply>(&command))
    act(now, node_->probed(now, std::move(*reply)));
  else if (const auto* leave = std::get_if<Leave>(&command))
    act(now, node_->leave(now, leave->reason));
  else if (const auto* forget = std::get_if<Forget>(&command))
    act(now, node_->forget(now, forget->cluster));
  else if (auto* reach = std::get_if<Reach>(&command))
    node_->reach(std::move(reach->networks));
  else if (const auto* release = std::get_if<Release>(&command))
    act(now, node_->release(now, release->source));
  else if (auto* peers = std::get_if<Peers>(&command); peers && dialer_) {
    peers_.configure(std::move(peers->peers));
    dialer_->set_peers(now, peers_.to_dial());
  }
}

void Control::handle(base::TimePoint now, discovery::rpc::LinkEvent& event) {
  using namespace discovery::rpc;
  if (dialer_) dialer_->heard(now, event);
  if (auto* up = std::get_if<LinkUp>(&event)) {
    writable_.insert(up->link);
    act(now, node_->link_up(now, up->link, std::move(up->peer)));
  } else if (auto* frame = std::get_if<LinkFrame>(&event)) {
    act(now, node_->receive(now, frame->link, std::move(frame->frame)));
    links_.consumed(frame->link);
  } else if (const auto* writable = std::get_if<LinkWritable>(&event)) {
    writable_.insert(writable->link);
  } else if (const auto* down = std::get_if<LinkDown>(&event)) {
    writable_.erase(down->link);
    act(now, node_->link_down(now, down->link, down->end));
  } else if (const auto* refused = std::get_if<PeerRefused>(&event)) {
    log_.warn("gossip", "peer refused",
              {{"address", refused->address}, {"reason", refused->reason}});
    callbacks_.refused({Refusal::Side::ours, "", refused->address, refused->reason});
  } else if (const auto* failed = std::get_if<DialFailed>(&event)) {
    if (failed->refused_by != DialFailed::By::nobody)
      callbacks_.refused(
          {failed->refused_by == DialFailed::By::us ? Refusal::Side::ours : Refusal::Side::theirs,
           "", failed->address, failed->reason});
  }
}

void Control::act(base::TimePoint now, discovery::Effects effects) {
  writable_.insert(effects.writable.begin(), effects.writable.end());
  for (auto& request : effects.probes) callbacks_.probe(std::move(request));
  for (const auto& event : effects.events) {
    log(event);
    note_refusal(event);
    if (event.kind == Event::Kind::moved) peers_.is_now(event.origin);
  }
  if (dialer_)
    for (const auto link : effects.bulk) dialer_->open_bulk(link);
  for (auto& close : effects.close) links_.close(now, close.link, std::move(close.reason));
  publish_ |= effects.publish;
}

// Offers every link that may have something to say one frame; LinkWritable brings a link back for
// its next.
void Control::pump(base::TimePoint now) {
  for (const auto link : writable_) links_.pump(link, [&] { return node_->next_frame(now, link); });
  writable_.clear();
}

void Control::take_edition() {
  if (!next_edition_ || node_->holds(next_edition_->first)) return;
  edition_ = std::exchange(next_edition_, std::nullopt)->second;
  publish_ = true;
}

void Control::publish(base::TimePoint now) {
  publish_ = false;
  callbacks_.published(node_->publication(now), edition_);
}

void Control::remember(base::TimePoint now) {
  auto membership = std::make_shared<Membership>();
  membership->at = remembered_at_ = now;
  membership->synced = node_->synced(now);
  membership->self = node_->self();
  membership->stamp = node_->stamp();
  membership->members = node_->members(now);
  membership->leaves = node_->leaves();
  membership->home = node_->home(now);
  if (dialer_) {
    learn_peers(now, membership->members);
    membership->peers = dialer_->status(now);
  }
  membership->holds = node_->holds(now);
  membership->node = node_->counters();
  membership->turns = turns_;
  membership->slow_turns = slow_turns_;
  membership->commands_dropped = commands_.dropped();
  const std::lock_guard lock(membership_mutex_);
  membership_ = std::move(membership);
}

void Control::learn_peers(base::TimePoint now, const std::vector<discovery::Member>& members) {
  if (now - learnt_at_ < kRememberEvery) return;  // however often something is published
  learnt_at_ = now;
  if (peers_.learn(now, members)) dialer_->set_peers(now, peers_.to_dial());
  dial_again(now);
}

// Several agents may stand behind one name, and which one answers is its balancer's to say: who
// answers twice makes room for one that is still looked for.
void Control::dial_again(base::TimePoint now) {
  std::set<std::pair<base::HostPort, discovery::OriginId>> answered;
  for (const auto& [name, link] : dialer_->linked())
    if (const auto origin = node_->peer(link); origin && !answered.emplace(name, *origin).second)
      links_.close(now, link, "another agent behind this name is looked for");
}

void Control::note_refusal(const Event& event) {
  const bool ours = event.kind == Event::Kind::link_refused;
  if (!ours && event.kind != Event::Kind::turned_away) return;
  callbacks_.refused({ours ? Refusal::Side::ours : Refusal::Side::theirs,
                      event.origin.cluster.empty() ? "" : event.origin.to_string(), event.address,
                      event.text});
}

void Control::log(const Event& event) {
  if (wants_attention(event.kind))
    log_.warn("gossip", name_of(event.kind),
              {{"origin", event.origin.to_string()}, {"detail", event.text}});
  else
    log_.info("gossip", name_of(event.kind),
              {{"origin", event.origin.to_string()}, {"detail", event.text}});
}

}  // namespace agent
