#include "forwarder/http/field_facts.hpp"

#include <limits>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field.hpp"

namespace forwarder::http {
namespace {

constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

bool is_port(std::string_view text) {
  constexpr unsigned kMaxPort = 65535;
  if (text.size() > 5 || !all(text, kDigit)) return false;
  unsigned port = 0;
  for (const char digit : text) port = port * 10 + static_cast<unsigned>(digit - '0');
  return port <= kMaxPort;
}

bool is_bracketed_address(std::string_view text) {
  constexpr std::size_t kLongest = 45;  // an IPv4-mapped address written out
  if (text.size() < 2 || text.size() > kLongest) return false;
  bool colon = false;
  for (const char c : text) {
    const char folded = lower(c);
    if (c == ':')
      colon = true;
    else if (!is(c, kDigit) && c != '.' && !(folded >= 'a' && folded <= 'f'))
      return false;
  }
  return colon;
}

}  // namespace

bool is_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : text.find(':');
  const auto host = text.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  if (bracketed) {
    if (host_end == std::string_view::npos || !is_bracketed_address(host)) return false;
    text.remove_prefix(host_end + 1);
  } else {
    if (!all(host, kHostByte)) return false;
    text.remove_prefix(host.size());
  }
  return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
}

std::string_view FieldFacts::note(const Header& header, std::string_view raw) {
  switch (classify(header.name)) {
    case Field::host:
      return note_host(header.value);
    case Field::content_length:
      return note_length(raw);
    case Field::transfer_encoding:
      return note_encoding(raw);
    case Field::connection:
      return note_connection(header.value);
    case Field::upgrade:
      return note_upgrade(header.value), std::string_view{};
    case Field::expect:
      return note_expect(header.value), std::string_view{};
    case Field::te:
      return note_te(header.value), std::string_view{};
    default:
      return {};
  }
}

std::string_view FieldFacts::note_host(std::string_view value) {
  if (has_host_) return "more than one Host";
  if (!is_authority(value)) return "Host is not a host and port";
  has_host_ = true;
  host_ = value;
  return {};
}

std::string_view FieldFacts::note_length(std::string_view raw) {
  if (has_length_) return "more than one Content-Length";
  if (raw.find('\t') != std::string_view::npos) return "tab beside Content-Length";
  const auto digits = trimmed(raw);
  if (!all(digits, kDigit)) return "Content-Length is not a number";
  if (digits.size() > 1 && digits.front() == '0') return "Content-Length with leading zeros";
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length_ > (kMaxLength - digit) / 10) return "Content-Length overflows";
    length_ = length_ * 10 + digit;
  }
  has_length_ = true;
  return {};
}

std::string_view FieldFacts::note_encoding(std::string_view raw) {
  if (chunked_) return "more than one Transfer-Encoding";
  if (raw.find('\t') != std::string_view::npos) return "tab beside Transfer-Encoding";
  if (!equal_ignoring_case(trimmed(raw), "chunked")) return "Transfer-Encoding other than chunked";
  chunked_ = true;
  return {};
}

std::string_view FieldFacts::note_connection(std::string_view value) {
  for_each_element(value, [&](std::string_view option) {
    ++options_;
    close_ = close_ || equal_ignoring_case(option, "close");
    keep_alive_ = keep_alive_ || equal_ignoring_case(option, "keep-alive");
    upgrade_named_ = upgrade_named_ || equal_ignoring_case(option, "upgrade");
  });
  return options_ > kMaxConnectionOptions ? "too many Connection options" : std::string_view{};
}

void FieldFacts::note_upgrade(std::string_view value) {
  const auto protocol = value.substr(0, value.find('/'));
  upgrade_usable_ = !upgrade_seen_ && all(protocol, kToken) &&
                    value.find(',') == std::string_view::npos &&
                    !equal_ignoring_case(protocol, "h2c");
  upgrade_seen_ = true;
  protocol_ = value;
}

void FieldFacts::note_expect(std::string_view value) {
  if (equal_ignoring_case(value, "100-continue")) {
    expects_continue_ = true;
  } else {
    unknown_expectation_ = true;
  }
}

void FieldFacts::note_te(std::string_view value) {
  for_each_element(value, [&](std::string_view coding) {
    takes_trailers_ = takes_trailers_ || equal_ignoring_case(coding, "trailers");
  });
}

}  // namespace forwarder::http
