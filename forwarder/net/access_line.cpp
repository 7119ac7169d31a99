#include "forwarder/net/access_line.hpp"

#include <charconv>

namespace forwarder::net {
namespace {

using std::chrono::duration_cast;

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// With leading zeros.
void append_digits(std::string& out, std::uint64_t number, std::size_t count) {
  const auto at = out.size();
  out.append(count, '0');
  for (auto i = count; i > 0; --i, number /= 10)
    out[at + i - 1] = static_cast<char>('0' + number % 10);
}

// RFC 3339, UTC, milliseconds.
void append_time(std::string& out, std::chrono::system_clock::time_point time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - days));
  const auto two = [&](char before, auto number) {
    out += before;
    append_digits(out, static_cast<std::uint64_t>(number), 2);
  };
  append_digits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  two('-', static_cast<unsigned>(date.month()));
  two('-', static_cast<unsigned>(date.day()));
  two('T', clock.hours().count());
  two(':', clock.minutes().count());
  two(':', clock.seconds().count());
  out += '.';
  append_digits(out, static_cast<std::uint64_t>(clock.subseconds().count()), 3);
  out += 'Z';
}

constexpr char kHex[] = "0123456789abcdef";

// `before` and two hexadecimal digits for each byte that cannot stand between quotes, and for those
// above 127: nobody says in which charset they are (RFC 9110 §5.5).
void append_escaped(std::string& out, std::string_view text, std::string_view before) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  bool plain = true;
  for (const char c : text) plain &= is_plain(c);  // nearly always, and without a branch
  if (plain) {
    out += text;
    return;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      out += c;
    } else {
      out.append(before);
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

void append_address(std::string& out, const base::SocketAddress& address) {
  const bool v4 = address.ip.is_v4();
  out.append(v4 ? "" : "[").append(address.ip.to_string()).append(v4 ? ":" : "]:");
  append_number(out, address.port);
}

std::uint64_t milliseconds(base::Duration time) {
  return static_cast<std::uint64_t>(duration_cast<std::chrono::milliseconds>(time).count());
}

class TextLine {
 public:
  explicit TextLine(std::string& out) : out_(out) {}

  void quoted(std::string_view text) {
    out_ += " \"";
    append_escaped(out_, text.empty() ? "-" : text, "\\x");
    out_ += '"';
  }
  void quoted(const base::SocketAddress& address) {
    out_ += " \"";
    address.port == 0 ? void(out_ += '-') : append_address(out_, address);
    out_ += '"';
  }
  void number(std::uint64_t number) {
    out_ += ' ';
    append_number(out_, number);
  }

 private:
  std::string& out_;
};

void append_text(const AccessRecord& record, std::chrono::system_clock::time_point began,
                 std::string& out) {
  TextLine line(out);
  out += '[';
  append_time(out, began);
  out += "] \"";
  append_escaped(out, record.method.empty() ? "-" : record.method, "\\x");
  out += ' ';
  append_escaped(out, record.target.empty() ? "-" : record.target, "\\x");
  out += record.minor_version == 0 ? " HTTP/1.0\"" : " HTTP/1.1\"";
  line.number(record.status);
  out += ' ';
  out += record.flag.empty() ? "-" : record.flag;
  line.number(record.received);
  line.number(record.sent);
  line.number(milliseconds(record.ended - record.began));
  out.append(" \"").append(record.client.ip.to_string()).append("\"");
  line.quoted(record.user_agent);
  line.quoted(record.request_id);
  line.quoted(record.authority);
  line.quoted(record.upstream);
  line.quoted(record.reason);
  line.quoted(record.route);
  line.quoted(record.destination);
  line.number(record.attempts);
}

class JsonLine {
 public:
  explicit JsonLine(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    key(name);
    out_ += '"';
    append_escaped(out_, text, "\\u00");
    out_ += '"';
  }
  void address(std::string_view name, const base::SocketAddress& address) {
    if (address.port == 0) return;
    key(name) += '"';
    append_address(out_, address);
    out_ += '"';
  }
  void number(std::string_view name, std::uint64_t number) {
    key(name);
    append_number(out_, number);
  }
  std::string& key(std::string_view name) {
    out_ += out_.back() == '{' ? "\"" : ",\"";
    return out_.append(name).append("\":");
  }

 private:
  std::string& out_;
};

void append_json(const AccessRecord& record, std::chrono::system_clock::time_point began,
                 std::string& out) {
  out += '{';
  JsonLine line(out);
  line.key("time") += '"';
  append_time(out, began);
  out += '"';
  line.address("client", record.client);
  line.text("method", record.method);
  line.text("authority", record.authority);
  line.text("target", record.target);
  line.text("protocol", record.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
  line.number("status", record.status);
  line.text("flags", record.flag);
  line.text("reason", record.reason);
  line.number("received", record.received);
  line.number("sent", record.sent);
  line.number("microseconds",
              static_cast<std::uint64_t>(
                  duration_cast<std::chrono::microseconds>(record.ended - record.began).count()));
  line.text("route", record.route);
  line.text("destination", record.destination);
  line.address("upstream", record.upstream);
  line.number("attempts", record.attempts);
  line.text("userAgent", record.user_agent);
  line.text("requestId", record.request_id);
  out += '}';
}

}  // namespace

void append_line(const AccessRecord& record, std::chrono::system_clock::time_point began,
                 AccessFormat format, std::string& out) {
  format == AccessFormat::json ? append_json(record, began, out) : append_text(record, began, out);
  out += '\n';
}

}  // namespace forwarder::net
