// What the access log says of requests, and what becomes of lines that cannot be written.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "forwarder/net/access_log.hpp"
#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace std::string_literals;
using forwarder::net::AccessFormat;
using forwarder::net::AccessLog;
using forwarder::net::AccessRecord;
using forwarder::net::AccessRing;

namespace {

AccessRecord full_record() {
  AccessRecord record;
  record.began = base::TimePoint(1h);
  record.ended = record.began + 12345us;
  record.client = base::SocketAddress::parse("10.0.0.7:5000").value();
  record.upstream = base::SocketAddress::parse("10.0.1.1:9080").value();
  record.received = 3;
  record.sent = 181;
  record.status = 503;
  record.attempts = 2;
  record.method = "POST";
  record.authority = "ratings.shop";
  record.target = "/r?x=1";
  record.user_agent = "curl/8.5";
  record.request_id = "6f1c";
  record.route = "shop/ratings[0]";
  record.destination = "ratings.mesh.internal:9080";
  record.flag = "UF";
  record.reason = "no endpoint reachable";
  return record;
}

std::string line_of(const AccessRecord& record, AccessFormat format) {
  std::string line;
  const std::chrono::system_clock::time_point began(1'764'235'805'123ms);
  line.resize(forwarder::net::AccessLines::kMostBytes);
  line.resize(static_cast<std::size_t>(
      forwarder::net::AccessLines(format).write(record, began, line.data()) - line.data()));
  return line;
}

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "access_log_XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// A forwarder with a log; its lines are there when it has ended.
struct Logged {
  explicit Logged(Script script) : log(AccessLog::open({path, AccessFormat::json}, quiet).value()) {
    forwarder::net::Config config;
    config.access = log.get();
    config.timeouts.header = 100ms;
    config.timeouts.stream_idle = 100ms;
    story = std::make_unique<ProxyStory>(std::move(config));
    server = &story->server(std::move(script));
    story->publish({{server}});
    story->start();
  }
  std::string only_line() {
    story.reset();
    log.reset();
    const auto lines = lines_of(path);
    REQUIRE(lines.size() == 1);
    return lines.front();
  }

