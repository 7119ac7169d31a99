#include "agent/tls_watch.hpp"

#include "base/net/stream.hpp"

namespace agent::tls {

Watch::Watch(base::net::EventLoop& loop, Files files, Expected expected,
             std::shared_ptr<discovery::rpc::Security> security, Clock clock, Report report)
    : loop_(loop),
      files_(std::move(files)),
      expected_(std::move(expected)),
      security_(std::move(security)),
      clock_(std::move(clock)),
      report_(std::move(report)),
      scope_(loop) {}

base::Result<std::unique_ptr<Watch>> Watch::open(base::net::EventLoop& loop, Files files,
                                                 Expected expected,
                                                 std::shared_ptr<discovery::rpc::Security> security,
                                                 Clock clock, Report report) {
  std::unique_ptr<Watch> watch(new Watch(loop, std::move(files), std::move(expected),
                                         std::move(security), std::move(clock), std::move(report)));
  // A certificate goes with its key: time for both to be written.
  auto on_disk = discovery::sources::Files::open(
      loop, watch->files_.paths(), [self = watch.get()](const auto&) { self->look(Again::no); },
      discovery::sources::Settling::kSettle);
  if (!on_disk) return on_disk.error();
  watch->on_disk_ = std::move(*on_disk);
  watch->scope_.spawn(watch->look_again());
  return watch;
}

// What Files read is not used: load() names its files and has its own limit.
void Watch::look(Again again) {
  auto loaded = load(files_, expected_, clock_());
  if (!loaded) {
    if (again == Again::no || trouble_ != loaded.error().message) report_(loaded.error());
    trouble_ = loaded.error().message;
    return;
  }
  trouble_.clear();
  if (loaded->certificates != *security_->current().certificates)
    security_->replace(std::move(loaded->certificates));
  report_(loaded->standing);
}

base::net::Task<void> Watch::look_again() {
  for (;;) {
    co_await base::net::sleep_until(loop_, loop_.now() + kLookAgain);
    if (!trouble_.empty()) look(Again::yes);
  }
}

}  // namespace agent::tls
