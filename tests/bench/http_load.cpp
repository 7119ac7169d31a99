// http_load --server ADDRESS:PORT --host HOST --targets FILE --connections N --seconds S
//           --answer BYTES [--body BYTES] [--fresh 1] [--rate R]: asks an HTTP server.
//
// Without --rate a closed loop: each connection asks again as soon as it has its answer. With it an
// open loop: R requests a second in all are due each at its own time, whatever the server does; one
// whose connection is still busy then waits for it, and its latency counts from when it was due, so
// that a slow answer is not left out of what it delays (coordinated omission). With --body requests
// are POSTs; with --fresh each has a connection of its own, which the server is asked to close, and
// connecting is part of its latency. FILE has a target a line, asked for in turn. Heads are 1 KB in
// ten fields, as browsers' are. An answer must be 200 with a body of so many bytes. Prints one JSON
// line: answers, failed, connects, seconds, and the latency in us: p50, p99, p999, slowest.
#include <sys/timerfd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "tests/bench/http_message.hpp"
#include "tests/bench/latencies.hpp"

namespace {

using base::net::Stream;
using base::net::Task;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr auto kPatience = std::chrono::seconds(5);

// A time to the microsecond; the loop's own timers are rounded up to a millisecond.
class Alarm {
 public:
  explicit Alarm(base::net::EventLoop& loop)
      : watch_(loop, base::net::Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC))) {
  }

  class [[nodiscard]] Wait : base::net::Waiter {
   public:
    Wait(base::net::Watch& watch, Clock::time_point at) : watch_(watch), at_(at) {}
    bool await_ready() const { return at_ <= Clock::now(); }
    void await_suspend(std::coroutine_handle<> handle) {
      coroutine = handle;
      const auto ns = std::chrono::nanoseconds(at_.time_since_epoch()).count();
      const itimerspec time{{0, 0}, {ns / 1'000'000'000, ns % 1'000'000'000}};
      ::timerfd_settime(watch_.fd(), TFD_TIMER_ABSTIME, &time, nullptr);
      watch_.wait(watch_.reads(), *this, base::net::kNoDeadline);
    }
    void await_resume() const {}

   private:
    base::net::Watch& watch_;
    Clock::time_point at_;
  };
  Wait until(Clock::time_point at) { return {watch_, at}; }

 private:
  base::net::Watch watch_;
};

struct Plan {
  base::SocketAddress server;
  std::vector<std::string> requests;
  int connections = 1;
  std::size_t answer = 0;  // bytes of a body
  Clock::duration lasts{};
  Clock::duration pace{};  // between two requests of all; zero: none
  bool fresh = false;
};

class Load {
 public:
  Load(base::net::EventLoop& loop, Plan plan)
      : loop_(loop), plan_(std::move(plan)), clients_(loop), start_(Clock::now()) {}

  void run() {
    for (int i = 0; i < plan_.connections; ++i) clients_.spawn(client(i));
    while (clients_.size() > 0) loop_.turn(std::chrono::seconds(1));
    const Seconds seconds = Clock::now() - start_;
    std::printf(R"({"answers":%zu,"failed":%zu,"connects":%zu,"seconds":%.4f,"p50":%zu,"p99":%zu,)"
                R"("p999":%zu,"slowest":%ld})"
                "\n",
                answers_, failed_, connects_, seconds.count(), latencies_.percentile(0.5),
                latencies_.percentile(0.99), latencies_.percentile(0.999), latencies_.slowest());
  }

 private:
  struct Connection {
    Connection(base::net::EventLoop& loop, base::net::Fd fd)
        : stream(loop, std::move(fd), Stream::State::connecting) {}
    Stream stream;
    bench::Incoming incoming;
  };

  Task<void> client(int number) {
    const bool paced = plan_.pace > Clock::duration::zero();
    const auto end = start_ + plan_.lasts;
    Alarm alarm(loop_);
    std::unique_ptr<Connection> connection;
    auto due = start_ + number * plan_.pace;
    while ((paced ? due : Clock::now()) < end) {
      if (paced) co_await alarm.until(due);
      const auto from = paced ? due : Clock::now();
      if (!connection) connection = co_await connect();
      bool good = connection != nullptr;
      if (good) good = co_await ask(*connection);
      ++(good ? answers_ : failed_);
      if (good) latencies_.add(std::chrono::nanoseconds(Clock::now() - from).count());
      if (!good || plan_.fresh) connection.reset();
      due += plan_.connections * plan_.pace;
    }
  }

