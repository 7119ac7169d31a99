#include "dns/responder.hpp"

#include <algorithm>
#include <array>

#include "dns/decode.hpp"
#include "dns/draw.hpp"
#include "dns/reply.hpp"

namespace dns {
namespace {

// EDE options that need no table: code 15, length 2, the info code.
template <Ede kCode>
constexpr std::array<std::uint8_t, 6> kEde{0, option::kExtendedError,          0, 2,
                                           0, static_cast<std::uint8_t>(kCode)};

// RFC 8482 §4.2: ANY gets one HINFO, TTL 3600.
constexpr std::array<std::uint8_t, 21> kHinfo{0xc0, 12, 0,   13,  0,   1,   0,   0,   0x0e, 0x10, 0,
                                              9,    7,  'R', 'F', 'C', '8', '4', '8', '2',  0};

constexpr bool is(std::uint16_t number, Type type) {
  return number == static_cast<std::uint16_t>(type);
}
constexpr bool is(std::uint16_t number, Class c) { return number == static_cast<std::uint16_t>(c); }

class Responder {
 public:
  Responder(const Table& table, const Client& client, const Query& query, Reply& reply,
            base::Random& random, Counters& counters)
      : table_(table),
        client_(client),
        query_(query),
        reply_(reply),
        random_(random),
        counters_(counters) {}

  void run() {
    if (is(query_.class_, Class::chaos)) return chaos();
    if (!is(query_.class_, Class::in) && !is(query_.class_, Class::any))
      return refuse(kEde<Ede::not_supported>);
    if (is(query_.type, Type::axfr) || is(query_.type, Type::ixfr))
      return refuse(kEde<Ede::prohibited>);
    if (query_.type >= static_cast<std::uint16_t>(Type::first_meta) &&
        query_.type <= static_cast<std::uint16_t>(Type::last_meta))
      return reply_.set_rcode(Rcode::notimp);
    if (is(query_.type, Type::opt)) return reply_.set_rcode(Rcode::formerr);
    if (const Node* node = table_.find(query_.name.wire())) return existing(*node);
    missing();
  }

 private:
  void chaos() {
    static constexpr std::string_view kVersion[] = {"\7version\4bind", "\7version\6server"};
    static constexpr std::string_view kIdentity[] = {"\2id\6server", "\10hostname\4bind"};
    const auto wire = query_.name.wire();
    const std::string_view name(reinterpret_cast<const char*>(wire.data()), wire.size() - 1);
    std::span<const std::uint8_t> record;
    if (std::ranges::find(kVersion, name) != std::end(kVersion)) record = table_.chaos_version();
    if (std::ranges::find(kIdentity, name) != std::end(kIdentity)) record = table_.chaos_identity();
    if (record.empty() || !(is(query_.type, Type::txt) || is(query_.type, Type::any)))
      return refuse(kEde<Ede::prohibited>);
    reply_.set_authoritative();
    reply_.add(Section::answer, record);
  }

  void refuse(std::span<const std::uint8_t> ede) {
    reply_.set_rcode(Rcode::refused);
    reply_.explain(ede);
  }

  void fail(std::span<const std::uint8_t> ede) {
    reply_.set_rcode(Rcode::servfail);
    reply_.explain(ede);
  }

  // RFC 2308, RFC 8020; before the first sync nobody knows yet what does not exist, nor what an
  // empty non-terminal has.
  void missing() {
    const Zone* zone = table_.find_zone(query_.name.wire());
    if (!zone)
      return query_.flags & flag::kRecursionDesired ? refuse(kEde<Ede::prohibited>)
                                                    : refuse(kEde<Ede::not_authoritative>);
    if (!table_.synced()) return fail(kEde<Ede::not_ready>);
    reply_.set_authoritative();
    reply_.set_rcode(Rcode::nxdomain);
    add_soa(Section::authority, *zone, zone->negative_ttl);
  }

