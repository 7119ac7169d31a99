#include "discovery/sources/name_source.hpp"

namespace discovery::sources {

void NameSource::want(const std::vector<std::string>& names) {
  names_.want(names, loop_.now());
  if (!resolver_ && !names.empty()) {
    make_resolver();
    scope_.spawn(look_again());
  }
  ask();
  tell();
}

void NameSource::use(Servers servers, ImportRule rule) {
  names_.use(std::move(rule));
  if (servers == servers_) return;
  servers_ = std::move(servers);
  if (resolver_) make_resolver();
}

// Patient enough for servers that ask others, and quick to put a lost question again.
void NameSource::make_resolver() {
  Resolver::Options options;
  options.servers = servers_;
  options.patience = std::chrono::milliseconds(300);
  options.tries = 4;
  options.whole_names = true;
  resolver_ = std::make_unique<Resolver>(std::move(options));
}

base::net::Task<void> NameSource::look_again() {
  for (;;) {
    co_await base::net::sleep_until(loop_, loop_.now() + kLooksEvery);
    ask();
  }
}

void NameSource::ask() {
  for (auto& question : names_.due(loop_.now())) {
    const auto answer = [&loop = loop_, alive = std::weak_ptr(alive_), question](auto found) {
      loop.post(
          [alive, question, found = std::move(found)] {
            if (const auto self = alive.lock()) (*self)->answered(question, found);
          },
          base::Delivery::must_deliver);
    };
    resolver_->resolve(question.name, answer, question.family);
  }
}

void NameSource::answered(const Names::Question& question,
                          const base::Result<Resolver::Found>& answer) {
  names_.answered(question, answer, loop_.now());
  ask();
  tell();
}

void NameSource::tell() {
  auto addresses = names_.addresses();
  if (addresses == told_) return;
  told_ = addresses;
  changed_(std::move(addresses));
}

}  // namespace discovery::sources
