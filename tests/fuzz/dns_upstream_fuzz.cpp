// Any bytes as an upstream's answer: not believed, or made into a reply of the client's question
// that is within its limit, has nothing of the upstream's header but the rcode, and is believed
// again.
#include "dns/upstream_message.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/dns/reading.hpp"

namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::uint16_t kOurId = 0x1234, kClientsId = 0xabcd;
constexpr std::uint16_t kClientsFlags = 0x838f;  // QR, TC, RD, RA and the rcode

base::Bytes text(const reading::Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

reading::Bytes asked(bool edns) {
  return reading::make({.name = "wWw.example.com", .id = kOurId, .edns = edns});
}

dns::ForeignQuery client(bool edns, std::size_t limit) {
  auto query = reading::make({.name = "www.EXAMPLE.com"});
  return {.question = text({query.begin() + 12, query.end()}),
          .id = kClientsId,
          .edns = edns,
          .limit = limit};
}

std::string_view broken_reply(const dns::ForeignQuery& client, const base::Bytes& reply) {
  const auto bytes = base::as_span(reply);
  if (bytes.size() > client.limit) return "too long";
  if (dns::u16_at(bytes, 0) != kClientsId) return "another ID";
  if (dns::u16_at(bytes, 2) & ~kClientsFlags) return "flags of the upstream's";
  if (reply.substr(12, client.question.size()) != client.question) return "another question";
  auto query = reading::make({.name = "www.EXAMPLE.com", .id = kClientsId, .edns = client.edns});
  if (dns::u16_at(bytes, 2) & dns::flag::kTruncated) return "";
  const auto again = dns::read_upstream_answer(query, bytes);
  if (again.verdict == dns::UpstreamAnswer::Verdict::malformed) return "not believed again";
  if (again.edns != client.edns) return "OPT without being asked, or none";
  return "";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  // On the heap and of exact size, so that a byte beyond is seen.
  const reading::Bytes answer(input.begin(), input.end());
  for (const bool edns : {true, false}) {
    const auto read = dns::read_upstream_answer(asked(edns), answer);
    if (read.verdict == dns::UpstreamAnswer::Verdict::malformed) continue;
    for (const std::size_t limit : {512U, 1232U, 65535U}) {
      const auto whom = client(limit != 512, limit);
      if (const auto what = broken_reply(whom, dns::reply_of(whom, answer, read)); !what.empty())
        return what;
    }
  }
  return {};
}

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> seeds;
  const auto add = [&](std::string_view counts, std::string_view records) {
    auto bytes = asked(false);
    const auto numbers = reading::from_hex(counts), more = reading::from_hex(records);
    bytes[2] = 0x85;
    bytes[3] = 0x80;
    std::copy(numbers.begin(), numbers.end(), bytes.begin() + 6);
    bytes.insert(bytes.end(), more.begin(), more.end());
    seeds.emplace_back(bytes.begin(), bytes.end());
  };
  const std::string address = "c00c 0001 0001 0000003c 0004 c0000201";
  const std::string alias = "c00c 0005 0001 0000003c 0006 0361 6161 c010";
  const std::string opt = "00 0029 04d0 00000000 0000";
  add("0000 0000 0000", "");
  add("0001 0000 0000", address);
  add("0002 0000 0001", alias + "c02d 0001 0001 0000003c 0004 c0000201" + opt);
  add("0002 0000 0001",
      "c00c 0005 0001 0000003c 0006 13616161c010 c02d 0001 0001 0000003c 0004 c0000201" + opt);
  add("0001 0001 0002", address + address + opt + address);
  add("0000 0000 0001", "00 0029 04d0 01008000 0004 000f0000");
  std::string many;
  for (int i = 0; i < 40; ++i) many += address;
  add("0028 0000 0001", many + opt);
  return seeds;
}
