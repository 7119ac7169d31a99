#include "dns/net/udp_server.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <semaphore>
#include <thread>

#include "base/net/socket.hpp"
#include "dns/net/batch.hpp"

namespace dns::net {
namespace {

// Does nothing but end a blocking call; otherwise nobody sends it, and it is ignored.
constexpr int kWake = SIGURG;

void be_wakeable() {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(kWake, &action, nullptr);
}

}  // namespace

class UdpServer::Worker {
 public:
  Worker(base::net::Fd socket, Tables& tables, std::uint64_t seed, base::Duration patience)
      : socket_(std::move(socket)),
        tables_(tables),
        patience_(patience),
        random_(seed),
        thread_([this] { run(); }) {}
  ~Worker() { stop(); }

  // The socket may go on in the next process, so it is not shut down: a signal ends the call that
  // the worker waits in, again where it came just before the call.
  void stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    do ::pthread_kill(thread_.native_handle(), kWake);
    while (!done_.try_acquire_for(std::chrono::milliseconds(1)));
    thread_.join();
  }

  const Counters& counters() const { return counters_; }

 private:
  void run() {
    Tables::Reader reader(tables_);
    const auto batch = std::make_unique<Batch>(socket_.get());
    while (!stopping_.load(std::memory_order_relaxed)) {
      reader.park();
      const auto count = batch->receive();
      if (count == 0) {
        if (errno != EINTR) counters_.receive_errors.add();
        continue;
      }
      answer_all(*batch, count, reader.acquire());
      const auto sent = batch->send();
      counters_.grouped.add(sent.grouped);
      counters_.send_errors.add(sent.failed);
    }
    done_.release();
  }

  void answer_all(Batch& batch, std::size_t count, const Table* table) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto peer = base::net::from_sockaddr(batch.peer(i));
      if (peer.port == 0) {  // nobody can be answered there
        counters_.short_messages.add();
        continue;
      }
      if (batch.age(i) > patience_) {
        counters_.late.add();
        continue;
      }
      const auto length = answer(table, {peer.ip, Transport::udp}, batch.buffer(i), batch.length(i),
                                 random_, counters_);
      if (length > 0) batch.put_answer(i, length);
    }
  }

  const base::net::Fd socket_;
  Tables& tables_;
  const base::Duration patience_;
  base::Random random_;
  Counters counters_;
  std::atomic<bool> stopping_{false};
  std::binary_semaphore done_{0};
  std::thread thread_;  // last: it uses all of the above
};

UdpServer::UdpServer(std::vector<base::net::Fd> sockets, Tables& tables, std::uint64_t seed,
                     base::Duration patience) {
  be_wakeable();
  base::Random seeds(seed);
  for (auto& socket : sockets)
    workers_.push_back(std::make_unique<Worker>(std::move(socket), tables, seeds.next(), patience));
}

UdpServer::~UdpServer() = default;

void UdpServer::stop() {
  for (const auto& worker : workers_) worker->stop();
}

const Counters& UdpServer::counters(std::size_t worker) const {
  return workers_[worker]->counters();
}

}  // namespace dns::net
