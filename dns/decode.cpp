#include "dns/decode.hpp"

#include <algorithm>

namespace dns {
namespace {

constexpr std::size_t kQuestionTail = 4;  // type, class
constexpr std::size_t kRecordTail = 10;   // type, class, TTL, length of the data

using Span = std::span<const std::uint8_t>;

// Options that we do not act on are still held to their form (dns.md §3 rows 10 to 12).
bool valid_option(std::uint16_t code, Span data) {
  switch (code) {
    case option::kNsid:
      return data.empty();
    case option::kCookie:
      return data.size() == 8 || (data.size() >= 16 && data.size() <= 40);
    default:
      return true;
  }
}

bool read_options(Span options, Edns& edns) {
  while (!options.empty()) {
    if (options.size() < 4) return false;
    const std::size_t length = u16_at(options, 2);
    if (options.size() < 4 + length) return false;
    const auto code = u16_at(options, 0);
    const auto data = options.subspan(4, length);
    if (!valid_option(code, data)) return false;
    if (code == option::kClientSubnet) {
      edns.client_subnet = read_client_subnet(data);
      if (!edns.client_subnet) return false;
    }
    options = options.subspan(4 + length);
  }
  return true;
}

struct Walk {
  Span message;
  Query& query;
  std::size_t at = kHeaderSize;
  Span options{};

  // False when a question is cut short; only the first is kept.
  bool questions(std::uint16_t count) {
    for (std::uint16_t i = 0; i < count; ++i) {
      const auto name = Name::read(message.subspan(at));
      if (!name || message.size() - at < name->wire().size() + kQuestionTail) return false;
      at += name->wire().size() + kQuestionTail;
      if (i > 0) continue;
      query.name = *name;
      query.type = u16_at(message, at - 4);
      query.class_ = u16_at(message, at - 2);
      query.question_end = at;
    }
    return true;
  }

  bool records(std::size_t count, Type allowed_opt) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t owner_end = skip_name(message, at);
      if (owner_end == 0 || message.size() - owner_end < kRecordTail) return false;
      const std::size_t data = owner_end + kRecordTail;
      const std::size_t length = u16_at(message, data - 2);
      if (message.size() - data < length) return false;
      if (u16_at(message, owner_end) == static_cast<std::uint16_t>(Type::opt)) {
        const bool root_owner = owner_end == at + 1;
        if (allowed_opt != Type::opt || !root_owner || query.edns) return false;
        query.edns = Edns{.udp_size = u16_at(message, owner_end + 2),
                          .version = message[owner_end + 5],
                          .dnssec_ok = (u16_at(message, owner_end + 6) & flag::kDnssecOk) != 0};
        options = message.subspan(data, length);
      }
      at = data + length;
    }
    return true;
  }
};

}  // namespace

Query decode(Span message) {
  Query query;
  if (message.size() < kHeaderSize) {
    query.verdict = Verdict::short_message;
    return query;
  }
  query.flags = u16_at(message, 2);
  if (query.flags & flag::kResponse) {
    query.verdict = Verdict::response;
    return query;
  }
  const auto questions = u16_at(message, 4);
  Walk walk{.message = message, .query = query};
  const bool whole = walk.questions(questions) &&
                     walk.records(std::size_t{u16_at(message, 6)} + u16_at(message, 8), Type{}) &&
                     walk.records(u16_at(message, 10), Type::opt) && walk.at == message.size();
  if (query.flags & flag::kOpcode) {
    query.verdict = Verdict::unknown_opcode;
    query.question_end = kHeaderSize;
  } else if (!whole || questions != 1) {
    query.verdict = Verdict::malformed;
  } else if (query.edns && query.edns->version > 0) {
    query.verdict = Verdict::bad_version;
  } else if (query.edns && !read_options(walk.options, *query.edns)) {
    query.verdict = Verdict::malformed;
  }
  return query;
}

}  // namespace dns
