// dns_load SERVER NAMES TYPE SOCKETS WINDOW SECONDS RCODE [RATE]: asks a DNS server as fast as it
// answers, or RATE times a second.
//
// Without RATE a closed loop: each socket keeps WINDOW queries under way, sent and received in
// batches, so that the load costs less than the server (dnsperf does not: performance.md §1). What
// is lost is asked again after 200 ms without an answer on its socket. With RATE an open loop: each
// query is due at its time, whatever the server does; what has no answer 5 s after the end is lost.
// A latency is from the query's send to the moment in which the kernel has the answer
// (SO_TIMESTAMPNS), so that it is the server's and not of who waits for a processor here. NAMES is
// a file with a name a line, asked for in turn. Every answer must have the ID and the question of a
// query under way and RCODE. Prints one JSON line: answers, bad, lost, seconds, and with RATE the
// latency in us: p50, p99, p999, slowest.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/net/fd.hpp"
#include "base/net/socket.hpp"
#include "tests/bench/dns_query.hpp"
#include "tests/bench/latencies.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 64, kAnswer = 4096, kHeader = 12;
constexpr auto kPatience = std::chrono::milliseconds(200);
constexpr auto kLast = std::chrono::seconds(5);

using bench::Latencies;
using bench::Query;

std::int64_t in_ns(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

std::int64_t stamp_now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return in_ns(time);
}

struct Totals {
  std::size_t answers = 0, bad = 0, lost = 0;
  Latencies latencies;
};

// One client socket and its queries under way: query `id` is of slot `id` alone.
class Client {
 public:
  // Without a pace as many as there are slots.
  Client(const base::SocketAddress& server, const std::vector<Query>& queries, std::size_t window,
         std::size_t first, std::optional<Clock::duration> pace)
      : queries_(queries),
        pace_(pace),
        next_(first),
        due_(Clock::now()),
        asked_(window),
        asked_at_(window),
        under_way_(window) {
    sockaddr_storage storage{};
    const auto length = base::net::to_sockaddr(server, storage);
    fd_ = base::net::Fd(::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int buffer = 4 << 20;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    const int on = 1;
    if (pace_) ::setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
      std::perror("connect");
      std::exit(1);
    }
    for (std::size_t slot = 0; slot < window; ++slot)
      free_.push_back(static_cast<std::uint16_t>(slot));
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces_[i] = {answers_[i].data(), kAnswer};
      received_[i] = {};
      received_[i].msg_hdr.msg_iov = &pieces_[i];
      received_[i].msg_hdr.msg_iovlen = 1;
      if (pace_) received_[i].msg_hdr.msg_control = &stamps_[i];
      if (pace_) received_[i].msg_hdr.msg_controllen = sizeof(Control);
      sent_[i] = {};
      sent_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  int fd() const { return fd_.get(); }
  std::size_t under_way() const { return asked_.size() - free_.size(); }
  // When there is something to do, if nothing comes.
  Clock::time_point due(Clock::time_point now) const {
    return pace_ && !free_.empty() ? due_ : now + std::chrono::milliseconds(5);
  }

  void fill(Clock::time_point now) {
    while (!free_.empty()) {
      auto count = std::min(free_.size(), kBatch);
      if (pace_) count = std::min(count, now < due_ ? 0 : 1 + std::size_t((now - due_) / *pace_));
      if (count == 0) break;
      const auto at = pace_ ? stamp_now() : 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto slot = free_[free_.size() - 1 - i];
        asked_[slot] = next_;
        asked_at_[slot] = at;
        under_way_[slot] = true;
        next_ = (next_ + 1) % queries_.size();
        copies_[i] = queries_[asked_[slot]];
        copies_[i][0] = static_cast<std::uint8_t>(slot >> 8);
        copies_[i][1] = static_cast<std::uint8_t>(slot);
        questions_[i] = {copies_[i].data(), copies_[i].size()};
        sent_[i].msg_hdr.msg_iov = &questions_[i];
      }
      const int sent = ::sendmmsg(fd_.get(), sent_.data(), static_cast<unsigned>(count), 0);
      if (sent <= 0) break;
      free_.resize(free_.size() - static_cast<std::size_t>(sent));
      if (pace_) due_ += sent * *pace_;
    }
    heard_ = std::max(heard_, now);
  }

  bool drain(Clock::time_point now, std::uint8_t rcode, Totals& totals) {
    const int count = ::recvmmsg(fd_.get(), received_.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count > 0) heard_ = now;
    for (int i = 0; i < count; ++i) take(static_cast<std::size_t>(i), rcode, totals);
    return count > 0;
  }

  // All that is under way is lost after a silence.
  void give_up(Clock::time_point now, Totals& totals) {
    if (pace_ || now - heard_ < kPatience || under_way() == 0) return;
    totals.lost += under_way();
    free_.clear();
    for (std::size_t slot = 0; slot < asked_.size(); ++slot)
      free_.push_back(static_cast<std::uint16_t>(slot));
    heard_ = now;
  }

