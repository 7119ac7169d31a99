// dns_serve LISTEN HOSTS ENDPOINTS: the DNS part alone, one worker that answers from a table of so
// many hosts with so many endpoints each. A number on stdin says how many of these go or come in a
// second from then on; at its end the server ends.
//
// The builder does what agent/builder.cpp does: what has happened since the last table goes into
// the next one. It has the first thread, the worker the other. Prints one JSON line when it serves,
// with what the table takes: `table` as it says itself, `heap` as malloc says, bytes, without the
// resolution that it is made of; and one at the end, with how many tables there were and how long
// one took.
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dns/net/sockets.hpp"
#include "dns/net/udp_server.hpp"
#include "dns/table_builder.hpp"

namespace {

namespace view = discovery::view;
using Clock = std::chrono::steady_clock;

// One destination with a service of its own. One endpoint may be unhealthy: its place.
class Host {
 public:
  Host(std::size_t number, std::size_t endpoints, std::shared_ptr<const view::Traits> traits) {
    auto service = std::make_shared<view::Service>();
    service->cluster = "bench";
    service->name = "service" + std::to_string(number);
    service->ports.push_back({"http", 8080, "", 0, ""});
    for (std::size_t i = 0; i < endpoints; ++i) {
      const auto ip = static_cast<std::uint32_t>(0x0a00'0000 + number * endpoints + i);
      service->endpoints.push_back({.ip = base::IpAddress::v4(ip), .traits = traits});
    }
    view::Destination destination;
    destination.host = service->name + ".default.mesh.internal";
    destination.ports = {{8080, "http", "HTTP", {}, 0}};
    destination.services.push_back(std::move(service));
    destination_ = std::make_shared<const view::Destination>(std::move(destination));
  }

  const std::string& name() const { return destination_->host; }
  void flap(std::uint32_t endpoint) { unhealthy_ = unhealthy_ == endpoint ? kNone : endpoint; }

  std::shared_ptr<const view::ResolvedDestination> resolve() const {
    view::Selection selection;
    selection.tiers.push_back({"own cluster", 1, {}});
    const auto& service = destination_->services.front();
    for (std::uint32_t i = 0; i < service->endpoints.size(); ++i) {
      if (i == unhealthy_)
        selection.left_out.push_back({service.get(), i, view::Reason::unhealthy});
      else
        selection.tiers.front().endpoints.push_back({service.get(), i});
    }
    return std::make_shared<const view::ResolvedDestination>(
        view::ResolvedDestination{destination_, {std::move(selection)}});
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::shared_ptr<const view::Destination> destination_;
  std::uint32_t unhealthy_ = kNone;
};

std::size_t in_use() {
  const auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

// Flaps that are due, at a rate that stdin says.
class Flaps {
 public:
  // Waits for it; 0 = stdin has ended.
  std::size_t next() {
    for (;;) {
      const auto wait = rate_ > 0 ? due_ - Clock::now() : std::chrono::seconds(1);
      if (!read(std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count())) return 0;
      const auto now = Clock::now();
      if (rate_ == 0 || now < due_) continue;
      const auto gap = std::chrono::nanoseconds(1'000'000'000 / rate_);
      const auto count = 1 + (now - due_) / gap;
      due_ += count * gap;
      return static_cast<std::size_t>(count);
    }
  }

 private:
  bool read(long patience) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    const timespec wait{0, std::clamp<long>(patience, 0, 999'999'999)};
    if (::ppoll(&input, 1, &wait, nullptr) <= 0) return true;
    char text[32] = {};
    if (::read(STDIN_FILENO, text, sizeof text - 1) <= 0) return false;
    rate_ = std::atol(text);
    due_ = Clock::now();
    return true;
  }

  long rate_ = 0;
  Clock::time_point due_{};
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "dns_serve LISTEN HOSTS ENDPOINTS\n");
    return 2;
  }
  ::mallopt(M_ARENA_MAX, 2);  // as in the agent
  const auto number = [&](int at) { return static_cast<std::size_t>(std::atol(arguments[at])); };
  const auto hosts = number(2), endpoints = number(3);
  const auto listen = base::SocketAddress::parse(arguments[1]);
  auto sockets = dns::net::open_sockets(listen.value(), 1);
  if (!sockets) {
    std::fprintf(stderr, "dns_serve: %s\n", sockets.error().message.c_str());
    return 1;
  }

  std::vector<Host> all;
  view::Traits described;
  described.cluster = "bench";
  const auto traits = std::make_shared<const view::Traits>(std::move(described));
  for (std::size_t i = 0; i < hosts; ++i) all.emplace_back(i, endpoints, traits);
  std::ranges::sort(all, {}, &Host::name);
  auto mesh = std::make_shared<view::View>();
  mesh->version = 1;
  mesh->synced = true;
  view::Callers callers;
  callers.classes.emplace_back();
  view::Resolution resolution{mesh, std::make_shared<const view::Callers>(callers), {}};
  for (const auto& host : all) resolution.destinations.push_back(host.resolve());
  dns::ZoneConfig zone;
  zone.zones = {"mesh.internal"};

  dns::TableBuilder builder;
  dns::net::Tables tables;
  auto shared = std::make_shared<const view::Resolution>(resolution);
  const auto before = in_use();
  tables.publish(builder.build(std::move(shared), zone));
  const auto heap = in_use() - before;
  dns::net::UdpServer server(std::move(sockets->udp), tables, 1);
  std::printf(R"({"table":%zu,"heap":%zu})"
              "\n",
              tables.latest()->bytes(), heap);
  std::fflush(stdout);

  base::Random random(1);
  std::size_t flapped = 0, built = 0;
  Clock::duration slowest{}, total{};
  Flaps flaps;
  while (const auto due = flaps.next()) {
    const auto began = Clock::now();
    for (std::size_t i = 0; i < due; ++i) {
      const auto at = random.below(hosts);
      all[at].flap(static_cast<std::uint32_t>(random.below(endpoints)));
      resolution.destinations[at] = all[at].resolve();
    }
    flapped += due;
    auto next = std::make_shared<view::View>(*mesh);
    next->version = ++built + 1;
    resolution.view = std::move(next);
    tables.publish(builder.build(std::make_shared<const view::Resolution>(resolution), zone));
    slowest = std::max(slowest, Clock::now() - began);
    total += Clock::now() - began;
  }
  server.stop();
  const auto ms = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  std::printf(R"({"flaps":%zu,"tables":%zu,"mean_ms":%.3f,"slowest_ms":%.3f})"
              "\n",
              flapped, built, built ? ms(total) / static_cast<double>(built) : 0.0, ms(slowest));
  return 0;
}
