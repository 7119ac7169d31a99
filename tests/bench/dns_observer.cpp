// dns_observer SERVER FOLDER HOSTS FLAPS ANSWERS RATE: changes an agent's documents and judges its
// answers, from outside: no answer may hold an endpoint that is gone, or of the wrong tier.
//
// FOLDER is one of the agent's `resources`; in it each of HOSTS has a file. Of its endpoints three
// are in the agent's zone, `near`, and three elsewhere in the cluster. FLAPS times a second one
// host's file is renamed over: where near was healthy it is unhealthy now; where it was not it is
// gone, and others are there, healthy. Addresses say which they are, so every answer says of which
// state it is. Wrong is an answer that is of no state (two tiers in one, some missing), or of an
// older one than an answer that was here when it was asked for. How long after its end a state was
// still answered is the lag. Asks RATE times a second, 0 = as fast as it is answered. Prints one
// JSON line: answers, wrong, lost, flaps, and of the lag, in ms: p50, p99, slowest.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/net/fd.hpp"
#include "base/net/socket.hpp"
#include "tests/bench/dns_query.hpp"
#include "tests/bench/report.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMembers = 3, kWindow = 64, kHeader = 12, kRecord = 16;
constexpr std::uint8_t kNear = 1, kFar = 2;
constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr auto kStart = std::chrono::seconds(60);

struct Host {
  std::string name;
  bench::Query query;
  std::uint32_t state = 0;    // as its file says it
  Clock::time_point since{};  // of the state
  std::uint32_t seen = 0;     // the newest that was answered
  Clock::duration lag{};      // of the last answer before the state, so far
};

// State 2n: near are the n-th three; state 2n + 1: these are unhealthy.
void write(const std::string& folder, const Host& host) {
  const auto generation = host.state / 2;
  std::string text = "service: " + host.name + "\nport: 8080\nendpoints:\n";
  for (const auto tier : {kNear, kFar})
    for (std::size_t i = 0; i < kMembers; ++i)
      text += "- {address: 10." + std::to_string(tier * 16u + i) + "." +
              std::to_string(generation >> 8 & 255) + "." + std::to_string(generation & 255) +
              ", zone: " + (tier == kNear ? "near" : "far") +
              (tier == kNear && host.state % 2 ? ", ready: false}\n" : "}\n");
  const auto path = folder + "/" + host.name + ".yaml", beside = folder + "/." + host.name;
  std::ofstream(beside) << text;
  std::filesystem::rename(beside, path);
}

// Of which state an answer is, if of one.
std::optional<std::uint32_t> state_of(const std::uint8_t* answer, std::size_t size,
                                      std::size_t question_end) {
  if ((answer[3] & 15) != 0 || answer[6] != 0 || answer[7] != kMembers ||
      size < question_end + kMembers * kRecord)
    return {};
  std::array<std::uint8_t, 3> same{};  // what all members' addresses share
  unsigned members = 0;
  for (std::size_t i = 0; i < kMembers; ++i) {
    const auto* ip = answer + question_end + i * kRecord + kRecord - 4;
    const std::array<std::uint8_t, 3> mine{static_cast<std::uint8_t>(ip[1] >> 4), ip[2], ip[3]};
    if (i > 0 && mine != same) return {};
    same = mine;
    members |= 1u << (ip[1] & 15);
  }
  if (members != (1u << kMembers) - 1 || (same[0] != kNear && same[0] != kFar)) return {};
  return 2u * static_cast<unsigned>(same[1] << 8 | same[2]) + (same[0] == kFar ? 1 : 0);
}

