// Keeps one stream open to every peer it is told of, as many as it is told of it (a name may lead
// to several agents): resolves its name, dials, waits longer after each
// failure, tries the next address of the name at each attempt.
//
// Waits are full-jitter exponential: up to 0.1 s after the first failure, doubling to kMostWait;
// after a certificate failure straight to kMostCertificateWait, since only an operator mends that
// and tight loops of handshakes have saturated uplinks (gossip.md §1.2). A link that stood for
// kStableAfter starts the waits anew.
//
// Thread: control; the resolver's answer may come on any thread, it waits in a mailbox for tick().
// Limits: one attempt under way for each peer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/rpc/client.hpp"
#include "discovery/rpc/links.hpp"
#include "discovery/rpc/security.hpp"

namespace discovery::rpc {

struct PeerStatus {
  enum class State : std::uint8_t { resolving, dialling, linked, waiting };
  base::HostPort peer;
  State state = State::waiting;
  std::string address;     // dialled last
  std::string last_error;  // "" = none since the last link
  base::Duration since{};  // in this state
};
std::string_view to_string(PeerStatus::State state);

class Dialer {
 public:
  static constexpr base::Duration kFirstWait = std::chrono::milliseconds(100);
  static constexpr base::Duration kMostWait = std::chrono::seconds(15);
  static constexpr base::Duration kMostCertificateWait = std::chrono::seconds(60);
  static constexpr base::Duration kAttemptPatience = std::chrono::seconds(5);
  static constexpr base::Duration kStableAfter = std::chrono::seconds(10);

  using Addresses = std::vector<base::IpAddress>;
  using Answer = std::function<void(base::Result<Addresses>)>;
  // Calls the Answer once, now or later, on any thread.
  using Resolve = std::function<void(const std::string& host, Answer answer)>;

  Dialer(Links& links, std::shared_ptr<const Security> security, base::Random random,
         Resolve resolve);

  // The desired peers: new ones are dialled at the next tick, links to others are closed.
  void set_peers(base::TimePoint now, const std::vector<base::HostPort>& peers);
  // Every event of the links passes by here.
  void heard(base::TimePoint now, const LinkEvent& event);
  void tick(base::TimePoint now);
  void open_bulk(LinkId of) { dial_bulk(links_, of, security_); }
  base::TimePoint next_deadline() const;
  std::vector<PeerStatus> status(base::TimePoint now) const;
  // The links that stand, by the peer that was dialled.
  std::vector<std::pair<base::HostPort, LinkId>> linked() const;

 private:
  struct Peer {
    PeerStatus status;
    base::TimePoint since{};     // of the state
    base::TimePoint deadline{};  // waiting: when to try; dialling, resolving: when to give up
    LinkId link = 0;             // dialling or linked
    std::uint64_t lookup = 0;    // the resolver's answer that counts
    Addresses addresses;
    std::size_t next_address = 0;
    unsigned failures = 0;
  };
  using Key = std::pair<base::HostPort, std::size_t>;  // which of those of one name
  struct Resolved {
    Key peer;
    std::uint64_t lookup;
    base::Result<Addresses> addresses;
  };
  struct Mailbox {
    std::mutex mutex;
    std::vector<Resolved> waiting;
  };

  void enter(Peer& peer, base::TimePoint now, PeerStatus::State state, base::TimePoint deadline);
  void start(const Key& key, Peer& peer, base::TimePoint now);
  void dial_next(Peer& peer, base::TimePoint now);
  void fail(Peer& peer, base::TimePoint now, std::string why, base::Duration most_wait);
  void take_answers(base::TimePoint now);
  Peer* find(LinkId link);

  Links& links_;
  const std::shared_ptr<const Security> security_;
  base::Random random_;
  const Resolve resolve_;
  std::map<Key, Peer> peers_;
  std::uint64_t next_lookup_ = 0;
  base::TimePoint ticked_at_{};
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
};

}  // namespace discovery::rpc
