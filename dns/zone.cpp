#include "dns/zone.hpp"

#include "dns/record.hpp"

namespace dns {
namespace {

constexpr std::uint32_t kSoaRefresh = 3600, kSoaRetry = 600, kSoaExpire = 86400;

// Record data with names that end in a pointer to the apex wherever they lie below it.
class ApexData {
 public:
  explicit ApexData(const Apex& apex) : apex_(apex) { out_.pointers[out_.pointer_count++] = 0; }

  void name(const Name& name) {
    if (!name.is_within(apex_.name)) return data_.put(name.wire());
    data_.put(name.wire().first(name.wire().size() - apex_.name.wire().size()));
    out_.pointers[out_.pointer_count++] = place();
    data_.u16(0);
  }
  void u32(std::uint32_t value) { data_.u32(value); }
  // Of what comes next, in the record.
  std::uint16_t place() const {
    return static_cast<std::uint16_t>(kRecordData + data_.bytes().size());
  }
  ApexRecord finish(Type type) {
    out_.bytes = record(type, Class::in, apex_.ttl, data_.bytes());
    return std::move(out_);
  }

 private:
  const Apex& apex_;
  base::ByteWriter data_;
  ApexRecord out_;
};

}  // namespace

Zone make_zone(const Apex& apex) {
  Zone zone{.apex_length = static_cast<std::uint8_t>(apex.name.wire().size()),
            .ttl = apex.ttl,
            .negative_ttl = apex.negative_ttl};
  ApexData soa(apex), ns(apex);
  soa.name(apex.name_server);
  soa.name(apex.hostmaster);
  zone.serial_at = soa.place();
  for (const auto value : {0u, kSoaRefresh, kSoaRetry, kSoaExpire, apex.negative_ttl})
    soa.u32(value);
  ns.name(apex.name_server);
  zone.soa = soa.finish(Type::soa);
  zone.ns = ns.finish(Type::ns);
  for (const auto& ip : apex.addresses) zone.ns_glue += address_record(ip, apex.ttl);
  return zone;
}

std::optional<Name> hostmaster_name(const std::string& text, const Name& apex) {
  const auto at = text.find('@');
  if (at == std::string::npos && text.find('.') == std::string::npos) return apex.child(text);
  const auto domain = Name::parse(at == std::string::npos ? text : text.substr(at + 1));
  if (!domain.ok()) return std::nullopt;
  return at == std::string::npos ? *domain : domain->child(text.substr(0, at));
}

}  // namespace dns
