// Certificates that change on disk serve the next handshake, without a restart and all or nothing.
//
// The three files are read as one: only a set that load() accepts replaces what serves. Half a
// change (a new certificate beside the old key) is reported and the old set stays; the next event
// on the files looks again, and so does every kLookAgain while they do not serve: a certificate
// that holds only from the next minute on. Thread: the loop's. Ownership: the loop outlives this.
#pragma once

#include <functional>
#include <memory>

#include "agent/tls.hpp"
#include "base/net/event_loop.hpp"
#include "base/net/task.hpp"
#include "discovery/sources/files.hpp"

namespace agent::tls {

class Watch {
 public:
  static constexpr base::Duration kLookAgain = std::chrono::seconds(10);

  // What serves from now on, or why the files on disk do not. The first report is of the files as
  // they are found; then one for each change of them.
  using Report = std::function<void(const base::Result<Standing>&)>;
  using Clock = std::function<WallTime()>;

  static base::Result<std::unique_ptr<Watch>> open(
      base::net::EventLoop& loop, Files files, Expected expected,
      std::shared_ptr<discovery::rpc::Security> security, Clock clock, Report report);

 private:
  Watch(base::net::EventLoop& loop, Files files, Expected expected,
        std::shared_ptr<discovery::rpc::Security> security, Clock clock, Report report);
  enum class Again { no, yes };
  void look(Again again);
  base::net::Task<void> look_again();

  base::net::EventLoop& loop_;
  const Files files_;
  const Expected expected_;
  const std::shared_ptr<discovery::rpc::Security> security_;
  const Clock clock_;
  const Report report_;
  std::string trouble_;  // that was reported last; "" = the files serve
  std::unique_ptr<discovery::sources::Files> on_disk_;
  base::net::Scope scope_;
};

}  // namespace agent::tls
