#include "forwarder/net/access_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace forwarder::net {
namespace {

using std::chrono::duration_cast;

constexpr char kHex[] = "0123456789abcdef";

constexpr std::uint64_t eight_of(std::uint8_t byte) { return 0x0101010101010101u * byte; }

// Not 0 where one of the eight bytes cannot stand between quotes or is above 127: nobody says in
// which charset those are (RFC 9110 §5.5).
constexpr std::uint64_t odd_ones(std::uint64_t eight) {
  constexpr auto kHigh = eight_of(0x80);
  const auto has_zero = [](std::uint64_t bytes) { return (bytes - eight_of(1)) & ~bytes; };
  const auto controls = (eight - eight_of(0x20)) & ~eight;
  const auto from_delete = eight | (eight + eight_of(1));
  const auto quotes = has_zero(eight ^ eight_of('"')) | has_zero(eight ^ eight_of('\\'));
  return (controls | from_delete | quotes) & kHigh;
}

bool is_odd(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\';
}

char* put_digits(char* to, std::uint64_t number, std::size_t count) {  // with leading zeros
  for (auto i = count; i > 0; --i, number /= 10) to[i - 1] = static_cast<char>('0' + number % 10);
  return to + count;
}

std::uint64_t milliseconds(base::Duration time) {
  return static_cast<std::uint64_t>(duration_cast<std::chrono::milliseconds>(time).count());
}

// RFC 3339 without the fraction, but with its point.
std::array<char, 20> text_of(std::chrono::sys_seconds second) {
  const auto days = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(second - days);
  std::array<char, 20> text;
  auto* at = put_digits(text.data(), static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  const auto two = [&at](char before, auto number) {
    *at++ = before;
    at = put_digits(at, static_cast<std::uint64_t>(number), 2);
  };
  two('-', static_cast<unsigned>(date.month()));
  two('-', static_cast<unsigned>(date.day()));
  two('T', clock.hours().count());
  two(':', clock.minutes().count());
  two(':', clock.seconds().count());
  *at = '.';
  return text;
}

}  // namespace

// Writes ahead where there is room.
class AccessLines::Pen {
 public:
  explicit Pen(char* at) : at_(at) {}
  char* at() const { return at_; }

  void put(char c) { *at_++ = c; }
  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number(std::uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  void digits(std::uint64_t number, std::size_t count) { at_ = put_digits(at_, number, count); }
  void ip(const base::IpAddress& ip) { at_ = ip.to_chars(at_); }
  void address(const base::SocketAddress& address) {
    const bool v4 = address.ip.is_v4();
    if (!v4) put('[');
    ip(address.ip);
    put(v4 ? ":" : "]:");
    number(address.port);
  }

  // `before` and two hexadecimal digits for each odd byte.
  void escaped(std::string_view text, std::string_view before) {
    std::uint64_t odd = 0, eight = 0;
    std::size_t i = 0;
    for (; i + sizeof eight <= text.size(); i += sizeof eight) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      std::memcpy(at_ + i, &eight, sizeof eight);
      odd |= odd_ones(eight);
    }
    eight = eight_of(' ');
    std::memcpy(&eight, text.data() + i, text.size() - i);
    std::memcpy(at_ + i, &eight, sizeof eight);
    odd |= odd_ones(eight);
    if (odd == 0) [[likely]]
      at_ += text.size();
    else
      escape_each(text, before);
  }

 private:
  void escape_each(std::string_view text, std::string_view before) {
    for (const char c : text) {
      if (!is_odd(c)) {
        put(c);
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      put(before);
      put(kHex[byte >> 4]);
      put(kHex[byte & 15]);
    }
  }

  char* at_;
};

void AccessLines::write_time(std::chrono::system_clock::time_point time, Pen& pen) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_ || second_text_.front() == 0) {
    second_ = second;
    second_text_ = text_of(second);
  }
  pen.put({second_text_.data(), second_text_.size()});
  pen.digits(milliseconds(time - second), 3);
  pen.put('Z');
}

void AccessLines::write_text(const AccessRecord& record,
                             std::chrono::system_clock::time_point began, Pen& pen) {
  const auto quoted = [&pen](std::string_view text) {
    pen.put(" \"");
    text.empty() ? pen.put('-') : pen.escaped(text, "\\x");
    pen.put('"');
  };
  const auto number = [&pen](std::uint64_t value) {
    pen.put(' ');
    pen.number(value);
  };
  pen.put('[');
  write_time(began, pen);
  pen.put("] \"");
  pen.escaped(record.method.empty() ? "-" : record.method, "\\x");
  pen.put(' ');
  pen.escaped(record.target.empty() ? "-" : record.target, "\\x");
  pen.put(record.minor_version == 0 ? " HTTP/1.0\"" : " HTTP/1.1\"");
  number(record.status);
  pen.put(' ');
  pen.put(record.flag.empty() ? "-" : record.flag);
  number(record.received);
  number(record.sent);
  number(milliseconds(record.ended - record.began));
  pen.put(" \"");
  pen.ip(record.client.ip);
  pen.put('"');
  quoted(record.user_agent);
  quoted(record.request_id);
  quoted(record.authority);
  pen.put(" \"");
  record.upstream.port == 0 ? pen.put('-') : pen.address(record.upstream);
  pen.put('"');
  quoted(record.reason);
  quoted(record.route);
  quoted(record.destination);
  number(record.attempts);
}

void AccessLines::write_json(const AccessRecord& record,
                             std::chrono::system_clock::time_point began, Pen& pen) {
  const auto key = [&pen](std::string_view name) {
    pen.put(",\"");
    pen.put(name);
    pen.put("\":");
  };
  const auto text = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    pen.put('"');
    pen.escaped(value, "\\u00");
    pen.put('"');
  };
  const auto number = [&](std::string_view name, std::uint64_t value) {
    key(name);
    pen.number(value);
  };
  const auto address = [&](std::string_view name, const base::SocketAddress& value) {
    if (value.port == 0) return;
    key(name);
    pen.put('"');
    pen.address(value);
    pen.put('"');
  };
  pen.put("{\"time\":\"");
  write_time(began, pen);
  pen.put('"');
  address("client", record.client);
  text("method", record.method);
  text("authority", record.authority);
  text("target", record.target);
  text("protocol", record.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
  number("status", record.status);
  text("flags", record.flag);
  text("reason", record.reason);
  number("received", record.received);
  number("sent", record.sent);
  number("microseconds",
         static_cast<std::uint64_t>(
             duration_cast<std::chrono::microseconds>(record.ended - record.began).count()));
  text("route", record.route);
  text("destination", record.destination);
  address("upstream", record.upstream);
  number("attempts", record.attempts);
  text("userAgent", record.user_agent);
  text("requestId", record.request_id);
  pen.put('}');
}

char* AccessLines::write(const AccessRecord& record, std::chrono::system_clock::time_point began,
                         char* to) {
  Pen pen(to);
  format_ == AccessFormat::json ? write_json(record, began, pen) : write_text(record, began, pen);
  pen.put('\n');
  return pen.at();
}

}  // namespace forwarder::net
