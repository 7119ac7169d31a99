#include "agent/tls_watch.hpp"

namespace agent::tls {

Watch::Watch(Files files, Expected expected, std::shared_ptr<discovery::rpc::Security> security,
             Clock clock, Report report)
    : files_(std::move(files)),
      expected_(std::move(expected)),
      security_(std::move(security)),
      clock_(std::move(clock)),
      report_(std::move(report)) {}

base::Result<std::unique_ptr<Watch>> Watch::open(base::net::EventLoop& loop, Files files,
                                                 Expected expected,
                                                 std::shared_ptr<discovery::rpc::Security> security,
                                                 Clock clock, Report report) {
  std::unique_ptr<Watch> watch(new Watch(std::move(files), std::move(expected), std::move(security),
                                         std::move(clock), std::move(report)));
  // A certificate goes with its key: time for both to be written.
  auto on_disk = discovery::sources::Files::open(
      loop, {watch->files_.cert, watch->files_.key, watch->files_.ca},
      [self = watch.get()](const auto&) { self->look(); }, discovery::sources::Settling::kSettle);
  if (!on_disk) return on_disk.error();
  watch->on_disk_ = std::move(*on_disk);
  return watch;
}

// What Files read is not used: load() names its files and has its own limit.
void Watch::look() {
  auto loaded = load(files_, expected_, clock_());
  if (!loaded) return report_(loaded.error());
  if (loaded->certificates != *security_->current().certificates)
    security_->replace(std::move(loaded->certificates));
  report_(loaded->certificate);
}

}  // namespace agent::tls