  void existing(const Node& node) {
    if (node.only_ancestor() && !table_.synced()) return fail(kEde<Ede::not_ready>);
    const Zone& zone = table_.zone(node);
    const Block& block = table_.block(node, table_.class_of(client_.ip));
    reply_.explain(table_.bytes(block.ede));
    if (block.not_ready && leads_somewhere()) return reply_.set_rcode(Rcode::servfail);
    reply_.set_authoritative();
    if (node.apex && is(query_.type, Type::soa)) {
      // RFC 2308 §5: negative answers last no longer than the SOA itself.
      add_soa(Section::answer, zone, std::max(zone.ttl, zone.negative_ttl));
    } else if (node.apex && is(query_.type, Type::ns)) {
      add_ns(zone);
    } else if (is(query_.type, Type::any) && (node.apex || !block.empty())) {
      reply_.add(Section::answer, kHinfo);
    } else if (const RrSet* set = find_set(block); !set || !add_set(block, *set)) {
      add_soa(Section::authority, zone, std::min(block.negative_ttl, zone.negative_ttl));
    }
  }

  bool leads_somewhere() const {
    return is(query_.type, Type::a) || is(query_.type, Type::aaaa) || is(query_.type, Type::srv);
  }

  const RrSet* find_set(const Block& block) const {
    const RrSet* set = nullptr;
    if (is(query_.type, Type::a)) set = &block.a;
    if (is(query_.type, Type::aaaa)) set = &block.aaaa;
    if (is(query_.type, Type::srv)) set = &block.srv;
    if (is(query_.type, Type::txt)) set = &block.txt;
    return set && set->tiers ? set : nullptr;
  }

  // False when the tier drawn has no record of this type: NODATA.
  bool add_set(const Block& block, const RrSet& set) {
    const auto tiers = table_.tiers(set);
    const auto drawn = draw_tier(tiers, random_);
    if (tiers[drawn].count == 0) return false;
    if (tiers[drawn].ede.length && !block.fail_open) reply_.explain(table_.bytes(tiers[drawn].ede));
    if (set.order == RrSet::Order::as_written) {
      for (const auto& record : table_.records(tiers[drawn])) copy(record);
      return true;
    }
    count_answer(block, tiers[drawn]);
    if (set.order == RrSet::Order::one_tier) {
      const auto records = table_.records(tiers[drawn]);
      const Draw draw(records, tiers[drawn].heaviest, tiers[drawn].quota, random_);
      for (std::size_t i = 0; i < draw.size() && !reply_.truncated(); ++i) copy(records[draw[i]]);
    } else {
      add_by_priority(tiers, drawn);
    }
    return true;
  }

  void count_answer(const Block& block, const Tier& tier) {
    counters_.answered_from_tier[std::min<std::size_t>(tier.index, Counters::kTiers - 1)].add();
    if (tier.stale) counters_.stale.add();
    if (block.fail_open) counters_.fail_open.add();
  }

  std::size_t copy(const Record& record) {
    return reply_.add(Section::answer, table_.bytes({record.offset, record.length}));
  }