 private:
  void take(std::size_t i, std::uint8_t rcode, Totals& totals) {
    const auto& answer = answers_[i];
    const auto slot = static_cast<std::size_t>(answer[0] << 8 | answer[1]);
    const bool known = received_[i].msg_len > kHeader && slot < asked_.size() && under_way_[slot];
    const Query* query = known ? &queries_[asked_[slot]] : nullptr;
    const bool good = query && received_[i].msg_len >= query->size() &&
                      std::memcmp(answer.data() + kHeader, query->data() + kHeader,
                                  query->size() - kHeader) == 0 &&
                      (answer[3] & 15) == rcode;
    ++(good ? totals.answers : totals.bad);
    if (!known) return;
    if (pace_) totals.latencies.add(stamp(i) - asked_at_[slot]);
    under_way_[slot] = false;
    free_.push_back(static_cast<std::uint16_t>(slot));
  }

  // When the kernel had it.
  std::int64_t stamp(std::size_t i) {
    auto& header = received_[i].msg_hdr;
    const auto* control = CMSG_FIRSTHDR(&header);
    timespec time{};
    if (control) std::memcpy(&time, CMSG_DATA(control), sizeof time);
    header.msg_controllen = sizeof(Control);
    return in_ns(time);
  }

  union Control {
    cmsghdr alignment;
    std::array<char, CMSG_SPACE(sizeof(timespec))> bytes;
  };

  const std::vector<Query>& queries_;
  const std::optional<Clock::duration> pace_;
  base::net::Fd fd_;
  std::size_t next_;
  Clock::time_point due_;           // of the next, at that pace
  std::vector<std::size_t> asked_;  // which query each slot has under way
  std::vector<std::int64_t> asked_at_;
  std::vector<bool> under_way_;
  std::vector<std::uint16_t> free_;
  Clock::time_point heard_{};
  std::array<std::array<std::uint8_t, kAnswer>, kBatch> answers_;
  std::array<Query, kBatch> copies_;
  std::array<iovec, kBatch> pieces_, questions_;
  std::array<mmsghdr, kBatch> received_, sent_;
  std::array<Control, kBatch> stamps_;
};

void wait(std::vector<pollfd>& polled, Clock::duration patience) {
  if (patience <= Clock::duration::zero()) return;
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(patience).count();
  const timespec time{0, std::min<long>(ns, 999'999'999)};
  ::ppoll(polled.data(), polled.size(), &time, nullptr);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 8 && count != 9) {
    std::fprintf(stderr, "dns_load SERVER NAMES TYPE SOCKETS WINDOW SECONDS RCODE [RATE]\n");
    return 2;
  }
  const auto server = base::SocketAddress::parse(arguments[1]);
  if (!server || !server->ip.is_loopback()) {
    std::fprintf(stderr, "dns_load: %s is not on loopback\n", arguments[1]);
    return 2;
  }
  std::vector<Query> queries;
  std::ifstream names(arguments[2]);
  for (std::string name; std::getline(names, name);)
    queries.push_back(bench::make_query(name, static_cast<std::uint16_t>(std::atoi(arguments[3]))));
  if (queries.empty()) {
    std::fprintf(stderr, "dns_load: %s has no names\n", arguments[2]);
    return 2;
  }
  const auto sockets = static_cast<std::size_t>(std::atoi(arguments[4]));
  const auto window = static_cast<std::size_t>(std::atoi(arguments[5]));
  const auto rcode = static_cast<std::uint8_t>(std::atoi(arguments[7]));
  std::optional<Clock::duration> pace;
  if (count == 9)
    pace = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(sockets) / std::atof(arguments[8])));
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<pollfd> polled;
  for (std::size_t i = 0; i < sockets; ++i) {
    clients.push_back(
        std::make_unique<Client>(*server, queries, window, i * queries.size() / sockets, pace));
    polled.push_back({clients.back()->fd(), POLLIN, 0});
  }

  Totals totals;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(std::atof(arguments[6])));
  for (auto now = start; now < end; now = Clock::now()) {
    bool busy = false;
    auto due = Clock::time_point::max();
    for (const auto& client : clients) {
      client->fill(now);
      busy |= client->drain(now, rcode, totals);
      client->give_up(now, totals);
      due = std::min(due, client->due(now));
    }
    if (!busy) wait(polled, due - Clock::now());
  }
  const std::chrono::duration<double> seconds = Clock::now() - start;
  const auto under_way = [&] {
    std::size_t all = 0;
    for (const auto& client : clients) all += client->under_way();
    return all;
  };
  while (pace && under_way() > 0 && Clock::now() < end + kLast) {
    for (const auto& client : clients) client->drain(Clock::now(), rcode, totals);
    wait(polled, kPatience);
  }
  if (pace) totals.lost = under_way();
  std::printf(
      R"({"answers":%zu,"bad":%zu,"lost":%zu,"seconds":%.4f,"p50":%zu,"p99":%zu,"p999":%zu,)"
      R"("slowest":%ld})"
      "\n",
      totals.answers, totals.bad, totals.lost, seconds.count(), totals.latencies.percentile(0.5),
      totals.latencies.percentile(0.99), totals.latencies.percentile(0.999),
      totals.latencies.slowest());
  return 0;
}
