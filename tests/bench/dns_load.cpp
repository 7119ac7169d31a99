// dns_load SERVER NAMES TYPE SOCKETS WINDOW SECONDS RCODE: asks a DNS server as fast as it answers.
//
// A closed loop: each socket keeps WINDOW queries under way, sent and received in batches, so that
// the load costs less than the server (dnsperf does not: performance.md §1). NAMES is a file with a
// name a line, asked for in turn. Every answer must have the ID and the question of a query under
// way and RCODE. Prints one JSON line: answers, bad, lost, seconds. What is lost is asked again
// after 200 ms without an answer on its socket.
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
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/net/fd.hpp"
#include "base/net/socket.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 64, kAnswer = 4096, kHeader = 12;
constexpr auto kPatience = std::chrono::milliseconds(200);

using Query = std::vector<std::uint8_t>;

Query make_query(const std::string& name, std::uint16_t type) {
  Query query{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    query.push_back(static_cast<std::uint8_t>(dot - at));
    query.insert(query.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
                 name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  for (const int byte : {0, type >> 8, type & 255, 0, 1})
    query.push_back(static_cast<std::uint8_t>(byte));
  return query;
}

struct Totals {
  std::size_t answers = 0, bad = 0, lost = 0;
};

// One client socket and its queries under way: query `id` is of slot `id` alone.
class Client {
 public:
  Client(const base::SocketAddress& server, const std::vector<Query>& queries, std::size_t window,
         std::size_t first)
      : queries_(queries), next_(first), asked_(window), under_way_(window) {
    sockaddr_storage storage{};
    const auto length = base::net::to_sockaddr(server, storage);
    fd_ = base::net::Fd(::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int buffer = 4 << 20;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
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
      sent_[i] = {};
      sent_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  int fd() const { return fd_.get(); }

  void fill(Clock::time_point now) {
    while (!free_.empty()) {
      const auto count = std::min(free_.size(), kBatch);
      for (std::size_t i = 0; i < count; ++i) {
        const auto slot = free_[free_.size() - 1 - i];
        asked_[slot] = next_;
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
    }
    heard_ = std::max(heard_, now);
  }

  bool drain(Clock::time_point now, std::uint8_t rcode, Totals& totals) {
    const int count = ::recvmmsg(fd_.get(), received_.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i) take(static_cast<std::size_t>(i), rcode, totals);
    if (count > 0) heard_ = now;
    return count > 0;
  }

  // All that is under way is lost after a silence.
  void give_up(Clock::time_point now, Totals& totals) {
    if (now - heard_ < kPatience || free_.size() == asked_.size()) return;
    totals.lost += asked_.size() - free_.size();
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
    under_way_[slot] = false;
    free_.push_back(static_cast<std::uint16_t>(slot));
  }

  const std::vector<Query>& queries_;
  base::net::Fd fd_;
  std::size_t next_;
  std::vector<std::size_t> asked_;  // which query each slot has under way
  std::vector<bool> under_way_;
  std::vector<std::uint16_t> free_;
  Clock::time_point heard_{};
  std::array<std::array<std::uint8_t, kAnswer>, kBatch> answers_;
  std::array<Query, kBatch> copies_;
  std::array<iovec, kBatch> pieces_, questions_;
  std::array<mmsghdr, kBatch> received_, sent_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) {
    std::fprintf(stderr, "dns_load SERVER NAMES TYPE SOCKETS WINDOW SECONDS RCODE\n");
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
    queries.push_back(make_query(name, static_cast<std::uint16_t>(std::atoi(arguments[3]))));
  if (queries.empty()) {
    std::fprintf(stderr, "dns_load: %s has no names\n", arguments[2]);
    return 2;
  }
  const auto sockets = static_cast<std::size_t>(std::atoi(arguments[4]));
  const auto window = static_cast<std::size_t>(std::atoi(arguments[5]));
  const auto rcode = static_cast<std::uint8_t>(std::atoi(arguments[7]));
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<pollfd> polled;
  for (std::size_t i = 0; i < sockets; ++i) {
    clients.push_back(
        std::make_unique<Client>(*server, queries, window, i * queries.size() / sockets));
    polled.push_back({clients.back()->fd(), POLLIN, 0});
  }

  Totals totals;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(std::atof(arguments[6])));
  for (auto now = start; now < end; now = Clock::now()) {
    bool busy = false;
    for (const auto& client : clients) {
      client->fill(now);
      busy |= client->drain(now, rcode, totals);
      client->give_up(now, totals);
    }
    if (!busy) ::poll(polled.data(), polled.size(), 5);
  }
  const std::chrono::duration<double> seconds = Clock::now() - start;
  std::printf(R"({"answers":%zu,"bad":%zu,"lost":%zu,"seconds":%.4f})"
              "\n",
              totals.answers, totals.bad, totals.lost, seconds.count());
  return 0;
}
