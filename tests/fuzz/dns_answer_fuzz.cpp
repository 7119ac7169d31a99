// Any bytes as a query: an answer that an independent reader accepts, within its limit, or silence
// where the rules want silence; and never an endpoint of a tier that was not drawn.
#include "dns/responder.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/messages.hpp"

namespace {

constexpr std::uint64_t kSeed = 1;

enum class PassingOn { off, on };

std::unique_ptr<const dns::Table> make_table(PassingOn passing_on) {
  auto mesh = mesh::bookinfo();
  if (passing_on == PassingOn::on) {
    mesh.config.pass_on = {{".", {base::SocketAddress::parse("192.0.2.53:53").value()}}};
    mesh.add({.host = "*.mesh.internal", .tiers = {{1, {{.ip = "10.6.0.1"}}}}});
  }
  mesh.config.clients = {base::Cidr::parse("0.0.0.0/0").value()};
  mesh::TestHost many{.host = "many.mesh.internal", .tiers = {{1, {}}}, .headless = true};
  for (int i = 1; i <= 120; ++i)
    many.tiers[0].endpoints.push_back(
        {"10.2.0." + std::to_string(i), "east", "db-" + std::to_string(i)});
  mesh.add(many);
  mesh.add({.host = "split.mesh.internal",
            .tiers = {{0.5, {{"10.3.0.1"}, {"fd00::1"}}}, {0.5, {{"10.4.0.1"}}}}});
  mesh.add({.host = "a.b", .tiers = {{1, {{.ip = "10.5.0.1", .stale = true}}}}});
  return mesh.table();
}

struct Asked {
  const reading::Bytes& query;
  dns::Transport transport;
  PassingOn passing_on;
};

// What is to be passed on is a question of the query's.
std::string_view broken_foreign(const Asked& asked, const dns::ForeignQuery& foreign) {
  if (asked.passing_on == PassingOn::off) return "passed on, and nobody is there to";
  if (foreign.id != (asked.query[0] << 8 | asked.query[1])) return "passed on with another ID";
  const std::string_view query(reinterpret_cast<const char*>(asked.query.data()),
                               asked.query.size());
  if (query.substr(12, foreign.question.size()) != foreign.question)
    return "passed on with another question";
  return dns::Name::read(base::as_span(foreign.question)) ? "" : "passed on without a name";
}

// What a client knows of its own query without parsing it.
bool silence_is_right(const reading::Bytes& query) {
  return query.size() < 12 || (query[2] & 0x80) != 0;
}

std::string_view broken_answer(const Asked& asked, const reading::Bytes& bytes) {
  if (bytes.empty()) return silence_is_right(asked.query) ? "" : "no answer";
  if (silence_is_right(asked.query)) return "an answer to what is no query";
  const auto answer = reading::read(bytes.data(), bytes.size());
  if (!answer) return "not a well-formed message";
  if (asked.transport == dns::Transport::udp && bytes.size() > (answer->opt ? 1232u : 512u))
    return "too long";
  if (bytes[0] != asked.query[0] || bytes[1] != asked.query[1]) return "another ID";
  if (!(answer->flags & 0x8000)) return "no response";
  if (answer->questions.size() > 1) return "more than one question";
  if (!answer->questions.empty() &&
      !std::equal(bytes.begin() + 12, bytes.begin() + 14, asked.query.begin() + 12))
    return "another question";
  if (answer->flags & (asked.passing_on == PassingOn::on ? 0x0070 : 0x00f0))
    return "RA, Z, AD or CD is set";
  std::string prefix;
  for (const auto& rr : answer->answer) {
    if (rr.ttl != answer->answer.front().ttl) return "two TTLs in one RRset";
    if (rr.type != 1 || answer->questions.front().starts_with("many")) continue;
    const auto tier = rr.data.substr(0, rr.data.find('.', 3));
    if (!prefix.empty() && prefix != tier) return "two tiers in one answer";
    prefix = tier;
  }
  return "";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  static const auto table = make_table(PassingOn::off), open = make_table(PassingOn::on);
  const reading::Bytes query(
      input.begin(),
      input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(input.size(), 4096)));
  for (const auto transport : {dns::Transport::udp, dns::Transport::tcp})
    for (const auto* asked : {table.get(), open.get(), static_cast<const dns::Table*>(nullptr)}) {
      const auto passing_on = asked == open.get() ? PassingOn::on : PassingOn::off;
      std::optional<dns::ForeignQuery> foreign;
      base::Random random(kSeed);
      dns::Counters counters;
      // On the heap and of exact size, so that a byte beyond is seen.
      reading::Bytes buffer(transport == dns::Transport::udp
                                ? std::max<std::size_t>(query.size(), 1232)
                                : dns::kMaxMessage);
      std::copy(query.begin(), query.end(), buffer.begin());
      buffer.resize(
          dns::answer(asked, {{}, transport}, buffer, query.size(), random, counters, &foreign));
      const Asked how{query, transport, passing_on};
      const auto what = foreign ? broken_foreign(how, *foreign) : broken_answer(how, buffer);
      if (!what.empty()) return what;
      if (foreign && !buffer.empty()) return "passed on and answered";
    }
  return {};
}

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> seeds;
  const auto add = [&](const reading::Bytes& bytes) {
    seeds.emplace_back(bytes.begin(), bytes.end());
  };
  for (const auto& message : messages::kMessages) add(reading::from_hex(message.hex));
  for (const char* name :
       {"ratings.mesh.internal", "many.mesh.internal", "split.mesh.internal", "nope.mesh.internal",
        "_http._tcp.ratings.mesh.internal", "_http._tcp.many.mesh.internal", "mesh.internal",
        "_explain.ratings.mesh.internal", "version.bind", "", "www.example.com", "localhost",
        "1.0.0.10.in-addr.arpa", "_http._tcp.a.b.c.mesh.internal"})
    for (const std::uint16_t type :
         std::initializer_list<std::uint16_t>{1, 2, 6, 16, 28, 33, 65, 255, 252})
      add(reading::make(
          {.name = name,
           .type = type,
           .class_ = name == std::string("version.bind") ? std::uint16_t{3} : std::uint16_t{1},
           .edns = type != 1}));
  return seeds;
}
