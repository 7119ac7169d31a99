#include "discovery/rpc/dialer.hpp"

#include <algorithm>

#include "discovery/rpc/client.hpp"

namespace discovery::rpc {
namespace {

using State = PeerStatus::State;

// How often an unanswered look-up is asked after; the answer itself wakes nobody.
constexpr base::Duration kLookAgain = std::chrono::milliseconds(50);
constexpr base::Duration kResolvePatience = std::chrono::seconds(10);

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::resolving:
      return "resolving";
    case State::dialling:
      return "dialling";
    case State::linked:
      return "linked";
    case State::waiting:
      return "waiting";
  }
  return "unknown";
}

Dialer::Dialer(Links& links, std::shared_ptr<const Security> security, base::Random random,
               Resolve resolve)
    : links_(links),
      security_(std::move(security)),
      random_(random),
      resolve_(std::move(resolve)) {}

void Dialer::set_peers(base::TimePoint now, const std::vector<base::HostPort>& peers) {
  std::map<base::HostPort, std::size_t> wanted;
  for (const auto& name : peers) ++wanted[name];
  std::erase_if(peers_, [&](const auto& entry) {
    const auto& [name, number] = entry.first;
    if (const auto at = wanted.find(name); at != wanted.end() && number < at->second) return false;
    if (entry.second.link)
      links_.close(now, entry.second.link, "no longer a peer of this agent's configuration");
    return true;
  });
  for (const auto& [name, count] : wanted)
    for (std::size_t number = 0; number < count; ++number)
      if (const auto [entry, is_new] = peers_.try_emplace({name, number}); is_new) {
        entry->second.status.peer = name;
        enter(entry->second, now, State::waiting, now);
      }
}

void Dialer::heard(base::TimePoint now, const LinkEvent& event) {
  if (const auto* up = std::get_if<LinkUp>(&event)) {
    if (auto* peer = find(up->link)) {
      enter(*peer, now, State::linked, base::TimePoint::max());
      peer->status.last_error.clear();
    }
  } else if (const auto* down = std::get_if<LinkDown>(&event)) {
    if (auto* peer = find(down->link)) {
      if (now - peer->since >= kStableAfter) peer->failures = 0;
      fail(*peer, now, down->reason.empty() ? "the link ended" : down->reason, kMostWait);
    }
  } else if (const auto* failed = std::get_if<DialFailed>(&event)) {
    if (auto* peer = find(failed->link)) {
      const bool certificate = failed->fault == DialFailed::Fault::certificate;
      fail(*peer, now, failed->reason, certificate ? kMostCertificateWait : kMostWait);
    }
  }
}

void Dialer::tick(base::TimePoint now) {
  ticked_at_ = now;
  take_answers(now);
  for (auto& [key, peer] : peers_) {
    if (now < peer.deadline) continue;
    if (peer.status.state == State::waiting) {
      start(key, peer, now);
    } else if (peer.status.state == State::dialling) {
      links_.close(now, peer.link, "");  // DialFailed or LinkDown of it is not waited for
      fail(peer, now, "no answer within " + base::to_string(kAttemptPatience), kMostWait);
    } else if (peer.status.state == State::resolving) {
      fail(peer, now, "the resolver does not answer", kMostWait);
    }
  }
}

base::TimePoint Dialer::next_deadline() const {
  auto deadline = base::TimePoint::max();
  for (const auto& [name, peer] : peers_) {
    auto at = peer.deadline;
    if (peer.status.state == State::resolving) at = std::min(at, ticked_at_ + kLookAgain);
    deadline = std::min(deadline, at);
  }
  return deadline;
}

std::vector<PeerStatus> Dialer::status(base::TimePoint now) const {
  std::vector<PeerStatus> list;
  for (const auto& [name, peer] : peers_) {
    list.push_back(peer.status);
    list.back().since = now - peer.since;
  }
  return list;
}

std::vector<std::pair<base::HostPort, LinkId>> Dialer::linked() const {
  std::vector<std::pair<base::HostPort, LinkId>> list;
  for (const auto& [key, peer] : peers_)
    if (peer.status.state == State::linked) list.emplace_back(key.first, peer.link);
  return list;
}

void Dialer::enter(Peer& peer, base::TimePoint now, State state, base::TimePoint deadline) {
  peer.status.state = state;
  peer.since = now;
  peer.deadline = deadline;
}

// A name is resolved anew when all its addresses have been tried: it may have moved.
void Dialer::start(const Key& key, Peer& peer, base::TimePoint now) {
  if (peer.next_address < peer.addresses.size()) return dial_next(peer, now);
  enter(peer, now, State::resolving, now + kResolvePatience);
  peer.lookup = ++next_lookup_;
  resolve_(peer.status.peer.host, [mailbox = mailbox_, key, lookup = peer.lookup](auto addresses) {
    const std::lock_guard lock(mailbox->mutex);
    mailbox->waiting.push_back({key, lookup, std::move(addresses)});
  });
  take_answers(now);
}

void Dialer::take_answers(base::TimePoint now) {
  std::vector<Resolved> answers;
  {
    const std::lock_guard lock(mailbox_->mutex);
    answers.swap(mailbox_->waiting);
  }
  for (auto& answer : answers) {
    const auto found = peers_.find(answer.peer);
    if (found == peers_.end()) continue;
    auto& peer = found->second;
    if (peer.status.state != State::resolving || peer.lookup != answer.lookup) continue;
    if (!answer.addresses) {
      fail(peer, now, answer.addresses.error().message, kMostWait);
      continue;
    }
    peer.addresses = std::move(*answer.addresses);
    random_.shuffle(peer.addresses);
    peer.next_address = 0;
    if (peer.addresses.empty())
      fail(peer, now, answer.peer.first.host + " has no addresses", kMostWait);
    else
      dial_next(peer, now);
  }
}

void Dialer::dial_next(Peer& peer, base::TimePoint now) {
  const base::SocketAddress address{peer.addresses[peer.next_address++], peer.status.peer.port};
  peer.status.address = address.to_string();
  peer.link = dial(links_, address, security_);
  enter(peer, now, State::dialling, now + kAttemptPatience);
}

void Dialer::fail(Peer& peer, base::TimePoint now, std::string why, base::Duration most_wait) {
  peer.link = 0;
  peer.status.last_error = std::move(why);
  constexpr unsigned kMostDoublings = 10;
  const auto bound =
      std::min(most_wait, kFirstWait * (1u << std::min(peer.failures, kMostDoublings)));
  ++peer.failures;
  // A certificate is not mended by asking again soon.
  const auto wait = most_wait == kMostCertificateWait ? most_wait : bound;
  enter(peer, now, State::waiting,
        now + base::Duration(static_cast<std::int64_t>(
                  random_.below(static_cast<std::uint64_t>(wait.count()) + 1))));
}

Dialer::Peer* Dialer::find(LinkId link) {
  for (auto& [name, peer] : peers_)
    if (peer.link == link && link != 0) return &peer;
  return nullptr;
}

}  // namespace discovery::rpc
