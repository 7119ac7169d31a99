#include "discovery/sources/checker.hpp"

#include <cerrno>

#include "base/net/socket.hpp"
#include "base/net/stream.hpp"

namespace discovery::sources {
namespace {

using Answer = HealthChecks::Answer;

Answer answer_of(int error_number) {
  return error_number == ECONNREFUSED || error_number == ECONNRESET ? Answer::refused
                                                                    : Answer::silent;
}

}  // namespace

void Checker::want(CheckTargets targets) {
  checks_.want(std::move(targets), loop_.now());
  if (looks_ || checks_.checked() == 0) return;
  looks_ = true;
  scope_.spawn(look_again());
}

base::net::Task<void> Checker::look_again() {
  for (;;) {
    for (auto& [endpoint, addresses] : checks_.due(loop_.now()))
      scope_.spawn(ask(std::move(endpoint), std::move(addresses)));
    tell();
    co_await base::net::sleep_until(loop_, loop_.now() + kLooksEvery);
  }
}

base::net::Task<void> Checker::ask(EndpointName endpoint, CheckedAddresses addresses) {
  const auto deadline = loop_.now() + HealthChecks::kPatience;
  auto answer = Answer::not_asked;
  for (const auto& address : addresses) {
    int why = 0;
    auto fd = base::net::start_connect(address, &why);
    if (!fd && fd.error().code == base::Code::exhausted) continue;
    answer = answer_of(why);
    if (!fd) continue;
    base::net::Stream stream(loop_, std::move(*fd), base::net::Stream::State::connecting);
    const auto connected = co_await stream.connected(deadline);
    answer = connected.status == base::net::IoStatus::done ? Answer::open
                                                           : answer_of(connected.error_number);
    if (answer == Answer::open) break;
  }
  checks_.answered(endpoint, answer, loop_.now());
}

void Checker::tell() {
  if (!checks_.judge(loop_.now())) return;
  auto failing = checks_.failing();
  if (failing == told_) return;
  told_ = failing;
  changed_(std::move(failing));
}

}  // namespace discovery::sources
