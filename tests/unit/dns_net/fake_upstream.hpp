// A DNS server on loopback, UDP and TCP, that says what a test wants it to, on a thread of its own.
#pragma once

#include <poll.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "tests/unit/dns_net/live.hpp"

namespace live {

// What to say to a query: any number of messages.
using Messages = std::vector<reading::Bytes>;
using Play = std::function<Messages(const reading::Bytes& query, bool tcp)>;

// NOERROR with `records` A records in 192.0.2.0/24, and an OPT where the query has one.
inline reading::Bytes upstream_answer(reading::Bytes query, int records = 1,
                                      std::uint8_t rcode = 0) {
  const bool edns = query[11] > 0;
  const auto opt = edns ? reading::Bytes(query.end() - 11, query.end()) : reading::Bytes{};
  query.resize(query.size() - opt.size());
  query[2] = static_cast<std::uint8_t>(0x84 | (query[2] & 1));  // AA: not for the client
  query[3] = static_cast<std::uint8_t>(0x80 | 0x20 | (query[3] & 0x10) | rcode);  // RA, AD
  query[6] = static_cast<std::uint8_t>(records >> 8);
  query[7] = static_cast<std::uint8_t>(records);
  for (int i = 0; i < records; ++i)
    for (const int byte : {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, i % 250 + 1})
      query.push_back(static_cast<std::uint8_t>(byte));
  query.insert(query.end(), opt.begin(), opt.end());
  return query;
}

class FakeUpstream {
 public:
  FakeUpstream(const std::string& ip, Play play)
      : sockets_(std::move(*dns::net::open_sockets({base::IpAddress::parse(ip).value(), 0}, 1))),
        play_(std::move(play)),
        thread_([this] { run(); }) {}
  ~FakeUpstream() {
    stopping_ = true;
    thread_.join();
  }

  const SocketAddress& address() const { return sockets_.address; }
  std::atomic<int> udp{0}, tcp{0};  // queries that came

 private:
  void run() {
    constexpr int kLookMs = 20;
    std::vector<Fd> connections;
    while (!stopping_) {
      std::vector<pollfd> polled{{sockets_.udp[0].get(), POLLIN, 0},
                                 {sockets_.tcp.get(), POLLIN, 0}};
      for (const auto& connection : connections) polled.push_back({connection.get(), POLLIN, 0});
      if (::poll(polled.data(), polled.size(), kLookMs) <= 0) continue;
      if (polled[0].revents) answer_datagram();
      for (std::size_t i = connections.size(); i-- > 0;)
        if (polled[i + 2].revents && !answer_stream(connections[i].get()))
          connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
      if (polled[1].revents)
        connections.emplace_back(::accept(sockets_.tcp.get(), nullptr, nullptr));
    }
  }

  void answer_datagram() {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    auto* from = reinterpret_cast<sockaddr*>(&peer);
    reading::Bytes query(2048);
    const auto length =
        ::recvfrom(sockets_.udp[0].get(), query.data(), query.size(), 0, from, &size);
    if (length <= 0) return;
    query.resize(static_cast<std::size_t>(length));
    ++udp;
    for (const auto& bytes : play_(query, false))
      ::sendto(sockets_.udp[0].get(), bytes.data(), bytes.size(), 0, from, size);
  }

  // Queries come whole: they are small.
  bool answer_stream(int fd) {
    auto bytes = reading::Bytes(4096);
    const auto length = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (length <= 2) return false;
    bytes.resize(static_cast<std::size_t>(length));
    while (bytes.size() > 2) {
      const auto size = static_cast<std::ptrdiff_t>(bytes[0] << 8 | bytes[1]);
      ++tcp;
      for (const auto& answer : play_({bytes.begin() + 2, bytes.begin() + 2 + size}, true)) {
        auto framed = answer;
        framed.insert(framed.begin(), {static_cast<std::uint8_t>(answer.size() >> 8),
                                       static_cast<std::uint8_t>(answer.size())});
        ::send(fd, framed.data(), framed.size(), MSG_NOSIGNAL);
      }
      bytes.erase(bytes.begin(), bytes.begin() + 2 + size);
    }
    return true;
  }

  const dns::net::Sockets sockets_;
  const Play play_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace live
