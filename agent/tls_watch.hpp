// Certificates that change on disk serve the next handshake, without a restart and all or nothing.
//
// The three files are read as one: only a set that load() accepts replaces what serves. Half a
// change (a new certificate beside the old key) is reported and the old set stays; the next event
// on the files looks again. Thread: the loop's. Ownership: the loop outlives this.
#pragma once

#include <functional>
#include <memory>

#include "agent/tls.hpp"
#include "base/net/event_loop.hpp"
#include "discovery/sources/files.hpp"

namespace agent::tls {

class Watch {
 public:
  // The certificate that serves from now on, or why the files on disk do not. The first report is
  // of the files as they are found; then one for each change of them.
  using Report = std::function<void(const base::Result<Certificate>&)>;
  using Clock = std::function<WallTime()>;

  static base::Result<std::unique_ptr<Watch>> open(
      base::net::EventLoop& loop, Files files, Expected expected,
      std::shared_ptr<discovery::rpc::Security> security, Clock clock, Report report);

 private:
  Watch(Files files, Expected expected, std::shared_ptr<discovery::rpc::Security> security,
        Clock clock, Report report);
  void look();

  const Files files_;
  const Expected expected_;
  const std::shared_ptr<discovery::rpc::Security> security_;
  const Clock clock_;
  const Report report_;
  std::unique_ptr<discovery::sources::Files> on_disk_;
};

}  // namespace agent::tls
