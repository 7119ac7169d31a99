// Looks up the names that documents give instead of addresses, again and again (names.hpp), and
// those of SRV records with their targets (srv_names.hpp).
//
// Without names there is no resolver and no thread for it. Errors: none; what cannot be looked up
// is in status(), and what was known of it stays. Thread: the loop's. Ownership: the loop outlives
// it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/net/event_loop.hpp"
#include "base/net/task.hpp"
#include "discovery/sources/names.hpp"
#include "discovery/sources/srv_names.hpp"

namespace discovery::sources {

class NameSource {
 public:
  using Changed = std::function<void(NamedAddresses)>;
  using Servers = std::vector<base::SocketAddress>;

  // `servers`: whom to ask; none = the system's. Calls `changed` whenever a name leads elsewhere,
  // or is known for the first time.
  NameSource(base::net::EventLoop& loop, Servers servers, ImportRule rule, Changed changed)
      : loop_(loop),
        servers_(std::move(servers)),
        changed_(std::move(changed)),
        names_(rule),
        targets_(std::move(rule)),
        scope_(loop) {}

  void want(const std::vector<std::string>& names);
  void use(Servers servers, ImportRule rule);
  // Of the names that documents give.
  std::vector<Names::Status> status() const;
  std::size_t left_out() const { return names_.left_out() + services_.left_out(); }

 private:
  static constexpr base::Duration kLooksEvery = std::chrono::seconds(1);

  base::net::Task<void> look_again();
  void make_resolver();
  void ask();
  void ask(Names& names);
  void ask_services();
  void tell();

  base::net::EventLoop& loop_;
  Servers servers_;
  const Changed changed_;
  Names names_;
  SrvNames services_;
  Names
      targets_;  // of services_; apart, so that no zone's owner takes documents' names their place
  NamedAddresses told_;
  std::shared_ptr<NameSource*> alive_ = std::make_shared<NameSource*>(this);
  std::unique_ptr<Resolver> resolver_;  // its answers come to the loop, if we are alive then
  base::net::Scope scope_;
};

}  // namespace discovery::sources