  Folder folder;
  std::string path = folder.file("access.log");
  base::Logger quiet{base::LogLevel::off, base::LogFormat::text};
  std::unique_ptr<AccessLog> log;
  std::unique_ptr<ProxyStory> story;
  Server* server = nullptr;
};

bool has(const std::string& line, const std::string& what) {
  return line.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a line says all that is known of a request, in either form", "[forwarder_net]") {
  CHECK(line_of(full_record(), AccessFormat::text) ==
        "[2025-11-27T09:30:05.123Z] \"POST /r?x=1 HTTP/1.1\" 503 UF 3 181 12 \"10.0.0.7\" "
        "\"curl/8.5\" \"6f1c\" \"ratings.shop\" \"10.0.1.1:9080\" \"no endpoint reachable\" "
        "\"shop/ratings[0]\" \"ratings.mesh.internal:9080\" 2\n");
  CHECK(line_of(full_record(), AccessFormat::json) ==
        R"({"time":"2025-11-27T09:30:05.123Z","client":"10.0.0.7:5000","method":"POST",)"
        R"("authority":"ratings.shop","target":"/r?x=1","protocol":"HTTP/1.1","status":503,)"
        R"("flags":"UF","reason":"no endpoint reachable","received":3,"sent":181,)"
        R"("microseconds":12345,"route":"shop/ratings[0]",)"
        R"("destination":"ratings.mesh.internal:9080","upstream":"10.0.1.1:9080","attempts":2,)"
        R"("userAgent":"curl/8.5","requestId":"6f1c"})"
        "\n");
  CHECK(has(line_of({}, AccessFormat::text), "\"- - HTTP/1.1\" 0 - 0 0 0 "));
  CHECK_FALSE(has(line_of({}, AccessFormat::json), "upstream"));
}

TEST_CASE("no request can write a line of its own", "[forwarder_net]") {
  auto record = full_record();
  record.user_agent = "a\"b\\c\n[2025\x7f\xc3\xa4\t";
  CHECK(has(line_of(record, AccessFormat::text), R"("a\x22b\x5cc\x0a[2025\x7f\xc3\xa4\x09")"));
  CHECK(has(line_of(record, AccessFormat::json),
            R"("userAgent":"a\u0022b\u005cc\u000a[2025\u007f\u00c3\u00a4\u0009")"));
}

TEST_CASE("a ring gives back what it took, in order, and drops what does not fit",
          "[forwarder_net]") {
  AccessRing ring;
  auto record = full_record();
  record.target = std::string_view();
  const std::string longer(AccessRing::kMostText + 100, 'x');
  std::uint64_t pushed = 0, popped = 0;
  for (int round = 0; round < 5; ++round) {
    const auto dropped = ring.dropped();
    while (ring.dropped() == dropped) {
      record.sent = pushed++;
      record.user_agent = std::string_view(longer).substr(0, pushed * 37 % longer.size());
      ring.push(record);
    }
    --pushed;
    CHECK(pushed - popped > 1'000);
    while (const auto got = ring.pop()) {
      CHECK(got->sent == popped++);
      CHECK(got->user_agent.size() ==
            std::min<std::size_t>(popped * 37 % longer.size(), AccessRing::kMostText));
      CHECK(got->reason == "no endpoint reachable");
      CHECK(got->target.empty());
    }
    CHECK(popped == pushed);
  }
}

TEST_CASE("a ring is read while it is written", "[forwarder_net]") {
  AccessRing ring;
  constexpr std::uint64_t kRecords = 200'000;
  std::thread writer([&] {
    auto record = full_record();
    for (record.sent = 1; record.sent <= kRecords; ++record.sent) ring.push(record);
  });
  std::uint64_t last = 0, got = 0;
  while (got + ring.dropped() < kRecords || last == 0) {
    const auto record = ring.pop();
    if (!record) {
      std::this_thread::yield();
      continue;
    }
    CHECK(record->sent > last);
    last = record->sent;
    ++got;
    CHECK(record->reason == "no endpoint reachable");
  }
  writer.join();
  while (ring.pop()) ++got;
  CHECK(got + ring.dropped() == kRecords);
}

TEST_CASE("each request has a line that says what became of it", "[forwarder_net]") {
  const std::string get =
      "GET /a?b HTTP/1.1\r\nHost: svc.test\r\nUser-Agent: me\r\n"
      "X-Request-Id: 42\r\n\r\n";
  SECTION("answered") {
    Logged logged(answer_with("hello"));
    const auto upstream = logged.server->address.to_string();
    {
      Client client(*logged.story);
      REQUIRE(client
                  .ask("POST /a?b HTTP/1.1\r\nHost: svc.test\r\nUser-Agent: me\r\nX-Request-Id: "
                       "42\r\nContent-Length: 3\r\n\r\nabc")
                  .status == 200);
    }
    const auto line = logged.only_line();
    for (const auto& part :
         {R"("client":"127.0.0.1:)"s, R"("method":"POST","authority":"svc.test","target":"/a?b")"s,
          R"("status":200,"received":3,"sent":)"s, R"("upstream":")" + upstream + "\"",
          R"("attempts":1,"userAgent":"me","requestId":"42"})"s, R"("route":")"s})
      CHECK(has(line, part));
    CHECK_FALSE(has(line, "flags"));
  }
  SECTION("no route") {
    Logged logged(answer_with("hello"));
    {
      Client client(*logged.story);
      REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n").status == 404);
    }
    CHECK(has(logged.only_line(), R"("status":404,"flags":"NR","reason":"no route")"));
  }
  SECTION("nobody there") {
    Logged logged(answer_with("hello"));
    logged.server->die();
    {
      Client client(*logged.story);
      REQUIRE(client.ask(get).status == 503);
    }
    const auto line = logged.only_line();
    CHECK(has(line, R"("status":503,"flags":"UF","reason":"no endpoint reachable")"));
    CHECK(has(line, R"("attempts":1,)"));
  }
  SECTION("cut") {
    Logged logged([](const std::string&, std::size_t) {
      return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", Answer::After::close};
    });
    {
      Client client(*logged.story);
      CHECK_FALSE(client.ask(get).complete);
    }
    CHECK(has(logged.only_line(),
              R"("status":200,"flags":"UC","reason":"upstream ended within its answer")"));
  }
  SECTION("silent") {
    Logged logged([](const std::string&, std::size_t) {
      return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", Answer::After::stall};
    });
    {
      Client client(*logged.story);
      CHECK_FALSE(client.ask(get).complete);
    }
    CHECK(has(logged.only_line(),
              R"("flags":"SI","reason":"upstream fell silent within its answer")"));
  }
  SECTION("no request") {
    Logged logged(answer_with("hello"));
    {
      Client client(*logged.story);
      REQUIRE(client.ask("GET / HTTP/1.1\nHost: svc.test\n\n").status == 400);
    }
    const auto line = logged.only_line();
    CHECK(has(line, R"("status":400,"flags":"DPE","reason":")"));
    CHECK_FALSE(has(line, "method"));
  }
  SECTION("a client that went") {
    Logged logged([](const std::string&, std::size_t) { return Answer{"", Answer::After::stall}; });
    {
      Client client(*logged.story);
      client.send("POST / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 9\r\n\r\nabc");
      logged.story->turn_until([&] { return logged.server->bytes_read > 0; });
    }
    logged.story->turn_until([&] { return logged.story->totals().client_gone > 0; });
    CHECK(has(logged.only_line(), R"("status":0,"flags":"DC","reason":"client is gone")"));
  }
}

TEST_CASE("a log that was moved away goes on in a new file", "[forwarder_net]") {
  Logged logged(answer_with("hello"));
  Client client(*logged.story);
  const std::string get = "GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n";
  REQUIRE(client.ask(get).status == 200);
  logged.story->turn_until([&] { return logged.log->lines() == 1; });
  const auto moved = logged.folder.file("access.log.1");
  std::filesystem::rename(logged.path, moved);
  REQUIRE(client.ask(get).status == 200);
  logged.story->turn_until([&] { return logged.log->lines() == 2; });
  CHECK(lines_of(moved).size() == 2);
  logged.log->reopen();
  logged.story->turn_until([&] { return std::filesystem::exists(logged.path); });
  REQUIRE(client.ask(get).status == 200);
  client.close();
  CHECK(has(logged.only_line(), "\"status\":200"));
}

TEST_CASE("a log that nobody can write stops no request, and is counted", "[forwarder_net]") {
  base::Logger quiet{base::LogLevel::off, base::LogFormat::text};
  CHECK_FALSE(AccessLog::open({"/no/such/folder/access.log", {}}, quiet));
  const auto full = AccessLog::open({"/dev/full", {}}, quiet).value();
  full->add_ring().push(full_record());
  while (full->lost() == 0) std::this_thread::yield();
  CHECK(full->lines() == 0);
}