  // Null: not within our patience.
  Task<std::unique_ptr<Connection>> connect() {
    ++connects_;
    auto fd = base::net::start_connect(plan_.server);
    if (!fd) co_return nullptr;
    auto connection = std::make_unique<Connection>(loop_, std::move(*fd));
    const auto connected = co_await connection->stream.connected(loop_.now() + kPatience);
    if (!connected) co_return nullptr;
    co_return connection;
  }

  Task<bool> ask(Connection& connection) {
    auto& stream = connection.stream;
    auto& incoming = connection.incoming;
    const std::string_view request = plan_.requests[next_++ % plan_.requests.size()];
    const auto sent = co_await stream.write(request, loop_.now() + kPatience);
    if (!sent) co_return false;
    while (incoming.message().head.empty()) {
      if (incoming.room().empty()) co_return false;
      const auto got = co_await stream.read(incoming.room(), loop_.now() + kPatience);
      if (!got) co_return false;
      incoming.came(got.bytes);
    }
    const auto message = incoming.message();
    const bool good =
        message.head.starts_with("HTTP/1.1 200 ") && message.body.size() == plan_.answer;
    incoming.take(message.size());
    if (!good || !plan_.fresh) co_return good;
    const auto end = co_await stream.read(incoming.room(), loop_.now() + kPatience);
    co_return end.status == base::net::IoStatus::end;
  }

  base::net::EventLoop& loop_;
  const Plan plan_;
  base::net::Scope clients_;
  const Clock::time_point start_;
  std::size_t next_ = 0, answers_ = 0, failed_ = 0, connects_ = 0;
  bench::Latencies latencies_;
};

std::string request_for(const std::string& target, const std::string& host, std::size_t body,
                        bool fresh) {
  std::string text = (body > 0 ? "POST " : "GET ") + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  text +=
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0\r\n"
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;"
      "q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"
      "Cache-Control: no-cache\r\nReferer: https://shop.example/catalogue/spring/shoes?page=7\r\n"
      "X-Request-Id: 6f1c0d1e-2a7b-4c57-9b0a-3f5b3a1f2c11\r\n"
      "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
      "Cookie: session=" +
      std::string(400, 'c') + "\r\n";
  if (fresh) text += "Connection: close\r\n";
  if (body > 0)
    text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body) + "\r\n";
  return text + "\r\n" + std::string(body, 'b');
}

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "http_load: %s; its arguments stand in http_load.cpp\n", why.c_str());
  std::exit(2);
}

Plan plan_of(int count, char** arguments) {
  std::map<std::string, std::string> said;
  for (int i = 1; i + 1 < count; i += 2) said[arguments[i]] = arguments[i + 1];
  const auto number = [&](const char* name) { return std::atof(said[name].c_str()); };
  Plan plan;
  const auto server = base::SocketAddress::parse(said["--server"]);
  if (!server || !server->ip.is_loopback()) refuse("--server names no address on loopback");
  plan.server = *server;
  plan.connections = static_cast<int>(number("--connections"));
  plan.answer = static_cast<std::size_t>(number("--answer"));
  plan.lasts = std::chrono::duration_cast<Clock::duration>(Seconds(number("--seconds")));
  if (const auto rate = number("--rate"); rate > 0)
    plan.pace = std::chrono::duration_cast<Clock::duration>(Seconds(1 / rate));
  plan.fresh = number("--fresh") > 0;
  std::ifstream targets(said["--targets"]);
  for (std::string target; std::getline(targets, target);)
    plan.requests.push_back(request_for(target, said["--host"],
                                        static_cast<std::size_t>(number("--body")), plan.fresh));
  if (plan.requests.empty()) refuse("--targets names no file with a target a line");
  return plan;
}

}  // namespace

int main(int count, char** arguments) {
  auto plan = plan_of(count, arguments);
  const auto loop = std::move(*base::net::EventLoop::make());
  Load(*loop, std::move(plan)).run();
}
