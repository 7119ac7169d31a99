#include "dns/net/tcp_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/bytes.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "dns/net/first_table.hpp"

namespace dns::net {
namespace {

using base::TimePoint;
using base::net::EventLoop;
using base::net::IoStatus;
using base::net::Stream;
using base::net::Task;

constexpr std::size_t kPrefix = 2;             // the length before each message
constexpr std::size_t kReadSize = 16 * 1024;   // taken from a client at once
constexpr std::size_t kWriteSize = 64 * 1024;  // answers gathered before they are sent
constexpr base::Duration kAcceptPause = std::chrono::milliseconds(100);

struct Connection {
  Connection(EventLoop& loop, base::net::Accepted accepted)
      : stream(loop, std::move(accepted.fd), Stream::State::connected),
        client(accepted.peer.ip),
        replied(loop),
        late(loop) {}

  // No more queries come in; those received are still answered.
  void end_reading() { ::shutdown(stream.watch().fd(), SHUT_RD); }
  bool is_owed_answers() const { return awaited > 0 || writing || !answers.empty(); }
  void hang_up() { ::shutdown(stream.watch().fd(), SHUT_RDWR); }

  Stream stream;
  const base::IpAddress client;
  std::uint64_t id = 0;
  TimePoint last_query;
  std::string received;  // the beginning of a query, or queries beyond kWriteSize of answers
  std::string answers;
  bool writing = false;
  bool broken = false;  // takes no more queries
  bool gone = false;    // takes no more answers
  bool evicted = false;
  std::size_t awaited = 0;   // replies to what was passed on
  base::net::Event replied;  // one of them came, or was written
  base::net::Scope late;     // who writes them; ends before the above
};

void put_message(std::string& out, std::string_view message) {
  out.push_back(static_cast<char>(message.size() >> 8));
  out.push_back(static_cast<char>(message.size()));
  out.append(message);
}

// Open connections, the one idle for longest first.
class Connections {
 public:
  using Place = std::list<Connection*>::iterator;

  Place add(Connection& connection) {
    ++per_client_[connection.client];
    return by_idleness_.insert(by_idleness_.end(), &connection);
  }
  void remove(Place place) {
    const auto client = per_client_.find((*place)->client);
    if (--client->second == 0) per_client_.erase(client);
    by_idleness_.erase(place);
  }
  void touch(Place place) { by_idleness_.splice(by_idleness_.end(), by_idleness_, place); }

  std::size_t count() const { return by_idleness_.size(); }
  std::size_t count(const base::IpAddress& client) const {
    const auto found = per_client_.find(client);
    return found == per_client_.end() ? 0 : found->second;
  }
  // The one idle for longest that is not on its way out, of `client` or of all (null).
  Connection* idlest(const base::IpAddress* client) const {
    for (auto* connection : by_idleness_)
      if (!connection->evicted && (!client || connection->client == *client)) return connection;
    return nullptr;
  }
  void end_reading() {
    for (auto* connection : by_idleness_) connection->end_reading();
  }

 private:
  std::list<Connection*> by_idleness_;
  std::unordered_map<base::IpAddress, std::size_t> per_client_;
};

}  // namespace

class TcpServer::Service {
 public:
  Service(std::unique_ptr<EventLoop> loop, base::net::Fd listener, Tables& tables,
          std::uint64_t seed, TcpLimits limits, PassOn* pass_on)
      : limits_(limits),
        tables_(tables),
        pass_on_(pass_on),
        random_(seed),
        loop_(std::move(loop)),
        listener_(*loop_, std::move(listener), {}),
        accepting_(*loop_),
        serving_(*loop_),
        stopping_(*loop_),
        thread_([this] { run(); }) {}
  ~Service() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    loop_->post([this] { stopping_.spawn(drain()); }, base::Delivery::must_deliver);
    thread_.join();
    back_door_->close();
  }

  const TcpCounters& counters() const { return counters_; }

 private:
  // The way back for what was passed on; leads nowhere once the server is gone.
  class BackDoor : public Door {
   public:
    explicit BackDoor(Service& service) : service_(&service) {}

