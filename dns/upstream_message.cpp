#include "dns/upstream_message.hpp"

#include <algorithm>
#include <utility>

#include "dns/name.hpp"

namespace dns {
namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::size_t kRecordTail = 10;  // type, class, TTL, length of the data
constexpr std::uint8_t kPointer = 0xc0;
constexpr std::uint8_t kCaseBit = 0x20;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_opt(Span message, std::size_t owner_end) {
  return u16_at(message, owner_end) == static_cast<std::uint16_t>(Type::opt);
}

void put_opt(base::ByteWriter& out, bool dnssec_ok, Span options) {
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(Type::opt));
  out.u16(kUdpPayload);
  out.u32(dnssec_ok ? std::uint32_t{flag::kDnssecOk} : 0);
  out.u16(static_cast<std::uint16_t>(options.size()));
  out.put(options);
}

// The name at `at`: every pointer leads back to an earlier part (RFC 1035 §4.1.4), which ends before
// the part that leads there begins, and all of it is one name. So it depends on nothing behind it,
// which the client may not get.
bool is_name(Span message, std::size_t at) {
  std::size_t length = 0, begun = at;
  for (auto part = message; at < part.size();) {
    const std::uint8_t label = part[at];
    if (label == 0) return true;
    if (label < kPointer) {
      length += label + std::size_t{1};
      if (label > kMaxLabel || length >= kMaxName) return false;
      at += label + std::size_t{1};
      continue;
    }
    if (at + 2 > part.size()) return false;
    at = u16_at(part, at) & kMaxPointer;
    if (at < kHeaderSize || at >= begun) return false;
    part = message.first(std::exchange(begun, at));
  }
  return false;
}

// False when a record is cut short or a byte is left over.
bool walk_records(Span message, std::size_t at, UpstreamAnswer& answer) {
  for (std::size_t section = 0; section < 3; ++section) {
    const auto count = u16_at(message, 6 + 2 * section);
    for (std::uint16_t i = 0; i < count; ++i) {
      const std::size_t owner_end = skip_name(message, at);
      if (owner_end == 0 || !is_name(message, at) || message.size() - owner_end < kRecordTail)
        return false;
      const std::size_t end = owner_end + kRecordTail + u16_at(message, owner_end + 8);
      if (end > message.size()) return false;
      if (is_opt(message, owner_end)) {
        if (section != 2 || answer.edns || owner_end != at + 1) return false;
        answer.edns = true;
        if (message[owner_end + 4] != 0) answer.rcode = Rcode::servfail;
      } else if (!answer.edns) {
        ++answer.counts[section];
        answer.records_end = end;
      }
      at = end;
    }
  }
  return at == message.size();
}

bool same_but_for_case(Span a, Span b) {
  const auto lower = [](std::uint8_t c) {
    return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c | kCaseBit) : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

void put_header(base::ByteWriter& out, const ForeignQuery& query, std::uint16_t flags,
                const std::array<std::uint16_t, 3>& counts) {
  flags |= flag::kResponse | flag::kRecursionDesired | flag::kRecursionAvailable;
  if (query.checking_disabled) flags |= flag::kCheckingDisabled;
  out.u16(query.id);
  out.u16(flags);
  out.u16(1);
  out.u16(counts[0]);
  out.u16(counts[1]);
  out.u16(static_cast<std::uint16_t>(counts[2] + (query.edns ? 1 : 0)));
  out.put(base::as_span(query.question));
}

}  // namespace

base::Bytes upstream_query(const ForeignQuery& query, bool edns, base::Random& random) {
  base::ByteWriter out;
  out.u16(static_cast<std::uint16_t>(random.next()));
  out.u16(static_cast<std::uint16_t>(flag::kRecursionDesired |
                                     (query.checking_disabled ? flag::kCheckingDisabled : 0)));
  out.u16(1);
  out.u16(0);
  out.u16(0);
  out.u16(edns ? 1 : 0);
  // Length bytes are below 'A', so the whole name can be gone through; type and class are not.
  auto question = query.question;
  std::uint64_t coins = 0;
  for (std::size_t i = 0, letters = 0; i + 4 < question.size(); ++i) {
    if (!is_letter(question[i])) continue;
    if (letters++ % 64 == 0) coins = random.next();
    if (coins >> letters % 64 & 1) question[i] = static_cast<char>(question[i] ^ kCaseBit);
  }
  out.put(base::as_span(question));
  if (edns) put_opt(out, query.dnssec_ok, {});
  return std::move(out).take();
}

UpstreamAnswer read_upstream_answer(Span query, Span bytes) {
  using Verdict = UpstreamAnswer::Verdict;
  UpstreamAnswer answer;
  const std::size_t question_end = query.size() - (u16_at(query, 10) > 0 ? kOptSize : 0);
  if (bytes.size() < question_end || u16_at(bytes, 0) != u16_at(query, 0)) return answer;
  const auto flags = u16_at(bytes, 2);
  if (!(flags & flag::kResponse) || flags & (flag::kOpcode | flag::kTruncated)) return answer;
  const auto asked = query.subspan(kHeaderSize, question_end - kHeaderSize);
  const auto echoed = bytes.subspan(kHeaderSize, asked.size());
  if (u16_at(bytes, 4) != 1 || !same_but_for_case(asked, echoed)) return answer;
  answer.rcode = static_cast<Rcode>(flags & 0xf);
  answer.records_end = question_end;
  if (!walk_records(bytes, question_end, answer)) return answer;
  answer.same_case = std::ranges::equal(asked, echoed);
  if (answer.rcode == Rcode::formerr && !answer.edns && u16_at(query, 10) > 0)
    answer.verdict = Verdict::no_edns;
  else if (answer.rcode == Rcode::noerror || answer.rcode == Rcode::nxdomain)
    answer.verdict = Verdict::good;
  else
    answer.verdict = Verdict::failure;
  return answer;
}

base::Bytes reply_of(const ForeignQuery& query, Span bytes, const UpstreamAnswer& answer) {
  const std::size_t begin = kHeaderSize + query.question.size();
  const auto records = bytes.subspan(begin, answer.records_end - begin);
  const bool fits = answer.records_end + (query.edns ? kOptSize : 0) <= query.limit;
  base::ByteWriter out;
  const auto rcode = static_cast<std::uint16_t>(answer.rcode);
  put_header(out, query, static_cast<std::uint16_t>(rcode | (fits ? 0 : flag::kTruncated)),
             fits ? answer.counts : std::array<std::uint16_t, 3>{});
  if (fits) out.put(records);
  if (query.edns) put_opt(out, query.dnssec_ok, {});
  return std::move(out).take();
}

base::Bytes failure_reply(const ForeignQuery& query, Span ede_option) {
  base::ByteWriter out;
  put_header(out, query, static_cast<std::uint16_t>(Rcode::servfail), {});
  if (query.edns) put_opt(out, query.dnssec_ok, ede_option);
  return std::move(out).take();
}

}  // namespace dns