class Observer {
 public:
  Observer(const base::SocketAddress& server, std::vector<Host>& hosts) : hosts_(hosts) {
    sockaddr_storage storage{};
    const auto length = base::net::to_sockaddr(server, storage);
    fd_ = base::net::Fd(::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
      std::perror("connect");
  }

  // Whether all hosts are answered as their files say; waits for it, but not for long.
  bool sees_all() {
    std::size_t good = 0;
    for (auto& host : hosts_) {
      std::array<std::uint8_t, 2048> answer;
      host.query[0] = host.query[1] = 0;
      if (::send(fd_.get(), host.query.data(), host.query.size(), 0) < 0 || !wait(kPatience)) break;
      const auto size = ::recv(fd_.get(), answer.data(), answer.size(), 0);
      if (size <= 0) break;
      const auto state = state_of(answer.data(), static_cast<std::size_t>(size), host.query.size());
      if (state == host.state) ++good;
    }
    return good == hosts_.size();
  }

  // False when too many are under way.
  bool ask() {
    auto& slot = slots_[next_ % kWindow];
    if (slot.host) return false;
    auto& host = hosts_[next_ % hosts_.size()];
    host.query[0] = static_cast<std::uint8_t>(next_ >> 8);
    host.query[1] = static_cast<std::uint8_t>(next_);
    if (::send(fd_.get(), host.query.data(), host.query.size(), 0) < 0) return false;
    slot = {&host, host.seen, static_cast<std::uint16_t>(next_)};
    ++next_;
    return true;
  }

  void take_all() {
    std::array<std::uint8_t, 2048> answer;
    for (ssize_t size; (size = ::recv(fd_.get(), answer.data(), answer.size(), 0)) > 0;)
      if (static_cast<std::size_t>(size) > kHeader)
        take(answer.data(), static_cast<std::size_t>(size));
  }

  bool wait(Clock::duration patience) {
    pollfd polled{fd_.get(), POLLIN, 0};
    const timespec time{0, std::chrono::nanoseconds(patience).count()};
    return ::ppoll(&polled, 1, &time, nullptr) > 0;
  }

  void give_up() {
    for (auto& slot : slots_) {
      if (slot.host) ++lost;
      slot = {};
    }
  }

  std::size_t answers = 0, wrong = 0, lost = 0;

 private:
  struct Slot {
    Host* host = nullptr;
    std::uint32_t seen = 0;  // when it was asked
    std::uint16_t id = 0;
  };

  void take(const std::uint8_t* answer, std::size_t size) {
    const auto id = static_cast<std::uint16_t>(answer[0] << 8 | answer[1]);
    auto& slot = slots_[id % kWindow];
    if (!slot.host || slot.id != id) return;
    auto& host = *slot.host;
    const auto state = state_of(answer, size, host.query.size());
    if (!state || *state < slot.seen || *state > host.state) {
      if (wrong++ < 5)
        std::fprintf(stderr, "%s: state %ld, seen %u, written %u, rcode %d, %d records\n",
                     host.name.c_str(), state ? long{*state} : -1L, slot.seen, host.state,
                     answer[3] & 15, answer[7]);
    } else {
      if (*state < host.state) host.lag = Clock::now() - host.since;
      host.seen = std::max(host.seen, *state);
    }
    slot = {};
    ++answers;
  }

  std::vector<Host>& hosts_;
  base::net::Fd fd_;
  std::size_t next_ = 0;
  std::array<Slot, kWindow> slots_{};
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) {
    std::fprintf(stderr, "dns_observer SERVER FOLDER HOSTS FLAPS ANSWERS RATE\n");
    return 2;
  }
  const auto number = [&](int at) { return static_cast<std::size_t>(std::atol(arguments[at])); };
  const std::string folder = arguments[2];
  std::vector<Host> hosts(number(3));
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i].name = "flap" + std::to_string(i);
    hosts[i].query = bench::make_query(hosts[i].name + ".default.mesh.internal", 1);
    write(folder, hosts[i]);
  }
  Observer observer(base::SocketAddress::parse(arguments[1]).value(), hosts);
  const auto began = Clock::now();
  while (!observer.sees_all()) {
    if (Clock::now() - began > kStart) {
      std::fputs("dns_observer: the agent does not show the files in FOLDER\n", stderr);
      return 1;
    }
  }
  const auto flap_every = std::chrono::nanoseconds(std::llround(1e9 / std::atof(arguments[4])));
  const auto ask_every = std::chrono::nanoseconds(number(6) ? 1'000'000'000 / number(6) : 0);
  std::vector<double> lags;
  std::size_t flaps = 0;
  auto next_flap = Clock::now(), next_ask = next_flap, heard = next_flap;
  while (observer.answers < number(5)) {
    const auto now = Clock::now();
    if (now >= next_flap) {
      auto& host = hosts[flaps++ % hosts.size()];
      if (host.state > 0) lags.push_back(bench::ms(host.lag));
      ++host.state;
      host.lag = {};
      host.since = now;
      write(folder, host);
      next_flap = std::max(next_flap + flap_every, now);
    }
    while (now >= next_ask && observer.ask())
      next_ask = std::max(next_ask + ask_every, now - kPatience);
    if (observer.wait(std::chrono::microseconds(20))) {
      observer.take_all();
      heard = now;
    } else if (now - heard > kPatience) {
      observer.give_up();
      heard = now;
    }
  }
  std::printf(R"({"answers":%zu,"wrong":%zu,"lost":%zu,"flaps":%zu,"p50":%.2f,"p99":%.2f,)"
              R"("slowest":%.2f})"
              "\n",
              observer.answers, observer.wrong, observer.lost, flaps, bench::percentile(lags, 0.5),
              bench::percentile(lags, 0.99), bench::percentile(lags, 1));
  return 0;
}
