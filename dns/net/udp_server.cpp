#include "dns/net/udp_server.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <semaphore>
#include <thread>

#include "base/net/socket.hpp"
#include "dns/fetch_ahead.hpp"
#include "dns/net/batch.hpp"
#include "dns/net/first_table.hpp"

namespace dns::net {
namespace {

// Does nothing but end a blocking call; otherwise nobody sends it, and it is ignored.
constexpr int kWake = SIGURG;

void be_wakeable() {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(kWake, &action, nullptr);
}

// The socket, shared with those who wait for what upstreams say.
class UdpDoor : public Door {
 public:
  explicit UdpDoor(base::net::Fd socket) : socket_(std::move(socket)) {}
  int fd() const { return socket_.get(); }

  // Like any datagram it may be lost.
  void send(const Asker& asker, base::Bytes reply) override {
    sockaddr_storage to{};
    const auto size = base::net::to_sockaddr(asker.client, to);
    ::sendto(fd(), reply.data(), reply.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
             size);
  }

 private:
  const base::net::Fd socket_;
};

}  // namespace

class UdpServer::Worker {
 public:
  Worker(base::net::Fd socket, Tables& tables, std::uint64_t seed, base::Duration patience,
         PassOn* pass_on)
      : socket_(std::make_shared<UdpDoor>(std::move(socket))),
        tables_(tables),
        patience_(patience),
        pass_on_(pass_on),
        random_(seed),
        thread_([this] { run(); }) {}
  ~Worker() { stop(); }

  // The socket may go on in the next process, so it is not shut down: a signal ends the call that
  // the worker waits in, again where it came just before the call.
  void stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    stop_.release();
    do ::pthread_kill(thread_.native_handle(), kWake);
    while (!done_.try_acquire_for(std::chrono::milliseconds(1)));
    thread_.join();
  }

  const Counters& counters() const { return counters_; }

 private:
  void run() {
    Tables::Reader reader(tables_);
    const auto batch = std::make_unique<Batch>(socket_->fd());
    await_table(reader);
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

  void await_table(Tables::Reader& reader) {
    // By the clock: a wait of a millisecond has been seen to take ten.
    const auto began = std::chrono::steady_clock::now();
    while (!stopping_ &&
           !is_worth_answering(reader.acquire(), std::chrono::steady_clock::now() - began)) {
      reader.park();
      (void)stop_.try_acquire_for(kLookAgain);
    }
  }

  void answer_all(Batch& batch, std::size_t count, const Table* table) {
    std::optional<FetchAhead> ahead;
    if (table && count > 1 && FetchAhead::is_worth_it(*table)) {
      ahead.emplace(*table);
      for (std::size_t i = 0; i < count; ++i) ahead->add(batch.buffer(i).first(batch.length(i)));
      ahead->fetch();
    }
    std::optional<ForeignQuery> foreign;
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
      const auto length =
          answer(table, {peer.ip, Transport::udp}, batch.buffer(i), batch.length(i), random_,
                 counters_, pass_on_ ? &foreign : nullptr, ahead ? ahead->steps(i) : nullptr);
      if (length > 0) batch.put_answer(i, length);
      if (foreign) pass_on(*std::exchange(foreign, {}), peer, batch.age(i));
    }
  }

  // What is too much is dropped.
  void pass_on(ForeignQuery query, const base::SocketAddress& client, base::Duration age) {
    pass_on_->post(std::move(query), {.client = client,
                                      .transport = Transport::udp,
                                      .asked_at = std::chrono::steady_clock::now() - age,
                                      .door = socket_});
  }

  const std::shared_ptr<UdpDoor> socket_;
  Tables& tables_;
  const base::Duration patience_;
  PassOn* const pass_on_;
  base::Random random_;
  Counters counters_;
  std::atomic<bool> stopping_{false};
  std::binary_semaphore stop_{0}, done_{0};
  std::thread thread_;  // last: it uses all of the above
};

UdpServer::UdpServer(std::vector<base::net::Fd> sockets, Tables& tables, std::uint64_t seed,
                     base::Duration patience, PassOn* pass_on) {
  be_wakeable();
  base::Random seeds(seed);
  for (auto& socket : sockets)
    workers_.push_back(
        std::make_unique<Worker>(std::move(socket), tables, seeds.next(), patience, pass_on));
}

UdpServer::~UdpServer() = default;

void UdpServer::stop() {
  for (const auto& worker : workers_) worker->stop();
}

const Counters& UdpServer::counters(std::size_t worker) const {
  return workers_[worker]->counters();
}

}  // namespace dns::net
