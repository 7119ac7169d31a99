#include "tests/unit/dns/reading.hpp"

#include <algorithm>

#include "base/address.hpp"

namespace reading {
namespace {

struct Cursor {
  const std::uint8_t* bytes;
  std::size_t size;
  std::size_t at = 0;
  bool ok = true;

  std::uint32_t number(std::size_t width) {
    std::uint32_t value = 0;
    if (size - at < width) return ok = false, at = size, 0;
    for (; width > 0; --width) value = value << 8 | bytes[at++];
    return value;
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }

  // A name with pointers, which must lead backwards.
  std::string name() {
    std::string text;
    std::size_t place = at, lowest = at, length = 1;
    bool jumped = false;
    while (ok) {
      if (place >= size) return ok = false, text;
      const std::size_t label = bytes[place];
      if (label == 0) break;
      if (label >= 0xc0) {
        if (place + 1 >= size) return ok = false, text;
        const std::size_t target = (label & 0x3f) << 8 | bytes[place + 1];
        if (!jumped) at = place + 2;
        jumped = true;
        if (target >= lowest) return ok = false, text;
        place = lowest = target;
        continue;
      }
      length += label + 1;
      if (label > 63 || place + 1 + label > size || length > 255) return ok = false, text;
      if (!text.empty()) text += '.';
      text.append(reinterpret_cast<const char*>(bytes + place + 1), label);
      place += label + 1;
    }
    if (!jumped) at = place + 1;
    return text.empty() ? "." : text;
  }
};

std::string address(const std::uint8_t* bytes, std::size_t size) {
  const auto ip = base::IpAddress::from_bytes({bytes, size});
  return ip.ok() ? ip->to_string() : "?";
}

std::string data_text(Cursor& in, std::uint16_t type, std::size_t length) {
  const std::size_t end = in.at + length;
  std::string text;
  if ((type == 1 && length == 4) || (type == 28 && length == 16)) {
    text = address(in.bytes + in.at, length);
    in.at = end;
  } else if (type == 2 || type == 12) {
    text = in.name();
  } else if (type == 6) {
    text = in.name() + " ";
    text += in.name();
    for (int i = 0; i < 5; ++i) text += " " + std::to_string(in.number(4));
  } else if (type == 33) {
    for (int i = 0; i < 3; ++i) text += std::to_string(in.u16()) + " ";
    text += in.name();
  } else if (type == 16 || type == 13) {
    while (in.ok && in.at < end) {
      const std::size_t size = in.number(1);
      if (size > end - in.at) return in.ok = false, text;
      if (!text.empty()) text += " ";
      text.append(reinterpret_cast<const char*>(in.bytes + in.at), size);
      in.at += size;
    }
  } else {
    in.at = end;
  }
  if (in.at != end) in.ok = false;
  return text;
}

void read_opt(Cursor& in, Answer& answer) {
  Answer::Opt opt;
  opt.size = in.u16();
  answer.rcode = static_cast<std::uint16_t>(answer.rcode | in.number(1) << 4);
  opt.version = static_cast<std::uint8_t>(in.number(1));
  opt.flags = in.u16();
  const std::size_t length = in.u16();
  if (length > in.size - in.at || answer.opt) {
    in.ok = false;
    return;
  }
  const std::size_t end = in.at + length;
  while (in.ok && in.at < end) {
    ++opt.options;
    const auto code = in.u16();
    const std::size_t size = in.u16();
    if (size > end - in.at) in.ok = false;
    if (!in.ok) return;
    if (code == 15 && size >= 2) {
      opt.ede = static_cast<std::uint16_t>(in.bytes[in.at] << 8 | in.bytes[in.at + 1]);
      opt.ede_text.assign(reinterpret_cast<const char*>(in.bytes + in.at + 2), size - 2);
    }
    if (code == 8) opt.client_subnet = Bytes(in.bytes + in.at, in.bytes + in.at + size);
    in.at += size;
  }
  answer.opt = opt;
}

void read_record(Cursor& in, Answer& answer, std::vector<Rr>& section) {
  Rr rr;
  rr.owner = in.name();
  rr.type = in.u16();
  if (rr.type == 41) {
    if (rr.owner != "." || &section != &answer.additional) in.ok = false;
    return read_opt(in, answer);
  }
  rr.class_ = in.u16();
  rr.ttl = in.number(4);
  const std::size_t length = in.u16();
  if (!in.ok || length > in.size - in.at) {
    in.ok = false;
    return;
  }
  rr.data = data_text(in, rr.type, length);
  section.push_back(std::move(rr));
}

void put(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

Bytes wire_name(std::string_view name) {
  Bytes out;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    out.push_back(static_cast<std::uint8_t>(dot));
    out.insert(out.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out.push_back(0);
  return out;
}

Bytes make(const Ask& ask) {
  Bytes out;
  for (const std::uint16_t value : {ask.id, ask.flags, std::uint16_t{1}, std::uint16_t{0},
                                    std::uint16_t{0}, static_cast<std::uint16_t>(ask.edns ? 1 : 0)})
    put(out, value);
  const auto name = wire_name(ask.name);
  out.insert(out.end(), name.begin(), name.end());
  put(out, ask.type);
  put(out, ask.class_);
  if (!ask.edns) return out;
  out.push_back(0);
  put(out, 41);
  put(out, ask.udp_size);
  out.push_back(0);
  out.push_back(ask.version);
  put(out, ask.edns_flags);
  put(out, static_cast<std::uint16_t>(ask.options.size()));
  out.insert(out.end(), ask.options.begin(), ask.options.end());
  return out;
}

Bytes from_hex(std::string_view hex) {
  Bytes out;
  std::string digits;
  for (const char c : hex)
    if (c != ' ') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return out;
}

std::vector<std::string> Answer::data(std::uint16_t type) const {
  std::vector<std::string> all;
  for (const auto& rr : answer)
    if (rr.type == type) all.push_back(rr.data);
  return all;
}

std::optional<Answer> read(const std::uint8_t* bytes, std::size_t size) {
  Cursor in{bytes, size};
  Answer answer;
  answer.id = in.u16();
  answer.flags = in.u16();
  answer.rcode = answer.flags & 0xf;
  std::uint16_t counts[4];
  for (auto& count : counts) count = in.u16();
  for (int i = 0; in.ok && i < counts[0]; ++i) {
    auto name = in.name();
    answer.questions.push_back(name + " " + std::to_string(in.u16()));
    in.u16();
  }
  for (int i = 0; in.ok && i < counts[1]; ++i) read_record(in, answer, answer.answer);
  for (int i = 0; in.ok && i < counts[2]; ++i) read_record(in, answer, answer.authority);
  for (int i = 0; in.ok && i < counts[3]; ++i) read_record(in, answer, answer.additional);
  if (!in.ok || in.at != size) return std::nullopt;
  return answer;
}

}  // namespace reading
