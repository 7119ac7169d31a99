#include "discovery/sources/name_source.hpp"

#include <algorithm>

#include "resources/kinds/names.hpp"

namespace discovery::sources {

void NameSource::want(const std::vector<std::string>& names) {
  std::vector<std::string> plain, services;
  std::ranges::partition_copy(names, std::back_inserter(services), std::back_inserter(plain),
                              resources::is_srv_name);
  names_.want(plain, loop_.now());
  services_.want(services, loop_.now());
  if (!resolver_ && !names.empty()) {
    make_resolver();
    scope_.spawn(look_again());
  }
  ask();
  tell();
}

void NameSource::use(Servers servers, ImportRule rule) {
  names_.use(rule);
  targets_.use(std::move(rule));
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
    tell();  // what was waited for
  }
}

void NameSource::ask() {
  targets_.want(services_.targets(), loop_.now());
  ask(names_);
  ask(targets_);
  ask_services();
}

void NameSource::ask(Names& names) {
  for (auto& question : names.due(loop_.now())) {
    const auto answer = [&loop = loop_, alive = std::weak_ptr(alive_), &names,
                         question](auto found) {
      loop.post(
          [alive, &names, question, found = std::move(found)] {
            const auto self = alive.lock();
            if (!self) return;
            names.answered(question, found, (*self)->loop_.now());
            (*self)->ask();
            (*self)->tell();
          },
          base::Delivery::must_deliver);
    };
    resolver_->resolve(question.name, answer, question.family);
  }
}

void NameSource::ask_services() {
  for (auto& name : services_.due(loop_.now())) {
    const auto answer = [&loop = loop_, alive = std::weak_ptr(alive_), name](auto found) {
      loop.post(
          [alive, name, found = std::move(found)] {
            const auto self = alive.lock();
            if (!self) return;
            (*self)->services_.answered(name, found, (*self)->loop_.now());
            (*self)->ask();
            (*self)->tell();
          },
          base::Delivery::must_deliver);
    };
    resolver_->resolve_srv(name, answer);
  }
}

void NameSource::tell() {
  const auto targets = targets_.addresses();
  services_.settle(targets, loop_.now());
  auto addresses = names_.addresses();
  addresses.merge(services_.addresses(targets));
  if (addresses == told_) return;
  told_ = addresses;
  changed_(std::move(addresses));
}

// Of a service's targets one's trouble stands for all, where it has none itself.
std::vector<Names::Status> NameSource::status() const {
  auto all = names_.status(loop_.now());
  const auto targets = targets_.status(loop_.now());
  const auto addresses = services_.addresses(targets_.addresses());
  for (const auto& service : services_.status(loop_.now())) {
    Names::Status status{service.name, {}, service.trouble, service.since};
    if (const auto led = addresses.find(service.name); led != addresses.end()) {
      status.addresses = led->second.addresses;
      status.to = led->second.to;
    }
    for (const auto& target : targets) {
      if (!status.trouble.empty()) break;
      if (target.trouble.empty() || !service.has(target.name)) continue;
      status.trouble = service.name + ": " + target.trouble;
      status.since = target.since;
    }
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace discovery::sources
