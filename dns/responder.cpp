#include "dns/responder.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "dns/decode.hpp"
#include "dns/host_answer.hpp"
#include "dns/record.hpp"
#include "dns/reply.hpp"

namespace dns {
namespace {

template <Ede kCode>
constexpr auto kEde = error_option<kCode>("");

constexpr std::array<std::uint8_t, 4> kLoopbackV4{127, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> kLoopbackV6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

// RFC 8482 §4.2: ANY gets one HINFO, TTL 3600.
constexpr std::array<std::uint8_t, 21> kHinfo{0xc0, 12, 0,   13,  0,   1,   0,   0,   0x0e, 0x10, 0,
                                              9,    7,  'R', 'F', 'C', '8', '4', '8', '2',  0};

constexpr bool is(std::uint16_t number, Type type) {
  return number == static_cast<std::uint16_t>(type);
}
constexpr bool is(std::uint16_t number, Class c) { return number == static_cast<std::uint16_t>(c); }

class Responder {
 public:
  // `pass_on` is null where this client's queries are not passed on.
  Responder(const Table& table, const PassOnRules* pass_on, const Client& client,
            const Query& query, const Index::Step* ahead, Reply& reply, base::Random& random,
            Counters& counters)
      : table_(table),
        pass_on_(pass_on),
        client_(client),
        query_(query),
        ahead_(ahead),
        reply_(reply),
        random_(random),
        counters_(counters) {
    const auto* subnet =
        query.edns && query.edns->client_subnet ? &*query.edns->client_subnet : nullptr;
    if (!subnet || !table.trusts(client.ip)) return;
    reply.hold_for(*subnet, 0);
    if (subnet->source_bits > 0) subnet_ = subnet;  // else it shall not count (RFC 7871 §7.1.2)
  }

  // Who is to answer instead; null when the reply is made.
  std::shared_ptr<const Upstreams> run() {
    respond();
    return std::move(upstreams_);
  }

 private:
  void respond() {
    if (is(query_.class_, Class::chaos)) return chaos();
    if (!is(query_.class_, Class::in) && !is(query_.class_, Class::any))
      return refuse(kEde<Ede::not_supported>);
    if (is(query_.type, Type::axfr) || is(query_.type, Type::ixfr))
      return refuse(kEde<Ede::prohibited>);
    if (query_.type >= static_cast<std::uint16_t>(Type::first_meta) &&
        query_.type <= static_cast<std::uint16_t>(Type::last_meta))
      return reply_.set_rcode(Rcode::notimp);
    if (is(query_.type, Type::opt)) return reply_.set_rcode(Rcode::formerr);
    const auto found = table_.find(query_.name, ahead_);
    if (found.exists) return existing(found);
    found.zone ? missing(*found.zone) : foreign();
  }

  void chaos() {
    static constexpr std::string_view kVersion[] = {"\7version\4bind", "\7version\6server"};
    static constexpr std::string_view kIdentity[] = {"\2id\6server", "\10hostname\4bind"};
    const auto wire = query_.name.wire();
    const std::string_view name(reinterpret_cast<const char*>(wire.data()), wire.size() - 1);
    std::string_view record;
    if (std::ranges::find(kVersion, name) != std::end(kVersion)) record = table_.chaos_version();
    if (std::ranges::find(kIdentity, name) != std::end(kIdentity)) record = table_.chaos_identity();
    if (record.empty() || !(is(query_.type, Type::txt) || is(query_.type, Type::any)))
      return refuse(kEde<Ede::prohibited>);
    reply_.set_authoritative();
    reply_.add(Section::answer, base::as_span(record));
  }

  void refuse(std::span<const std::uint8_t> ede) {
    reply_.set_rcode(Rcode::refused);
    reply_.explain(ede);
  }

  void fail(std::span<const std::uint8_t> ede) {
    reply_.set_rcode(Rcode::servfail);
    reply_.explain(ede);
  }

  // RFC 1035 §6.2: one who knows one class has no authority for all of them.
  void speak_for_zone() {
    if (is(query_.class_, Class::in)) reply_.set_authoritative();
  }

  // RFC 2308, RFC 8020; before the first sync nobody knows yet what does not exist, nor what an
  // empty non-terminal has.
  void missing(const Zone& zone) {
    if (!table_.synced()) return fail(kEde<Ede::not_ready>);
    speak_for_zone();
    reply_.set_rcode(Rcode::nxdomain);
    add_soa(Section::authority, zone, zone.negative_ttl);
  }

  // Before the first sync, too: a name that others know shall not wait for this mesh.
  void foreign() {
    if (!(query_.flags & flag::kRecursionDesired)) return refuse(kEde<Ede::not_authoritative>);
    const auto way = pass_on_ ? pass_on_->find(query_.name, query_.type) : Way{};
    if (way.special) return special(*way.special);
    if (way.bare_label) return reply_.set_rcode(Rcode::nxdomain);  // no SOA: not to be kept
    if (!way.upstreams) return refuse(kEde<Ede::prohibited>);
    if (!is(query_.class_, Class::in)) return refuse(kEde<Ede::not_supported>);
    upstreams_ = *way.upstreams;
  }

  void special(const SpecialZone& special) {
    const bool apex = query_.name == special.apex;
    speak_for_zone();
    if (special.loopback && is(query_.type, Type::a)) {
      add_address(Type::a, kLoopbackV4, special.zone.ttl);
    } else if (special.loopback && is(query_.type, Type::aaaa)) {
      add_address(Type::aaaa, kLoopbackV6, special.zone.ttl);
    } else if (apex && is(query_.type, Type::soa)) {
      add_soa(Section::answer, special.zone, special.zone.ttl);
    } else {
      if (!apex && !special.loopback) reply_.set_rcode(Rcode::nxdomain);
      add_soa(Section::authority, special.zone, special.zone.negative_ttl);
    }
  }

  void add_address(Type type, std::span<const std::uint8_t> ip, std::uint32_t ttl) {
    const auto place = reply_.claim(Section::answer, kRecordData + ip.size());
    if (place == 0) return;
    const auto record = reply_.at(place);
    put_u16(record, 0, kQuestionPointer);
    put_u16(record, 2, static_cast<std::uint16_t>(type));
    put_u16(record, 4, static_cast<std::uint16_t>(Class::in));
    put_u32(record, kRecordTtl, ttl);
    put_u16(record, kRecordLength, static_cast<std::uint16_t>(ip.size()));
    std::ranges::copy(ip, record.begin() + kRecordData);
  }

  void existing(const Found& found) {
    const bool holds_records = found.host && found.name.kind != Derived::Kind::between;
    // A wildcard stands for what has no host of its own; before the first sync one may yet be told.
    if (!found.apex && (!holds_records || found.wildcard) && !table_.synced())
      return fail(kEde<Ede::not_ready>);
    const auto caller_class = found.host ? class_of_caller(found) : std::uint16_t{0};
    if (!found.placed || found.host->door() != Host::Door::endpoints)
      return answer(found, found.host, caller_class);
    const auto narrowed = table_.narrow(found, query_.name, caller_class);
    answer(found, narrowed.host, caller_class);
  }

  // `at`: what was found, as it is at the place in the name; null: an apex alone, or nothing.
  void answer(const Found& found, const Host* at, std::uint16_t caller_class) {
    std::optional<HostAnswer> host;
    if (at) host.emplace(table_, found, *at, query_, caller_class);
    if (host) reply_.explain(host->ede());
    if (host && !host->ready() && leads_somewhere()) return reply_.set_rcode(Rcode::servfail);
    speak_for_zone();
    const Zone& zone = *found.zone;
    if (found.apex && is(query_.type, Type::soa)) {
      // RFC 2308 §5: negative answers last no longer than the SOA itself.
      add_soa(Section::answer, zone, std::max(zone.ttl, zone.negative_ttl));
    } else if (found.apex && is(query_.type, Type::ns)) {
      add_ns(zone);
    } else if (is(query_.type, Type::any) && (found.apex || (host && host->has_records()))) {
      reply_.add(Section::answer, kHinfo);
    } else if (!host || !host->write(reply_, random_, counters_)) {
      add_soa(Section::authority, zone,
              host ? std::min(host->negative_ttl(), zone.negative_ttl) : zone.negative_ttl);
    }
  }

  // Where all callers are answered alike, the answer holds for all.
  std::uint16_t class_of_caller(const Found& found) {
    if (!subnet_) return table_.class_of(client_.ip);
    const auto [number, bits] = table_.class_of(*subnet_);
    const auto kind = found.name.kind;
    if (kind == Derived::Kind::explanation ||
        (kind != Derived::Kind::between && (found.placed || found.host->answers().size() > 1)))
      reply_.hold_for(*subnet_, bits);
    return number;
  }

  bool leads_somewhere() const {
    return is(query_.type, Type::a) || is(query_.type, Type::aaaa) || is(query_.type, Type::srv);
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
    const auto place = reply_.add(section, base::as_span(record.bytes));
    if (place == 0) return 0;
    const std::size_t apex = kHeaderSize + query_.name.wire().size() - zone.apex_length;
    const auto bytes = reply_.at(place);
    for (std::size_t i = 0; i < record.pointer_count; ++i)
      put_u16(bytes, record.pointers[i], static_cast<std::uint16_t>(0xc000 | apex));
    return place;
  }

  void add_soa(Section section, const Zone& zone, std::uint32_t ttl) {
    const auto place = add_apex_record(section, zone, zone.soa);
    if (place == 0) return;
    put_u32(reply_.at(place), kRecordTtl, ttl);
    put_u32(reply_.at(place), zone.serial_at, static_cast<std::uint32_t>(table_.version()));
  }

  void add_ns(const Zone& zone) {
    const auto place = add_apex_record(Section::answer, zone, zone.ns);
    if (place == 0) return;
    const auto name_server = static_cast<std::uint16_t>(0xc000 | (place + kRecordData));
    add_addresses(base::as_span(zone.ns_glue), name_server);
  }

  const Table& table_;
  const PassOnRules* pass_on_;
  const Client& client_;
  const Query& query_;
  const Index::Step* ahead_;
  Reply& reply_;
  base::Random& random_;
  Counters& counters_;
  const ClientSubnet* subnet_ = nullptr;  // whom a trusted forwarder asks for
  std::shared_ptr<const Upstreams> upstreams_;
};

ForeignQuery foreign_query(const Query& query, std::span<const std::uint8_t> message,
                           std::size_t limit, std::shared_ptr<const Upstreams> upstreams) {
  const auto question = message.subspan(kHeaderSize, query.question_end - kHeaderSize);
  return {.question = base::Bytes(base::as_text(question)),
          .id = u16_at(message, 0),
          .edns = query.edns.has_value(),
          .dnssec_ok = query.edns && query.edns->dnssec_ok,
          .checking_disabled = (query.flags & flag::kCheckingDisabled) != 0,
          .limit = limit,
          .upstreams = std::move(upstreams)};
}

std::size_t limit(const Query& query, Transport transport) {
  if (transport == Transport::tcp) return kMaxMessage;
  if (!query.edns) return kPlainUdpSize;
  return std::clamp<std::size_t>(query.edns->udp_size, kPlainUdpSize, kUdpPayload);
}

}  // namespace

std::size_t answer(const Table* table, const Client& client, std::span<std::uint8_t> buffer,
                   std::size_t query_length, base::Random& random, Counters& counters,
                   std::optional<ForeignQuery>* foreign, const Index::Step* ahead) {
  INVARIANT(buffer.size() >= kPlainUdpSize && query_length <= buffer.size());
  const Query query = decode(buffer.first(query_length));
  if (query.verdict == Verdict::short_message) return counters.short_messages.add(), 0;
  if (query.verdict == Verdict::response) return counters.stray_responses.add(), 0;

  if (query.edns) counters.edns.add();
  const auto* pass_on = table && foreign ? table->pass_on() : nullptr;
  if (pass_on && !pass_on->allows(client.ip)) pass_on = nullptr;
  Reply reply(buffer, query, limit(query, client.transport));
  if (pass_on) reply.set_recursion_available();
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
        Responder responder(*table, pass_on, client, query, ahead, reply, random, counters);
        if (auto upstreams = responder.run()) {
          *foreign =
              foreign_query(query, buffer, limit(query, client.transport), std::move(upstreams));
          return 0;
        }
      } else {
        reply.set_rcode(Rcode::servfail);
        reply.explain(kEde<Ede::not_ready>);
      }
  }
  counters.responses[static_cast<std::size_t>(reply.rcode())].add();
  if (reply.truncated()) counters.truncated.add();
  return reply.finish();
}

}  // namespace dns
