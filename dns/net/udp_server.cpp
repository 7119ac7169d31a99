#include "dns/net/udp_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include "base/net/socket.hpp"

namespace dns::net {
namespace {

// More than any answer has; a query that is longer is cut and so malformed.
constexpr std::size_t kBufferSize = 2048;

// The buffers of one batch; the system call's view of them is set up once.
struct Batch {
  std::array<std::array<std::uint8_t, kBufferSize>, UdpServer::kBatch> buffers;
  std::array<sockaddr_storage, UdpServer::kBatch> peers;
  std::array<iovec, UdpServer::kBatch> queries, answers;
  std::array<mmsghdr, UdpServer::kBatch> received, sent;

  Batch() {
    for (std::size_t i = 0; i < UdpServer::kBatch; ++i) {
      queries[i] = {buffers[i].data(), kBufferSize};
      received[i] = {};
      received[i].msg_hdr.msg_name = &peers[i];
      received[i].msg_hdr.msg_iov = &queries[i];
      received[i].msg_hdr.msg_iovlen = 1;
      sent[i] = {};
      sent[i].msg_hdr.msg_iov = &answers[i];
      sent[i].msg_hdr.msg_iovlen = 1;
    }
  }

  // The kernel writes the peers' lengths.
  void reset(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) received[i].msg_hdr.msg_namelen = sizeof peers[i];
  }
  // Answer `place` of the batch goes back to the peer of query `from`.
  void put_answer(std::size_t place, std::size_t from, std::size_t length) {
    answers[place] = {buffers[from].data(), length};
    sent[place].msg_hdr.msg_name = &peers[from];
    sent[place].msg_hdr.msg_namelen = received[from].msg_hdr.msg_namelen;
  }
};

}  // namespace

class UdpServer::Worker {
 public:
  Worker(base::net::Fd socket, Tables& tables, std::uint64_t seed)
      : socket_(std::move(socket)), tables_(tables), random_(seed), thread_([this] { run(); }) {}
  ~Worker() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    ::shutdown(socket_.get(), SHUT_RD);  // wakes recvmmsg
    thread_.join();
  }

  const Counters& counters() const { return counters_; }

 private:
  void run() {
    Tables::Reader reader(tables_);
    const auto batch = std::make_unique<Batch>();
    batch->reset(kBatch);
    while (!stopping_.load(std::memory_order_relaxed)) {
      reader.park();
      const int received =
          ::recvmmsg(socket_.get(), batch->received.data(), kBatch, MSG_WAITFORONE, nullptr);
      if (received <= 0) {
        if (errno != EINTR) counters_.receive_errors.add();
        continue;
      }
      const auto count = static_cast<std::size_t>(received);
      send(*batch, answer_all(*batch, count, reader.acquire()));
      batch->reset(count);
    }
  }

  std::size_t answer_all(Batch& batch, std::size_t count, const Table* table) {
    std::size_t answers = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto peer = base::net::from_sockaddr(batch.peers[i]);
      if (peer.port == 0) {  // nobody can be answered there
        counters_.short_messages.add();
        continue;
      }
      const auto length = answer(table, {peer.ip, Transport::udp}, batch.buffers[i],
                                 batch.received[i].msg_len, random_, counters_);
      if (length > 0) batch.put_answer(answers++, i, length);
    }
    return answers;
  }

  void send(Batch& batch, std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      const int sent = ::sendmmsg(socket_.get(), &batch.sent[done],
                                  static_cast<unsigned>(count - done), MSG_DONTWAIT);
      if (sent > 0) {
        done += static_cast<std::size_t>(sent);
      } else if (errno != EINTR) {
        counters_.send_errors.add();  // of the first one left; the others may do better
        ++done;
      }
    }
  }

  const base::net::Fd socket_;
  Tables& tables_;
  base::Random random_;
  Counters counters_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it uses all of the above
};

UdpServer::UdpServer(std::vector<base::net::Fd> sockets, Tables& tables, std::uint64_t seed) {
  base::Random seeds(seed);
  for (auto& socket : sockets)
    workers_.push_back(std::make_unique<Worker>(std::move(socket), tables, seeds.next()));
}

UdpServer::~UdpServer() = default;

void UdpServer::stop() {
  for (const auto& worker : workers_) worker->stop();
}

const Counters& UdpServer::counters(std::size_t worker) const {
  return workers_[worker]->counters();
}

}  // namespace dns::net
