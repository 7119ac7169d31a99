#include "discovery/sources/checker.hpp"

#include <cerrno>

#include "base/net/socket.hpp"
#include "base/net/stream.hpp"

namespace discovery::sources {
namespace {

using Answer = HealthChecks::Answer;

// What this host lacks, a route, a family, leave to go there, says nothing of an endpoint.
Answer answer_of(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
    case ECONNRESET:
      return Answer::refused;
    case EAFNOSUPPORT:
    case ENETUNREACH:
    case EPERM:
    case EACCES:
      return Answer::not_asked;
    default:
      return Answer::silent;
  }
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
    for (auto& question : checks_.due(loop_.now())) ask(std::move(question));
    tell();
    co_await base::net::sleep_until(loop_, loop_.now() + kLooksEvery);
  }
}

void Checker::ask(HealthChecks::Question question) {
  const auto& [addresses, how] = question.target;
  if (how.kind == resources::HealthCheck::Kind::tcp || addresses.empty())
    return scope_.spawn(connect(std::move(question)));
  const auto address = addresses.front();
  const auto check = how;
  http_.ask(address, check,
            [this, question = std::move(question)](Answer answer, std::string said) {
              loop_.post(
                  [this, question, answer, said = std::move(said)] {
                    checks_.answered(question, answer, loop_.now(), said);
                  },
                  base::Delivery::must_deliver);
            });
}

base::net::Task<void> Checker::connect(HealthChecks::Question question) {
  auto answer = Answer::not_asked;
  const auto patience = question.target.how.patience;
  for (const auto& address : question.target.addresses) {
    int why = 0;
    auto fd = base::net::start_connect(address, &why);
    if (!fd && fd.error().code == base::Code::exhausted) continue;
    if (fd) {
      base::net::Stream stream(loop_, std::move(*fd), base::net::Stream::State::connecting);
      const auto connected = co_await stream.connected(loop_.now() + patience);
      if (connected.status == base::net::IoStatus::done) {
        answer = Answer::open;
        break;
      }
      why = connected.error_number;
    }
    if (const auto one = answer_of(why); one != Answer::not_asked) answer = one;
  }
  checks_.answered(question, answer, loop_.now());
}

void Checker::tell() {
  const bool first = !has_told_ && checks_.all_asked();
  if (!checks_.judge(loop_.now()) && !first) return;
  has_told_ |= first;
  auto failing = checks_.failing();
  if (failing == told_ && !first) return;
  told_ = failing;
  changed_(std::move(failing));
}

}  // namespace discovery::sources