  // The drawn tier first, then the better ones it was drawn before as fall-backs; all answers
  // before all addresses.
  void add_by_priority(std::span<const Tier> tiers, std::size_t drawn) {
    struct Target {
      const Record* record;
      std::size_t place;
    };
    std::array<Target, Draw::kMaxShuffled> targets;
    std::size_t count = 0;
    for (std::size_t n = 0; n < tiers.size(); ++n) {
      const Tier& tier = tiers[(drawn + n) % tiers.size()];
      const bool passed_over = drawn + n >= tiers.size();
      const auto records = table_.records(tier);
      const Draw draw(records, tier.heaviest, tier.quota, random_);
      for (std::size_t i = 0; i < draw.size(); ++i) {
        const Record& record = records[draw[i]];
        const auto place = copy(record);
        if (place == 0) return;  // truncated: the client comes back over TCP
        if (passed_over) raise_priority(place, tiers.back().index + std::size_t{1});
        if (count < targets.size()) targets[count++] = {&record, place};
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto same = [&](const auto& other) {
        return std::ranges::equal(target_of(*other.record), target_of(*targets[i].record));
      };
      if (std::none_of(targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(i), same))
        add_glue(*targets[i].record, targets[i].place);
    }
  }

  std::span<const std::uint8_t> target_of(const Record& record) const {
    return table_.bytes({record.offset + static_cast<std::uint32_t>(kSrvTarget),
                         record.length - static_cast<std::uint32_t>(kSrvTarget)});
  }

  void raise_priority(std::size_t place, std::size_t by) {
    const auto priority = reply_.at(place + kSrvPriority);
    put_u16(priority, 0, static_cast<std::uint16_t>(u16_at(priority, 0) + by));
  }

  void add_glue(const Record& record, std::size_t place) {
    if (place + kSrvTarget > kMaxPointer) return;
    const auto target = static_cast<std::uint16_t>(0xc000 | (place + kSrvTarget));
    add_addresses(table_.bytes({record.offset + record.length, record.glue_length}), target);
  }

  // A run of address records, each owned by what `owner` points at.
  void add_addresses(std::span<const std::uint8_t> run, std::uint16_t owner) {
    while (!run.empty()) {
      const std::size_t size = kRecordData + u16_at(run, kRecordLength);
      const auto place = reply_.add(Section::additional, run.first(size));
      if (place == 0) return;
      put_u16(reply_.at(place), 0, owner);
      run = run.subspan(size);
    }
  }

  std::size_t add_apex_record(Section section, const Zone& zone, const ApexRecord& record) {
    const auto place = reply_.add(section, table_.bytes(record.bytes));
    if (place == 0) return 0;
    const std::size_t apex = kHeaderSize + query_.name.wire().size() - zone.apex_length;
    const auto bytes = reply_.at(place);
    for (std::size_t i = 0; i < record.pointer_count; ++i)
      put_u16(bytes, record.pointers[i], static_cast<std::uint16_t>(0xc000 | apex));
    return place;
  }

  void add_soa(Section section, const Zone& zone, std::uint32_t ttl) {
    const auto place = add_apex_record(section, zone, zone.soa);
    if (place != 0) put_u32(reply_.at(place), kRecordTtl, ttl);
  }

  void add_ns(const Zone& zone) {
    const auto place = add_apex_record(Section::answer, zone, zone.ns);
    if (place == 0) return;
    const auto name_server = static_cast<std::uint16_t>(0xc000 | (place + kRecordData));
    add_addresses(table_.bytes(zone.ns_glue), name_server);
  }

  const Table& table_;
  const Client& client_;
  const Query& query_;
  Reply& reply_;
  base::Random& random_;
  Counters& counters_;
};

std::size_t limit(const Query& query, Transport transport) {
  if (transport == Transport::tcp) return kMaxMessage;
  if (!query.edns) return kPlainUdpSize;
  return std::clamp<std::size_t>(query.edns->udp_size, kPlainUdpSize, kUdpPayload);
}

}  // namespace

std::size_t answer(const Table* table, const Client& client, std::span<std::uint8_t> buffer,
                   std::size_t query_length, base::Random& random, Counters& counters) {
  CHECK(buffer.size() >= kPlainUdpSize && query_length <= buffer.size());
  const Query query = decode(buffer.first(query_length));
  if (query.verdict == Verdict::short_message) return counters.short_messages.add(), 0;
  if (query.verdict == Verdict::response) return counters.stray_responses.add(), 0;

  Reply reply(buffer, query, limit(query, client.transport));
  switch (query.verdict) {
    case Verdict::unknown_opcode:
      reply.set_rcode(Rcode::notimp);
      break;
    case Verdict::malformed:
      reply.set_rcode(Rcode::formerr);
      break;
    case Verdict::bad_version:
      reply.set_rcode(Rcode::badvers);
      break;
    default:
      counters.count_query(query.type);
      if (table) {
        Responder(*table, client, query, reply, random, counters).run();
      } else {
        reply.set_rcode(Rcode::servfail);
        reply.explain(kEde<Ede::not_ready>);
      }
  }
  if (query.edns) counters.edns.add();
  counters.responses[static_cast<std::size_t>(reply.rcode())].add();
  if (reply.truncated()) counters.truncated.add();
  return reply.finish();
}

}  // namespace dns
