#include "dns/decode.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/messages.hpp"

using dns::Verdict;

TEST_CASE("every received message has one verdict") {
  for (const auto& c : messages::kMessages) {
    INFO(c.what);
    const auto bytes = reading::from_hex(c.hex);
    const auto query = dns::decode(bytes);
    CHECK(query.verdict == c.verdict);
    CHECK(query.edns.has_value() == c.edns);
    CHECK((query.question_end > dns::kHeaderSize) == c.echoed);
  }
}

TEST_CASE("a query cut anywhere is no query any more") {
  for (const auto& c : messages::kMessages) {
    if (c.verdict != Verdict::query) continue;
    const auto whole = reading::from_hex(c.hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const reading::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      INFO(c.what << " cut to " << size);
      CHECK(dns::decode(cut).verdict != Verdict::query);
    }
  }
}

TEST_CASE("what is asked is read in lower case, with the client's EDNS") {
  const auto bytes = reading::make({.name = "RaTings.Mesh.Internal",
                                    .type = 33,
                                    .edns = true,
                                    .udp_size = 4096,
                                    .edns_flags = 0x8000});
  const auto query = dns::decode(bytes);
  REQUIRE(query.verdict == Verdict::query);
  CHECK(query.name.to_string() == "ratings.mesh.internal");
  CHECK(query.type == 33);
  CHECK(query.class_ == 1);
  REQUIRE(query.edns);
  CHECK(query.edns->udp_size == 4096);
  CHECK(query.edns->dnssec_ok);
  CHECK(query.question_end == 12 + 23 + 4);
}
