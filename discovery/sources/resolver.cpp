#include "discovery/sources/resolver.hpp"

#include <ares.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>

namespace discovery::sources {
namespace {

using Addresses = std::vector<base::IpAddress>;

struct Lookup {
  int status = ARES_ETIMEOUT;
  Addresses addresses;
};

void collect(void* argument, int status, int, ares_addrinfo* found) {
  auto& lookup = *static_cast<Lookup*>(argument);
  lookup.status = status;
  if (!found) return;
  for (const auto* node = found->nodes; node; node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr;
      lookup.addresses.push_back(base::IpAddress::v4(ntohl(v4.s_addr)));
    } else if (node->ai_family == AF_INET6) {
      const auto& v6 = reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr;
      lookup.addresses.push_back(
          base::IpAddress::v6(std::span<const std::uint8_t, 16>(v6.s6_addr)));
    }
  }
  ares_freeaddrinfo(found);
}

// poll(), not select(): an agent may well have more than 1,024 descriptors.
void wait(ares_channel channel) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  for (;;) {
    const int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
    std::vector<pollfd> polled;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      const bool reads = ARES_GETSOCK_READABLE(bits, i) != 0,
                 writes = ARES_GETSOCK_WRITABLE(bits, i) != 0;
      if (reads || writes)
        polled.push_back(
            {sockets[i], static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0});
    }
    if (polled.empty()) return;
    timeval most{1, 0}, patience{};
    const auto* left = ares_timeout(channel, &most, &patience);
    poll(polled.data(), polled.size(),
         static_cast<int>(left->tv_sec * 1000 + left->tv_usec / 1000 + 1));
    for (const auto& one : polled)
      ares_process_fd(channel,
                      one.revents & (POLLIN | POLLERR | POLLHUP) ? one.fd : ARES_SOCKET_BAD,
                      one.revents & POLLOUT ? one.fd : ARES_SOCKET_BAD);
    if (std::all_of(polled.begin(), polled.end(), [](const auto& one) { return one.revents == 0; }))
      ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }
}

base::Result<Addresses> look_up(const std::string& host) {
  ares_options options{};
  options.timeout = static_cast<int>(base::to_ms(Resolver::kPatience)) / 2;
  options.tries = 2;
  ares_channel channel = nullptr;
  const int made = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
  if (made != ARES_SUCCESS) return base::unavailable(std::string("c-ares: ") + ares_strerror(made));
  Lookup lookup;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, collect, &lookup);
  wait(channel);
  ares_destroy(channel);
  if (lookup.addresses.empty())
    return base::Error{
        lookup.status == ARES_ETIMEOUT ? base::Code::timeout : base::Code::unavailable,
        host + " does not resolve: " + ares_strerror(lookup.status)};
  return std::move(lookup.addresses);
}

}  // namespace

Resolver::Resolver() : thread_(&Resolver::run, this) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Resolver::resolve(const std::string& host, Answer answer) {
  if (auto literal = base::IpAddress::parse(host)) return answer(Addresses{*literal});
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kMaxWaiting && !stopping_) {
      waiting_.push_back({host, std::move(answer)});
      wake_.notify_one();
      return;
    }
  }
  answer(base::Error{base::Code::exhausted, host + ": too many names wait to be resolved"});
}

void Resolver::run() {
  for (;;) {
    Query query;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      query = std::move(waiting_.front());
      waiting_.pop_front();
    }
    query.answer(look_up(query.host));
  }
}

}  // namespace discovery::sources
