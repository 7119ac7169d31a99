// Looks up the names that documents give instead of addresses, again and again (names.hpp).
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
        names_(std::move(rule)),
        scope_(loop) {}

  void want(const std::vector<std::string>& names);
  void use(Servers servers, ImportRule rule);
  std::vector<Names::Status> status() const { return names_.status(loop_.now()); }
  std::size_t left_out() const { return names_.left_out(); }

 private:
  static constexpr base::Duration kLooksEvery = std::chrono::seconds(1);

  base::net::Task<void> look_again();
  void make_resolver();
  void ask();
  void tell();
  void answered(const Names::Question& question, const base::Result<Resolver::Found>& answer);

  base::net::EventLoop& loop_;
  Servers servers_;
  const Changed changed_;
  Names names_;
  NamedAddresses told_;
  std::shared_ptr<NameSource*> alive_ = std::make_shared<NameSource*>(this);
  std::unique_ptr<Resolver> resolver_;  // its answers come to the loop, if we are alive then
  base::net::Scope scope_;
};

}  // namespace discovery::sources