    void send(const Asker& asker, base::Bytes reply) override {
      const std::lock_guard lock(mutex_);
      if (!service_) return;
      // As many as Pending takes, at most.
      service_->loop_->post([service = service_, id = asker.connection,
                             reply = std::move(reply)] { service->deliver(id, reply); },
                            base::Delivery::must_deliver);
    }
    void close() {
      const std::lock_guard lock(mutex_);
      service_ = nullptr;
    }

   private:
    std::mutex mutex_;
    Service* service_;
  };

  void run() {
    Tables::Reader reader(tables_);
    reader_ = &reader;
    accepting_.spawn(accept_all());
    loop_->run();
    serving_.cancel();
    stopping_.cancel();
  }

  // Connections wait in the listener until there is something to answer from.
  Task<> accept_all() {
    for (const auto start = loop_->now();
         !is_worth_answering(reader_->acquire(), loop_->now() - start);) {
      reader_->park();
      co_await base::net::sleep_until(*loop_, loop_->now() + kLookAgain);
    }
    reader_->park();
    while (true) {
      auto accepted = co_await listener_.accept(base::net::kNoDeadline);
      if (accepted) {
        counters_.accepted.add();
        make_room(accepted->peer.ip);
        serving_.spawn(serve(std::move(*accepted)));
        co_await base::net::next_turn(*loop_);  // whoever had to make room goes first
      } else {
        counters_.accept_errors.add();
        co_await base::net::sleep_until(*loop_, loop_->now() + kAcceptPause);
      }
    }
  }

  Task<> drain() {
    accepting_.cancel();
    connections_.end_reading();
    if (serving_.size() > 0) co_await serving_.emptied(loop_->now() + limits_.drain);
    loop_->stop();
  }

  void make_room(const base::IpAddress& client) {
    if (connections_.count(client) >= limits_.connections_per_client) evict(&client);
    if (connections_.count() >= limits_.connections) evict(nullptr);
  }

  void evict(const base::IpAddress* client) {
    if (auto* connection = connections_.idlest(client)) {
      connection->evicted = true;
      connection->hang_up();
      counters_.evicted.add();
    }
  }

  Task<> serve(base::net::Accepted accepted) {
    Connection connection(*loop_, std::move(accepted));
    connection.id = ++last_id_;
    const Membership member(*this, connection);
    connection.last_query = loop_->now();
    while (!connection.broken) {
      // Who does not take what came late asks no more.
      if (connection.answers.size() >= kWriteSize) co_await write_out(connection);
      const auto deadline = connection.last_query + limits_.idle;
      const auto read = co_await connection.stream.read(input_, deadline);
      if (read.status == IoStatus::timeout) counters_.timed_out.add();
      if (!read) break;
      connection.received.append(input_.data(), read.bytes);
      while (answer_some(connection, member.place)) co_await write_out(connection);
    }
    // What was passed on is answered to a client that has said all it has to say.
    const auto patience = loop_->now() + Pending::kPatience + limits_.idle;
    while (connection.is_owed_answers() && !connection.gone && !connection.evicted) {
      const bool came = co_await connection.replied.wait(patience);
      if (!came) break;
    }
  }

  // Until all answers are written. One writes at a time; who comes later waits for that.
  Task<> write_out(Connection& connection) {
    const auto patience = loop_->now() + limits_.idle;
    while (connection.writing && !connection.gone) {
      const bool written = co_await connection.replied.wait(patience);
      if (!written) connection.gone = connection.broken = true;
    }
    connection.writing = true;
    while (!connection.answers.empty() && !connection.gone) {
      const auto answers = std::exchange(connection.answers, {});
      const auto written = co_await connection.stream.write(answers, loop_->now() + limits_.idle);
      if (!written) connection.gone = connection.broken = true;
    }
    if (connection.gone) connection.answers.clear();
    connection.writing = false;
    connection.replied.notify_all();
  }

