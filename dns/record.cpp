#include "dns/record.hpp"

namespace dns {

base::Bytes record(Type type, Class class_, std::uint32_t ttl, std::string_view data) {
  base::ByteWriter writer;
  writer.u16(kQuestionPointer);
  writer.u16(static_cast<std::uint16_t>(type));
  writer.u16(static_cast<std::uint16_t>(class_));
  writer.u32(ttl);
  writer.u16(static_cast<std::uint16_t>(data.size()));
  writer.put(base::as_span(data));
  return std::move(writer).take();
}

base::Bytes address_record(const base::IpAddress& ip, std::uint32_t ttl) {
  return record(ip.is_v4() ? Type::a : Type::aaaa, Class::in, ttl, base::as_text(ip.bytes()));
}

base::Bytes text_record(std::string_view text, Class class_, std::uint32_t ttl) {
  text = text.substr(0, 255);
  return record(Type::txt, class_, ttl,
                std::string(1, static_cast<char>(text.size())) + std::string(text));
}

base::Bytes error_option(Ede code, std::string_view text) {
  text = text.substr(0, kMaxErrorText);
  base::ByteWriter writer;
  writer.u16(option::kExtendedError);
  writer.u16(static_cast<std::uint16_t>(2 + text.size()));
  writer.u16(static_cast<std::uint16_t>(code));
  writer.put(base::as_span(text));
  return std::move(writer).take();
}

}  // namespace dns