  // A reply to what was passed on, for a connection that may be gone.
  void deliver(std::uint64_t id, const base::Bytes& reply) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    auto& connection = *found->second;
    --connection.awaited;
    if (connection.gone) return connection.replied.notify_all();
    put_message(connection.answers, reply);
    if (!connection.writing) connection.late.spawn(write_out(connection));
  }

  // Answers whole queries received, until there are kWriteSize bytes; false when there is nothing
  // to send.
  bool answer_some(Connection& connection, Connections::Place place) {
    if (connection.broken && connection.answers.empty()) return false;
    const Table* table = reader_->acquire();
    std::string_view rest = connection.received;
    while (rest.size() >= kPrefix && connection.answers.size() < kWriteSize) {
      const std::size_t length = u16_at(base::as_span(rest), 0);
      if (length > kMaxQuery) {
        counters_.too_long.add();
        connection.broken = true;
        rest = {};
        break;
      }
      if (rest.size() < kPrefix + length) break;
      answer_one(table, connection, rest.substr(kPrefix, length));
      rest.remove_prefix(kPrefix + length);
      connection.last_query = loop_->now();
      connections_.touch(place);
    }
    reader_->park();
    connection.received = std::string(rest);
    return !connection.answers.empty();
  }

  void answer_one(const Table* table, Connection& connection, std::string_view query) {
    std::copy(query.begin(), query.end(), message_.begin());
    std::optional<ForeignQuery> foreign;
    const auto length = answer(table, {connection.client, Transport::tcp}, message_, query.size(),
                               random_, counters_.dns, pass_on_ ? &foreign : nullptr);
    if (foreign) return pass_on(connection, std::move(*foreign));
    if (length > 0)
      put_message(connection.answers, base::as_text(std::span(message_).first(length)));
  }

  void pass_on(Connection& connection, ForeignQuery query) {
    Asker asker{.client = {connection.client, 0},
                .transport = Transport::tcp,
                .asked_at = std::chrono::steady_clock::now(),
                .connection = connection.id,
                .door = back_door_};
    if (pass_on_->post(query, std::move(asker)))
      ++connection.awaited;
    else
      put_message(connection.answers, failure_reply(query, {}));
  }

  // A connection's place among the others for as long as its task lives.
  struct Membership {
    Membership(Service& owner, Connection& connection)
        : service(owner), place(owner.connections_.add(connection)), id(connection.id) {
      service.by_id_.emplace(id, &connection);
    }
    ~Membership() {
      service.by_id_.erase(id);
      service.connections_.remove(place);
      service.counters_.closed.add();
    }
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    Service& service;
    const Connections::Place place;
    const std::uint64_t id;
  };

  const TcpLimits limits_;
  Tables& tables_;
  PassOn* const pass_on_;
  const std::shared_ptr<BackDoor> back_door_ = std::make_shared<BackDoor>(*this);
  base::Random random_;
  TcpCounters counters_;
  Tables::Reader* reader_ = nullptr;  // the loop thread's
  std::array<char, kReadSize> input_;
  std::array<std::uint8_t, kMaxMessage> message_;
  Connections connections_;
  std::unordered_map<std::uint64_t, Connection*> by_id_;
  std::uint64_t last_id_ = 0;
  const std::unique_ptr<EventLoop> loop_;
  base::net::Listener listener_;
  base::net::Scope accepting_, serving_, stopping_;
  std::thread thread_;  // last: it uses all of the above
};

base::Result<std::unique_ptr<TcpServer>> TcpServer::start(base::net::Fd listener, Tables& tables,
                                                          std::uint64_t seed, TcpLimits limits,
                                                          PassOn* pass_on) {
  auto loop = EventLoop::make();
  if (!loop) return loop.error();
  return std::unique_ptr<TcpServer>(new TcpServer(std::make_unique<Service>(
      std::move(*loop), std::move(listener), tables, seed, limits, pass_on)));
}

TcpServer::TcpServer(std::unique_ptr<Service> service) : service_(std::move(service)) {}
TcpServer::~TcpServer() = default;

void TcpServer::stop() { service_->stop(); }

const TcpCounters& TcpServer::counters() const { return service_->counters(); }

}  // namespace dns::net
